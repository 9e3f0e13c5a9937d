/**
 * Every limit of the product, with its unit and its reason. Relations between them are checked by a test.
 */

const KiB = 1024;
const MiB = 1024 * KiB;

/** Members of a cluster. Mokka tries every combination of a quorum's keys: 180 ms at seven, 3 s at eleven (HAZARDS, mokka 11). */
export const MEMBERS_MAX = 7;

/** A log's key, bytes of UTF-8. */
export const KEY_BYTES_MAX = KiB;

/** A log's value, bytes of UTF-8: an entry must fit a frame, and a frame must not hold up heartbeats for long. */
export const VALUE_BYTES_MAX = MiB;

/** One line of input, bytes: the largest command (value, key, words) with room for what makes it TOO_LARGE by name. */
export const LINE_BYTES_MAX = 2 * MiB;

/** Commands of one prompt or pipe that wait for their answers at once. More input is not read until some are answered. */
export const COMMANDS_IN_FLIGHT_MAX = 256;

/** Bytes of entries in one append message: large enough to amortise a sync, small enough to send in a few ms. */
export const APPEND_BYTES_MAX = MiB;

/** Entries in one append message, so that many tiny entries do not hold the follower's event loop. */
export const APPEND_ENTRIES_MAX = 4096;

/** Append messages to one follower that may be unanswered: keeps the link busy over one round trip and one sync. */
export const APPENDS_IN_FLIGHT_MAX = 8;

/** Bytes of entries to one follower that may be unanswered: what a frozen follower can cost the leader. */
export const APPEND_BYTES_IN_FLIGHT_MAX = 4 * MiB;

/** Bytes of pushes that wait in the leader's next batch; over it pushes are refused as NO_LEADER and retried. */
export const PROPOSE_BYTES_MAX = 64 * MiB;

/** Bytes of pushes in one message from a follower to the leader, and of answers in one message back. */
export const FORWARD_BYTES_MAX = MiB;

/** Recent entries kept in memory, bytes, so that followers close behind are served without the disk. */
export const RECENT_BYTES_MAX = 16 * MiB;

/** Entries whose (session, nonce) is remembered: bounds memory and start-up time (Raft dissertation, 6.3). */
export const REMEMBERED_PUSHES_MAX = 131_072;

/** One frame between nodes, bytes: the largest message (an append whose one entry is of the largest size) and its framing. */
export const FRAME_BYTES_MAX = 4 * MiB;
