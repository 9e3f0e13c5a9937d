/** What the page says, as text. Knows nothing of the browser. */

/** What does not show, or turns or hides what stands around it: as src/escapeControls.ts has it. */
const UNSEEN = /(?![\ufe0e\ufe0f])[\p{Cc}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\ufff9-\ufffb]/gu;
const UNSEEN_ON_LINES =
  /(?![\ufe0e\ufe0f\n\t])[\p{Cc}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\ufff9-\ufffb]/gu;

/** @typedef {{ node: number, leader: number | null, currentTerm: number, committedIndex: number, floor: number, problem: string | null }} Info */
/** @typedef {{ node: number, address: string, role: string, reachable: boolean, reason?: string, behind: number | null, clockOffset: number | null, http: string | null }} Member */
/** @typedef {{ index: number, term: number, hash: string, createdAt: number, log: { key: string, value: { value: string, nonce: number } } }} Entry */

/** @typedef {{ logs: Entry[], next: number | null }} KeyPage */

/**
 * Text of which all is seen: on one line, or with its own lines.
 *
 * @param {string} text
 */
export function visible(text, withLines = false) {
  return text.replace(withLines ? UNSEEN_ON_LINES : UNSEEN, (character) => {
    const code = character.codePointAt(0) ?? 0;
    const hex = code.toString(16);
    if (code < 0x100) return `\\x${hex.padStart(2, '0')}`;
    return code < 0x10000 ? `\\u${hex.padStart(4, '0')}` : `\\u{${hex}}`;
  });
}

/**
 * The beginning of a text, not ending within a character.
 *
 * @param {string} text
 * @param {number} length
 */
export function beginning(text, length) {
  if (text.length <= length) return text;
  return text.slice(0, length).replace(/[\ud800-\udbff]$/, '');
}

/** @param {number} count */
export function number(count) {
  return count.toLocaleString('en');
}

/** @param {number} count @param {string} one */
export function counted(count, one) {
  return `${number(count)} ${count === 1 ? one : `${one}s`}`;
}

/** Time of day, to the second. @param {number} ms since 1970 */
export function timeOfDay(ms) {
  return new Date(ms).toLocaleTimeString('en-GB');
}

/** The day and the time of it, to the second. @param {number} ms since 1970 */
export function dayAndTime(ms) {
  return new Date(ms).toLocaleString('sv');
}

/** @param {Info} info */
export function leaderSentence({ leader, currentTerm }) {
  return leader === null ? `No leader, term ${currentTerm}` : `Node ${leader} leads, term ${currentTerm}`;
}

/**
 * What is wrong, and whether something is. A member that is away is told even while the others can do without it.
 *
 * @param {Info} info
 * @param {readonly Member[]} members
 * @returns {[string, boolean]}
 */
export function problemSentence({ problem }, members) {
  if (problem !== null) return [`Problem: ${visible(problem)}`, true];
  const away = members.filter(({ reachable }) => !reachable).map(({ node }) => `node ${node}`);
  if (away.length === 0) return ['No problem.', false];
  return [`Logs can be added, though this node does not reach ${away.join(' and ')}.`, true];
}

/** Where the log begins, '' where that is no news. @param {number} floor index of the last log that is forgotten; 0 for none */
export function beginSentence(floor) {
  if (floor === 0) return '';
  return `The log begins with #${number(floor + 1)}. What came before was trimmed.`;
}

/** Why there is nothing of a key. @param {number} floor as of beginSentence */
export function noneOfKey(floor) {
  if (floor === 0) return 'There is no log of this key.';
  return `There is no log of this key from #${number(floor + 1)} on. What came before was trimmed.`;
}

/** Why no earlier page of a key comes. @param {number} floor as of beginSentence */
export function noneBefore(floor) {
  if (floor === 0) return 'There is none before.';
  return `What came before #${number(floor + 1)} was trimmed.`;
}

/**
 * Which of a key's logs a page has, and what comes before them.
 *
 * @param {KeyPage} page
 * @param {number} floor as of beginSentence
 */
export function keyPageSentence({ logs, next }, floor) {
  const [latest, earliest] = [logs.at(0), logs.at(-1)].map((entry) => `#${number(entry?.index ?? 0)}`);
  const range =
    logs.length < 2 ? `1 log, ${latest}` : `${counted(logs.length, 'log')}, ${latest} to ${earliest}`;
  // Whether there is one before a full page is known when that is asked for.
  if (next !== null) return `${range}.`;
  return `${range}. ${noneBefore(floor)}`;
}

/** How far a member is behind. @param {number | null} behind */
export function behindWords(behind) {
  if (behind === null) return 'unknown';
  return behind === 0 ? 'up to date' : counted(behind, 'log');
}

/** A clock beside this node's. @param {number | null} offset ms */
export function clockWords(offset) {
  if (offset === null) return 'unknown';
  if (Math.abs(offset) < 1) return 'the same';
  const size = Math.abs(offset);
  const words = size < 1000 ? `${number(Math.round(size))} ms` : `${number(Math.round(size / 100) / 10)} s`;
  return `${words} ${offset > 0 ? 'ahead' : 'behind'}`;
}

/** @param {number} rate */
export function rateWords(rate) {
  return number(rate < 10 ? Math.round(rate * 10) / 10 : Math.round(rate));
}
