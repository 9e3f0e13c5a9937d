/** The node that served the page, asked by HTTP. */

/** An answer is waited for so long, ms: longer than a node's own ways take, so that its words are heard. */
const ANSWER_MS_MAX = 15_000;
/** A follower is told at least every 10 s that the connection is whole; without that for so long, ms, it is dead. */
const SILENCE_MS_MAX = 25_000;
/** Of a key's logs in a page: as many as the list has. */
const KEY_LOGS_MAX = 50;
const TOKEN_KEY = 'mokka-cluster token';
const TOKEN = /^[\w.~+/-]+=*$/;

/** An answer that is no success, in the node's own words. */
export class Refusal extends Error {
  /** @param {number} status @param {string} message @param {string} code @param {unknown} [floor] */
  constructor(status, message, code, floor) {
    super(message);
    this.status = status;
    this.code = code;
    /** Of TRIMMED: index of the last log that is forgotten; else 0. */
    this.floor = typeof floor === 'number' ? floor : 0;
  }
}

/** Takes the token from the address, where it must not stay; returns whether there was one. */
export function takeTokenFromAddress() {
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  if (token === null) return false;
  history.replaceState(null, '', location.pathname + location.search);
  keepToken(token);
  return true;
}

/** Keeps a token until the tab is closed. @param {string} token */
export function keepToken(token) {
  sessionStorage.setItem(TOKEN_KEY, token.trim());
}

/** The token; null where there is none that could be sent. */
export function keptToken() {
  const token = sessionStorage.getItem(TOKEN_KEY);
  return token !== null && TOKEN.test(token) ? token : null;
}

/** What a push may give as its since: of the last answer. @type {string | null} */
let since = null;

/**
 * Asks, and returns the answer where it is a success.
 *
 * @param {string} path
 * @param {RequestInit} [options]
 * @throws Refusal; TypeError or DOMException where no answer comes
 */
async function ask(path, options = {}) {
  const headers = new Headers(options.headers);
  headers.set('Authorization', `Bearer ${keptToken() ?? ''}`);
  const answer = await fetch(path, { ...options, headers, cache: 'no-store', credentials: 'omit' });
  since = answer.headers.get('Mokka-Since') ?? since;
  if (answer.ok) return answer;
  const { detail = answer.statusText, code = '', floor } = await answer.json().catch(() => ({}));
  throw new Refusal(answer.status, String(detail), String(code), floor);
}

/** @param {string} path @param {RequestInit} [options] */
async function askJson(path, options) {
  return (await ask(path, { signal: AbortSignal.timeout(ANSWER_MS_MAX), ...options })).json();
}

/** @returns {Promise<import('./words.js').Info>} */
export function info() {
  return askJson('/v1/info');
}

/** @returns {Promise<import('./words.js').Member[]>} */
export async function members() {
  return (await askJson('/v1/status')).members;
}

/** @param {string} index @returns {Promise<import('./words.js').Entry>} */
export function entry(index) {
  return askJson(`/v1/log/${encodeURIComponent(index)}`);
}

/** Whether a key can be asked for: `.` and `..` in a path are folders to a browser. @param {string} key */
export function canAskFor(key) {
  return key !== '.' && key !== '..' && !/\p{Surrogate}/u.test(key);
}

/**
 * A page of a key's logs, the latest first: the last ones, or those before an index.
 *
 * @param {string} key
 * @param {number | null} before
 * @returns {Promise<import('./words.js').KeyPage>}
 */
export function keyPage(key, before) {
  const range = before === null ? '' : `&before=${before}`;
  return askJson(`/v1/keys/${encodeURIComponent(key)}/log?limit=${KEY_LOGS_MAX}${range}`);
}

/** Index of the last log that is forgotten; 0 for none: told to who asks for what came before the first. @param {string} key */
export async function floor(key) {
  try {
    await keyPage(key, 1);
    return 0;
  } catch (thrown) {
    if (thrown instanceof Refusal && thrown.floor > 0) return thrown.floor;
    throw thrown;
  }
}

/** Whether the token may append: asked by an NDJSON request without a line, which stores nothing. */
export async function mayAppend() {
  try {
    const headers = { 'Content-Type': 'application/x-ndjson' };
    const signal = AbortSignal.timeout(ANSWER_MS_MAX);
    await (await ask('/v1/log', { method: 'POST', headers, body: '\n', signal })).text();
    return true;
  } catch (thrown) {
    if (thrown instanceof Refusal && thrown.status === 403) return false;
    throw thrown;
  }
}

/** One push, which may be sent again and again, and is stored once. */
export class Push {
  /** @param {string} key @param {string} value */
  constructor(key, value) {
    this.key = key;
    this.value = value;
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    this.name = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
    this.since = since;
  }

  /** @returns {Promise<import('./words.js').Entry>} */
  send() {
    return askJson('/v1/log', {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        'Idempotency-Key': this.name,
        ...(this.since === null ? {} : { 'Mokka-Since': this.since }),
      },
      body: JSON.stringify({ key: this.key, value: this.value }),
    });
  }
}

/**
 * The logs from an index on, and those that come. Ends when the node ends it.
 *
 * @param {number} from
 * @param {AbortSignal} signal
 * @returns {AsyncGenerator<import('./words.js').Entry>}
 */
export async function* follow(from, signal) {
  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(), SILENCE_MS_MAX);
  const either = new AbortController();
  const end = () => either.abort();
  signal.addEventListener('abort', end);
  silence.signal.addEventListener('abort', end);
  try {
    if (signal.aborted) return;
    const { body } = await ask(`/v1/log?from=${from}&follow=ndjson`, { signal: either.signal });
    if (body === null) return;
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = '';
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), SILENCE_MS_MAX);
      const lines = (rest + value).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (line === '') continue;
        const told = JSON.parse(line);
        if (told.error !== undefined)
          throw new Refusal(503, told.error.message, told.error.code, told.error.floor);
        yield told;
      }
    }
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', end);
    either.abort();
  }
}
