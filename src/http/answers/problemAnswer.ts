import { errorNumbers, RequestError, toError, type RequestErrorCode } from '../../errors';
import { RETRY_AFTER_S } from '../../httpLimits';
import type { JsonText } from './JsonText';

/** Of each code its status, what happened, and what to do. */
const ROWS: Readonly<Record<RequestErrorCode, readonly [number, string, string]>> = {
  BAD_COMMAND: [404, 'There is no such path or method', '/openapi.json lists them'],
  BAD_ARGUMENT: [400, 'Something of the request is missing or malformed', 'the detail says what is allowed'],
  UNAUTHENTICATED: [401, 'A token is needed', 'send one as Authorization: Bearer TOKEN'],
  FORBIDDEN: [403, 'This may not be asked for so', 'the detail says what is missing'],
  NOT_FOUND: [404, 'A quorum confirmed that there is no such log', 'GET /v1/info has the last index'],
  TRIMMED: [
    410,
    'The log begins later: this was forgotten on every node',
    'go on behind floor; backups and archives may hold what came before',
  ],
  STALE_NONCE: [
    409,
    'This push is too old to know its outcome; it was not appended again',
    'look for it in the log; do not try it again',
  ],
  CONDITION_FAILED: [
    412,
    'The last log, or the key’s, is another; nothing was stored',
    'read what was added since, and decide anew',
  ],
  TOO_LARGE: [
    413,
    'A key over 1 KiB, a value over 1 MiB, or a body or line over 2 MiB; nothing was stored',
    'split it into several logs',
  ],
  NONCE_REUSED: [
    422,
    'This session and nonce, or Idempotency-Key, named another log before; nothing was stored',
    'give each log its own',
  ],
  INTERNAL: [500, 'A bug', 'report it, with the log of the node'],
  NO_LEADER: [503, 'There is no leader; nothing was stored', 'try again, here or at another node'],
  BUSY: [503, 'Too much is asked at once; nothing was stored', 'try again, here or at another node'],
  NODE_UNREACHABLE: [503, 'This node has stopped, or is about to', 'try again at another node'],
  HISTORIES_DIFFER: [
    503,
    'The members that are needed hold other logs for committed; nothing was stored or told',
    'GET /v1/info says what to do',
  ],
  STORE_FULL: [
    507,
    'No quorum of the nodes has room on its disk for more logs; nothing was stored',
    'trim the log, or make room on the disks; GET /v1/info says which are full',
  ],
  UNKNOWN_OUTCOME: [
    504,
    'No answer came in time: the log may have been stored, or may be yet',
    'try again with the same session and nonce, or Idempotency-Key, and the same Mokka-Since: it is stored once',
  ],
};

/** A body of application/problem+json (RFC 9457). */
export interface Problem {
  /** Names the code: stable, leads nowhere. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly advice: string;
  /** Of CONDITION_FAILED: index of the last log, or of the key's. */
  readonly lastIndex?: number;
  /** Of TRIMMED: index of the last log that is forgotten; the log begins behind it. */
  readonly floor?: number;
}

/** An answer that is whole in memory. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | JsonText;
}

/** What the caller may know of an error; what is no RequestError is INTERNAL, and its message is for the node's log. */
export function problemOf(thrown: unknown): Problem {
  const error =
    thrown instanceof RequestError
      ? thrown
      : new RequestError('INTERNAL', 'the request failed by a fault of the node: see its log', {
          cause: toError(thrown),
        });
  const [status, title, advice] = ROWS[error.code];
  return {
    type: `urn:mokka-cluster:problem:${error.code}`,
    title,
    status: error instanceof StatusError ? error.status : status,
    detail: error.message,
    code: error.code,
    advice,
    ...errorNumbers(error),
  };
}

/** An error whose HTTP status is not that of its code. */
export class StatusError extends RequestError {
  constructor(
    readonly status: number,
    code: RequestErrorCode,
    message: string,
    /** More headers of its answer. */
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(code, message);
  }
}

/** The answer that tells an error. */
export function problemAnswer(thrown: unknown): Answer {
  const problem = problemOf(thrown);
  return {
    status: problem.status,
    headers: {
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      ...(problem.status === 503 ? { 'retry-after': String(RETRY_AFTER_S) } : {}),
      ...(thrown instanceof StatusError ? thrown.headers : {}),
    },
    body: JSON.stringify(problem),
  };
}
