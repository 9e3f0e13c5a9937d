/** Looks up a key: its latest log whole, and its logs a page at a time. */
import * as door from './Door.js';
import { field, part, say, shortKey, showEntry, showKeyLogs } from './show.js';
import { keyPageSentence, noneBefore, noneOfKey, timeOfDay, visible } from './words.js';

/** What is shown: of which key, what each page so far began before, and what the next would. */
let shown = {
  key: '',
  befores: /** @type {(number | null)[]} */ ([]),
  next: /** @type {number | null} */ (null),
};
/** Counts what was asked for: an answer that comes when another was asked for, or none, is not shown. */
let asked = 0;
/** Shows a log whole. @type {(index: number) => void} */
let whole = () => undefined;

/** Listens to the buttons. @param {(index: number) => void} showWhole */
export function listenForKeys(showWhole) {
  whole = showWhole;
  part('key-earlier').addEventListener('click', () => void turn([...shown.befores, shown.next]));
  part('key-later').addEventListener('click', () => void turn(shown.befores.slice(0, -1)));
  part('key-close').addEventListener('click', leave);
  part('key-section').addEventListener('keydown', ({ key }) => {
    if (key === 'Escape') leave();
  });
}

/** Forgets what is shown, and what was asked for. */
export function closeKey() {
  asked++;
  part('key-section').hidden = true;
  showEntry('key-entry', null);
  showKeyLogs([], whole);
  say('key-result', '');
}

function leave() {
  closeKey();
  field('key').focus();
}

/** Shows the latest logs of a key, or says why not. @param {string} key */
export async function lookUpKey(key) {
  closeKey();
  const mine = asked;
  const input = field('key');
  input.value = key;
  // A field drops the ends of lines: what it would look up is another key.
  if (input.value !== key) input.value = '';
  if (!door.canAskFor(key)) {
    failed('a browser cannot ask for this key: get and history of the command line can');
    return;
  }
  say('key-result', 'Looking…');
  try {
    const [page, floor] = await pageOf(key, null);
    if (mine !== asked) return;
    const [latest = null] = page.logs;
    if (latest === null) {
      say('key-result', noneOfKey(floor), 'bad');
      input.focus();
      return;
    }
    say('key-result', '');
    say('key-shown', `Logs of the key ${shortKey(key)}`);
    show(key, [null], page, floor);
    part('key-section').hidden = false;
    // Where the title is, the logs below it are seen too.
    part('key-section').scrollIntoView();
    part('key-shown').focus();
  } catch (thrown) {
    if (mine === asked) failed(reason(thrown));
  }
}

/** @param {string} why */
function failed(why) {
  say('key-result', `Not shown: ${why}.`, 'bad');
  field('key').focus();
}

/** Shows another page, or says why not and leaves the one that is shown. @param {(number | null)[]} befores */
async function turn(befores) {
  const { key } = shown;
  const mine = ++asked;
  say('key-note', 'Looking…', 'hint');
  try {
    const [page, floor] = await pageOf(key, befores.at(-1) ?? null);
    if (mine !== asked) return;
    if (page.logs.length > 0) show(key, befores, page, floor);
    else {
      say('key-note', noneBefore(floor), 'bad');
      button('key-earlier').disabled = true;
    }
    keepFocus();
  } catch (thrown) {
    if (mine === asked) say('key-note', `Not shown: ${reason(thrown)}.`, 'bad');
  }
}

/**
 * A page, and where nothing comes before it, the index of the last log that is forgotten.
 *
 * @param {string} key
 * @param {number | null} before
 * @returns {Promise<[import('./words.js').KeyPage, number]>}
 */
async function pageOf(key, before) {
  try {
    const page = await door.keyPage(key, before);
    return [page, page.next === null ? await door.floor(key) : 0];
  } catch (thrown) {
    if (thrown instanceof door.Refusal && thrown.floor > 0) return [{ logs: [], next: null }, thrown.floor];
    throw thrown;
  }
}

/** @param {string} key @param {(number | null)[]} befores @param {import('./words.js').KeyPage} page @param {number} floor */
function show(key, befores, page, floor) {
  shown = { key, befores, next: page.next };
  const isFirst = befores.length === 1;
  showEntry('key-entry', isFirst ? (page.logs[0] ?? null) : null);
  showKeyLogs(page.logs, whole);
  button('key-earlier').disabled = page.next === null;
  button('key-later').disabled = isFirst;
  say('key-note', `${keyPageSentence(page, floor)} Seen at ${timeOfDay(Date.now())}.`, 'hint');
}

/** A button that can do no more has the focus no more: then the other one gets it, or the title. */
function keepFocus() {
  const earlier = button('key-earlier');
  const later = button('key-later');
  const focused = document.activeElement;
  if (focused === null || (focused !== document.body && !focused.matches(':disabled'))) return;
  const other = [earlier, later].find(({ disabled }) => !disabled) ?? part('key-shown');
  other.focus();
}

/** @param {string} id */
function button(id) {
  return /** @type {HTMLButtonElement} */ (part(id));
}

/** @param {unknown} thrown */
function reason(thrown) {
  return thrown instanceof door.Refusal ? visible(thrown.message) : 'this node does not answer';
}
