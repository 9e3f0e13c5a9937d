/** Every limit of HTTP, with its unit and its reason. What one push, page or follower may have is in `src/limits.ts`. */

const KiB = 1024;
const MiB = 1024 * KiB;

/**
 * Requests that are worked on at once; one more is BUSY. As many as a prompt has commands under way. Those that need no
 * token have as many places of their own: probes are answered whatever programs do, and strangers keep out no program.
 */
export const HTTP_REQUESTS_MAX = 256;

/**
 * Requests that one connection has sent and that wait for their answers, which have to be in order; one more closes it.
 * Else one that reads nothing could have all places.
 */
export const HTTP_PIPELINED_MAX = 32;

/** One body of JSON, or one line of NDJSON, bytes: the largest log with room for what JSON escapes in it. */
export const HTTP_BODY_BYTES_MAX = 2 * MiB;

/** Lines of one NDJSON request that wait for their answers at once, as with a pipe. More are not read until some are answered. */
export const NDJSON_LINES_MAX = 256;

/**
 * Bytes of bodies, answers and what is followed that are under way over all connections together, as many as each really
 * takes. What finds no room waits for it, and is BUSY after a while.
 */
export const HTTP_BYTES_MAX = 12 * MiB;

/** What each request may hold beside that, bytes: small ones go on at full speed, whatever others hold. */
export const HTTP_BYTES_OWN = 64 * KiB;

/** How long a request waits for room for its bytes, ms: less than a client's patience. */
export const HTTP_ROOM_MS_MAX = 10_000;

/** Logs on one page where no limit is asked for. */
export const HTTP_PAGE_DEFAULT = 100;

/** The longest long poll, s: below the minute after which proxies give up on an answer. */
export const HTTP_WAIT_S_MAX = 50;

/** How often a follower is told that the connection is whole, ms: well below what proxies wait for. */
export const FOLLOW_COMMENT_MS = 10_000;

/**
 * With so many such looks in a row at which the node knows no leader, what it tells a follower ends: an election takes a
 * fraction of the time between two, and another node may know more.
 */
export const FOLLOW_LOOKS_WITHOUT_LEADER_MAX = 2;

/** A follower that reads nothing for so long, ms, has its page taken away; it is read again when it goes on. */
export const FOLLOW_STALL_MS = 1000;

/** A connection on which nothing moves for so long, ms, is closed; it holds a place. */
export const HTTP_IDLE_MS = 60_000;

/** How long the head of a request may take from its first byte, or from connecting, ms. */
export const HTTP_HEAD_MS = 10_000;

/** How often connections are looked at for that, ms. */
export const HTTP_LOOK_MS = 2000;

/** Bytes of a request's head: a token, an Idempotency-Key and what browsers add have room many times over. */
export const HTTP_HEAD_BYTES_MAX = 16 * KiB;

/**
 * Logs whose JSON is kept for all who follow: a page of them. And how long it may be, characters, and their entries, bytes:
 * a few MiB in all. The JSON of a longer log is made as bytes, when it is sent.
 */
export const LOG_TEXTS_MAX = 512;
export const LOG_TEXT_LENGTH_MAX = 4096;

/** Connections at once; one more closes the one that has been idle for longest. A thousand idle ones cost some 20 MB. */
export const HTTP_CONNECTIONS_MAX = 1100;

/** Over TLS one costs several times as much. */
export const HTTPS_CONNECTIONS_MAX = 320;

/** Connections in their TLS handshake, which cost as much and need no token; one more closes the oldest. As at the port for members. */
export const HTTPS_HANDSHAKES_MAX = 64;

/** What a client is to wait before it tries a refused request again, s. */
export const RETRY_AFTER_S = 1;

/** A node that is so many entries behind its cluster, or more, is not ready: fewer take a fraction of a second. */
export const READY_BEHIND_ENTRIES = 10_000;

/** How long a probe waits for the node, ms: less than the second or so that supervisors wait. */
export const PROBE_MS_MAX = 1500;

/** An Idempotency-Key, characters: a UUID many times over. */
export const IDEMPOTENCY_KEY_LENGTH_MAX = 255;

/** Characters of an Authorization that is remembered for a connection's next request: a token of ours, and many others. */
export const AUTHORIZATION_KEPT_LENGTH_MAX = 256;

/** How often the files of tokens and certificates are looked at, ms: a token that is made or removed counts at once for a person. */
export const TOKENS_LOOK_MS = 1000;

/** Tokens in one file: each request compares with all of them. */
export const TOKENS_MAX = 256;

/** How long a browser may remember what other origins may do, s. */
export const CORS_MAX_AGE_S = 600;

/** How long `mokka-cluster health` waits for its node, ms: longer than the node's own look, and what supervisors allow. */
export const HEALTH_MS_MAX = 3000;

/** Characters of what it answers: some hundreds, and a problem in words. */
export const HEALTH_LENGTH_MAX = 64 * KiB;
