/** Follows the node that served the page, and does what is asked for by its fields. */
import * as door from './Door.js';
import { closeKey, listenForKeys, lookUpKey } from './keyHistory.js';
import {
  field,
  LOGS_SHOWN_MAX,
  part,
  RATES_SHOWN_MAX,
  say,
  showEntry,
  showLogs,
  showMembers,
  showRates,
} from './show.js';
import {
  beginSentence,
  leaderSentence,
  number,
  problemSentence,
  rateWords,
  timeOfDay,
  visible,
} from './words.js';

/** How often the node is asked for its state, ms. */
const LOOK_EVERY_MS = 1000;
/** Pauses before a lost node is tried again, ms: doubled up to the most. */
const PAUSE_MS_MIN = 1000;
const PAUSE_MS_MAX = 15_000;
/** A page that is so many logs late skips to the last ones: nobody could read them. */
const SKIP_LOGS = 1000;
/** How often a push is sent again by itself. */
const PUSH_TRIES_MAX = 5;

/** Ends what follows with the token that was replaced. */
let session = new AbortController();
/** Of the state: the committed index, and when it was told. */
let committed = { index: 0, at: 0 };
/** @type {number[]} */
const rates = [];
/** Index of the next log to show; 0: not known yet. */
let next = 0;
let paused = false;
/** Ends the following, to begin at another place, or not. */
let following = new AbortController();
/** A push whose outcome is not known. @type {door.Push | null} */
let pending = null;

/** @param {number} ms */
function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Asks for a token. @param {string} why */
function askForToken(why) {
  session.abort();
  part('cluster').hidden = true;
  part('token-form').hidden = false;
  say('token-why', why);
  say('connection', 'not connected');
  field('token').focus();
}

function start() {
  session.abort();
  session = new AbortController();
  if (door.keptToken() === null) {
    askForToken('The page needs a token to read the log.');
    return;
  }
  part('token-form').hidden = true;
  closeKey();
  part('cluster').hidden = false;
  const { signal } = session;
  void look(signal);
  void followLogs(signal);
  void showAdding(signal);
}

/** Whether the token is refused: then no trying helps. @param {unknown} thrown */
function refused(thrown) {
  if (!(thrown instanceof door.Refusal) || ![401, 403].includes(thrown.status)) return false;
  askForToken(`${visible(thrown.message)}.`);
  return true;
}

/**
 * Does something again and again, and has said why it cannot.
 *
 * @param {AbortSignal} signal
 * @param {() => Promise<void>} once
 * @param {(why: string) => void} tell
 */
async function forever(signal, once, tell) {
  let wait = PAUSE_MS_MIN;
  while (!signal.aborted) {
    try {
      await once();
      wait = PAUSE_MS_MIN;
      await pause(LOOK_EVERY_MS);
    } catch (thrown) {
      if (signal.aborted || refused(thrown)) return;
      const why = thrown instanceof door.Refusal ? visible(thrown.message) : 'it does not answer';
      tell(why);
      await pause(wait);
      wait = Math.min(2 * wait, PAUSE_MS_MAX);
    }
  }
}

/** @param {AbortSignal} signal */
function look(signal) {
  committed = { index: 0, at: 0 };
  const once = async () => {
    if (document.hidden) return;
    const [info, members] = await Promise.all([door.info(), door.members()]);
    if (signal.aborted) return;
    document.title = `node ${info.node} – mokka-cluster`;
    say('connection', `connected to node ${info.node}`, 'well');
    say('leader', leaderSentence(info));
    const [sentence, isProblem] = problemSentence(info, members);
    say('problem', sentence, isProblem ? 'bad' : 'well');
    showMembers(members, info.node);
    say('logs-begin', beginSentence(info.floor), 'hint');
    showRate(info.committedIndex);
  };
  return forever(signal, once, (why) => {
    const at = committed.at === 0 ? '' : ` What is below is of ${timeOfDay(committed.at)}.`;
    say('connection', `Lost this node: ${why}. Trying again every few seconds.${at}`, 'bad');
  });
}

/** @param {number} index the committed one */
function showRate(index) {
  const now = Date.now();
  if (committed.at !== 0 && now > committed.at) {
    rates.push(Math.max(0, (1000 * (index - committed.index)) / (now - committed.at)));
    rates.splice(0, rates.length - RATES_SHOWN_MAX);
    say('rate', rateWords(rates.at(-1) ?? 0));
    showRates(rates);
  }
  committed = { index, at: now };
  if (next !== 0 && index - next > SKIP_LOGS && !paused) following.abort();
}

/** @param {AbortSignal} signal */
async function followLogs(signal) {
  next = 0;
  part('logs').replaceChildren();
  signal.addEventListener('abort', () => following.abort());
  const once = async () => {
    if (paused || document.hidden) return;
    const { committedIndex, floor } = await door.info();
    if (part('logs-note').className === 'bad') say('logs-note', '');
    // A cluster that began anew has fewer.
    if (next > committedIndex + 1) part('logs').replaceChildren();
    if (next === 0 || next > committedIndex + 1 || committedIndex - next > SKIP_LOGS) {
      const from = Math.max(floor + 1, committedIndex - LOGS_SHOWN_MAX + 1);
      if (next !== 0 && from > next)
        say('logs-note', 'More come than can be shown: some were left out.', 'hint');
      next = from;
    }
    following = new AbortController();
    const stopped = following.signal;
    try {
      await showComing(stopped);
    } catch (thrown) {
      if (stopped.aborted) return;
      if (!(thrown instanceof door.Refusal) || thrown.floor < next) throw thrown;
      // What comes before is forgotten.
      next = thrown.floor + 1;
    }
  };
  await forever(signal, once, (why) => say('logs-note', `No more logs come: ${why}.`, 'bad'));
}

/** Shows what comes, once a frame. @param {AbortSignal} signal */
async function showComing(signal) {
  /** @type {import('./words.js').Entry[]} */
  let coming = [];
  let drawn = true;
  const draw = () => {
    drawn = true;
    showLogs(coming, { whole, ofKey: (key) => void lookUpKey(key) });
    coming = [];
  };
  for await (const entry of door.follow(next, signal)) {
    if (signal.aborted) return;
    next = entry.index + 1;
    coming.push(entry);
    if (coming.length > LOGS_SHOWN_MAX) coming.shift();
    if (!drawn) continue;
    drawn = false;
    requestAnimationFrame(draw);
  }
}

/** @param {AbortSignal} signal */
async function showAdding(signal) {
  part('add-form').hidden = true;
  for (let wait = PAUSE_MS_MIN; !signal.aborted; wait = Math.min(2 * wait, PAUSE_MS_MAX)) {
    try {
      const may = await door.mayAppend();
      if (!signal.aborted) part('add-form').hidden = !may;
      return;
    } catch {
      await pause(wait);
    }
  }
}

async function add() {
  const key = field('add-key').value;
  const value = field('add-value').value;
  if (pending?.key !== key || pending.value !== value) pending = new door.Push(key, value);
  const push = pending;
  say('add-result', 'Adding…');
  for (let tries = 1, wait = PAUSE_MS_MIN; ; tries++, wait *= 2) {
    try {
      const { index } = await push.send();
      pending = null;
      say('add-result', `Added as #${number(index)}.`, 'well');
      field('add-value').value = '';
      field('add-key').select();
      field('add-key').focus();
      return;
    } catch (thrown) {
      const again = !(thrown instanceof door.Refusal) || [503, 504].includes(thrown.status);
      const why = thrown instanceof door.Refusal ? visible(thrown.message) : 'this node does not answer';
      if (!again) {
        pending = null;
        say('add-result', `Not added: ${why}.`, 'bad');
        return;
      }
      if (tries === PUSH_TRIES_MAX) {
        say('add-result', `Not known to be added: ${why}. Add again: it is stored once.`, 'bad');
        return;
      }
      say('add-result', `Trying again: ${why}.`, 'bad');
      await pause(wait);
    }
  }
}

/** @param {string} index */
async function lookUp(index) {
  field('look-index').value = index;
  say('look-result', 'Looking…');
  try {
    showEntry('look-entry', await door.entry(index));
    say('look-result', `Log #${index}:`);
    part('look-entry').focus();
  } catch (thrown) {
    showEntry('look-entry', null);
    const why = thrown instanceof door.Refusal ? visible(thrown.message) : 'this node does not answer';
    say('look-result', `Not shown: ${why}.`, 'bad');
  }
}

/** @param {number} index */
function whole(index) {
  void lookUp(String(index));
}

/** One submission at a time. @param {string} id @param {() => Promise<void> | void} submit */
function onSubmit(id, submit) {
  let busy = false;
  part(id).addEventListener('submit', async (event) => {
    event.preventDefault();
    if (busy) return;
    busy = true;
    try {
      await submit();
    } finally {
      busy = false;
    }
  });
}

onSubmit('token-form', () => {
  door.keepToken(field('token').value);
  field('token').value = '';
  if (door.keptToken() === null) say('token-why', 'That is no token: it has letters, digits, - and _ only.');
  else start();
});
onSubmit('add-form', add);
onSubmit('look-form', () => lookUp(field('look-index').value));
onSubmit('key-form', () => lookUpKey(field('key').value));
listenForKeys(whole);
part('pause').addEventListener('click', () => {
  paused = !paused;
  part('pause').setAttribute('aria-pressed', String(paused));
  say('logs-note', paused ? 'Paused: those that come are not shown.' : '', 'hint');
  if (paused) following.abort();
});
document.addEventListener('visibilitychange', () => {
  // A browser has six connections to a node: a tab that nobody sees keeps none.
  if (document.hidden) following.abort();
});
addEventListener('hashchange', () => {
  if (door.takeTokenFromAddress()) start();
});
door.takeTokenFromAddress();
start();
