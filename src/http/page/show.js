/** What is seen of the cluster: text enters the page by textContent alone. */
import {
  behindWords,
  beginning,
  clockWords,
  counted,
  dayAndTime,
  number,
  timeOfDay,
  visible,
} from './words.js';
import { keptToken } from './Door.js';

/** Of a key and a value in the list, characters; the whole is looked up. */
const KEY_LENGTH_MAX = 80;
const VALUE_LENGTH_MAX = 200;
/** Of the value of a log that was looked up, characters: more makes a browser slow. */
const WHOLE_LENGTH_MAX = 2_000_000;
/** In the list: as many as a person reads. */
export const LOGS_SHOWN_MAX = 50;
/** In the line, two minutes at one a second. */
export const RATES_SHOWN_MAX = 120;

/** @param {string} id @returns {HTMLElement} */
export function part(id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no ${id}`);
  return found;
}

/** @param {string} id @returns {HTMLInputElement} */
export function field(id) {
  return /** @type {HTMLInputElement} */ (part(id));
}

/** Changes a text only where it is another: what did not change is not read out again. @param {string} id @param {string} text */
export function say(id, text, manner = '') {
  const place = part(id);
  if (place.textContent !== text) place.textContent = text;
  if (place.className !== manner) place.className = manner;
}

/**
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {string} text
 */
function made(name, text, manner = '') {
  const element = document.createElement(name);
  element.textContent = text;
  if (manner !== '') element.className = manner;
  return element;
}

/** The rows as they are shown: what did not change is not drawn again, under the hands of who selects or clicks. */
let rowsShown = '';

/** @param {readonly import('./words.js').Member[]} members @param {number} own the node that is asked */
export function showMembers(members, own) {
  const rows = JSON.stringify(members.map((member) => ({ ...member, clockOffset: clockCell(member, own) })));
  if (rows === rowsShown) return;
  rowsShown = rows;
  const focused = document.activeElement?.id ?? '';
  part('members').replaceChildren(
    ...members.map((member) => {
      const row = document.createElement('tr');
      row.append(nameCell(member, own), made('td', member.role), reachableCell(member));
      row.append(made('td', behindWords(member.behind)), made('td', clockCell(member, own)));
      return row;
    }),
  );
  // A row that was drawn anew keeps the focus of who went to its link.
  if (focused.startsWith('door-')) document.getElementById(focused)?.focus();
}

/** @param {import('./words.js').Member} member @param {number} own */
function clockCell({ node, clockOffset }, own) {
  return node === own ? 'this one' : clockWords(clockOffset);
}

/** @param {import('./words.js').Member} member @param {number} own */
function nameCell({ node, address, http }, own) {
  const cell = document.createElement('td');
  const name = `node ${node}`;
  if (node === own) cell.append(made('strong', name), made('small', 'this page'));
  else if (http === null || !/^https?:\/\//.test(http)) cell.append(name);
  else cell.append(doorLink(name, node, http));
  cell.append(made('small', visible(address.replace(/^tcp:\/\//, ''))));
  return cell;
}

/** The page of another node, which is of another origin: the token goes with a click, and stands in no link. @param {string} name @param {number} node @param {string} http */
function doorLink(name, node, http) {
  const link = made('a', name);
  link.id = `door-${node}`;
  link.href = `${http}/`;
  link.rel = 'noreferrer';
  link.addEventListener('click', () => {
    link.href = `${http}/#token=${keptToken() ?? ''}`;
    setTimeout(() => (link.href = `${http}/`));
  });
  return link;
}

/** @param {import('./words.js').Member} member */
function reachableCell({ reachable, reason }) {
  const cell = made('td', reachable ? 'yes' : 'no', reachable ? 'well' : 'bad');
  if (!reachable && reason !== undefined) cell.append(made('small', visible(reason)));
  return cell;
}

/** @param {readonly number[]} rates the latest last */
export function showRates(rates) {
  const most = Math.max(1, ...rates);
  const step = 300 / (RATES_SHOWN_MAX - 1);
  const left = 300 - step * (rates.length - 1);
  const points = rates.map(
    (rate, at) => `${(left + step * at).toFixed(1)},${(78 - (74 * rate) / most).toFixed(1)}`,
  );
  part('line').firstElementChild?.setAttribute('points', points.join(' '));
  say(
    'rate-range',
    `the last ${counted(rates.length, 'second')}; at most ${number(Math.round(most))}`,
    'hint',
  );
}

/** @typedef {{ whole: (index: number) => void, ofKey: (key: string) => void }} Wishes what a log's buttons ask for */

/**
 * Adds logs to the list, the latest on top.
 *
 * @param {readonly import('./words.js').Entry[]} entries in their order
 * @param {Wishes} wishes
 */
export function showLogs(entries, wishes) {
  const list = part('logs');
  for (const entry of entries.slice(-LOGS_SHOWN_MAX))
    list.prepend(logItem(entry, timeOfDay(entry.createdAt), keyButton(entry, wishes), wishes.whole));
  while (list.childElementCount > LOGS_SHOWN_MAX) list.lastElementChild?.remove();
}

/**
 * Shows a page of one key's logs.
 *
 * @param {readonly import('./words.js').Entry[]} entries the latest first
 * @param {(index: number) => void} whole
 */
export function showKeyLogs(entries, whole) {
  part('key-logs').replaceChildren(
    ...entries.map((entry) => logItem(entry, dayAndTime(entry.createdAt), null, whole)),
  );
}

/** A key as a row and a title have it. @param {string} key */
export function shortKey(key) {
  return visible(beginning(key, KEY_LENGTH_MAX)) + (key.length > KEY_LENGTH_MAX ? '…' : '');
}

/** @param {import('./words.js').Entry} entry @param {Wishes} wishes */
function keyButton({ log: { key } }, { ofKey }) {
  const button = made('button', shortKey(key), 'key');
  button.type = 'button';
  button.title = 'Look up this key';
  button.addEventListener('click', () => ofKey(key));
  return button;
}

/**
 * @param {import('./words.js').Entry} entry
 * @param {string} time
 * @param {HTMLElement | null} ofKey null where all are of one key
 * @param {(index: number) => void} whole
 */
function logItem({ index, log: { key, value } }, time, ofKey, whole) {
  const item = document.createElement('li');
  const isCut = (ofKey !== null && key.length > KEY_LENGTH_MAX) || value.value.length > VALUE_LENGTH_MAX;
  const mark = value.value.length > VALUE_LENGTH_MAX ? '…' : '';
  const shown = made('span', visible(beginning(value.value, VALUE_LENGTH_MAX)) + mark, 'value');
  if (isCut) {
    const button = made('button', `whole (${counted(value.value.length, 'character')})`, 'quiet');
    button.type = 'button';
    button.setAttribute('aria-label', `See log ${index} whole`);
    button.addEventListener('click', () => whole(index));
    shown.append(' ', button);
  }
  item.append(made('span', `#${index}`), made('span', time, 'at'), ...(ofKey === null ? [] : [ofKey]), shown);
  return item;
}

/** Shows a log whole. @param {'look-entry' | 'key-entry'} id @param {import('./words.js').Entry | null} entry null for none */
export function showEntry(id, entry) {
  const list = part(id);
  list.hidden = entry === null;
  list.replaceChildren();
  if (entry === null) return;
  const { index, term, hash, createdAt, log } = entry;
  const { value } = log.value;
  const rows = [
    ['index', String(index)],
    ['key', visible(log.key)],
    ['value', visible(beginning(value, WHOLE_LENGTH_MAX), true)],
    ['term', String(term)],
    ['createdAt', new Date(createdAt).toISOString()],
    ['nonce', String(log.value.nonce)],
    ['hash', hash],
  ];
  for (const [name = '', text = ''] of rows) {
    const shown = made('dd', text);
    // A long one scrolls: so it must be reached by the keyboard.
    if (name === 'value') shown.tabIndex = 0;
    list.append(made('dt', name), shown);
  }
}
