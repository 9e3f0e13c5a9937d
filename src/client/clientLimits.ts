/** Every limit of the client, with its unit and its reason. */

/** How long a request is tried, over all nodes, unless its caller says otherwise, ms: a restart, or several elections. */
export const CLIENT_DEADLINE_MS = 60_000;

/**
 * A connection on which nothing comes for so long, ms, is given up. A node answers a push within 10 s, and tells a
 * follower that the connection is whole every 15 s at the latest.
 */
export const CLIENT_IDLE_MS = 20_000;

/** Pause before the next try, ms: random, up to the first, doubled with each fault, up to the second. */
export const CLIENT_PAUSE_MS = 50;
export const CLIENT_PAUSE_MS_MAX = 2_000;

/** Requests under way at once, unless `connect` is told otherwise; more wait. A quarter of what one node takes. */
export const CLIENT_UNDER_WAY_MAX = 64;

/** Calls that wait for their turn; one more is BUSY: its program does not await what it asks for. */
export const CLIENT_WAITING_MAX = 16_384;

/** What a node told of its log is good as the `since` of a push for so long, ms: 131,072 logs take 1.5 s at full speed. */
export const CLIENT_SINCE_MS = 1_000;

/** Characters of one answer, or of one line of it: a page of 1 MiB in which JSON escapes each character. */
export const CLIENT_ANSWER_LENGTH_MAX = 8 * 1024 * 1024;

/** The longest time that a timer takes, ms; what is longer has none. */
export const TIMER_MS_MAX = 2 ** 31 - 1;
