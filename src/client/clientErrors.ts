/** The codes that a request can end with: those of every other way to the log. They never change meaning. */
const CODES = [
  'BAD_COMMAND',
  'BAD_ARGUMENT',
  'TOO_LARGE',
  'NOT_FOUND',
  'TRIMMED',
  'NO_LEADER',
  'BUSY',
  'NODE_UNREACHABLE',
  'UNKNOWN_OUTCOME',
  'STALE_NONCE',
  'NONCE_REUSED',
  'CONDITION_FAILED',
  'STORE_FULL',
  'HISTORIES_DIFFER',
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'INTERNAL',
] as const;

export type RequestErrorCode = (typeof CODES)[number];

/** Whether a text is one of them. */
export function isCode(text: unknown): text is RequestErrorCode {
  return CODES.some((code) => code === text);
}

/**
 * A request that was not done. UNKNOWN_OUTCOME, and STALE_NONCE of an append, say that it may have been; all others that
 * it was not. The message says what happened and what to do.
 */
export class RequestError extends Error {
  override readonly name: string = 'RequestError';
  constructor(
    readonly code: RequestErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** CONDITION_FAILED: the log did not end where the append wants it to; nothing was stored. */
export class ConditionFailedError extends RequestError {
  override readonly name = 'ConditionFailedError';
  /** @param lastIndex index of the last log when it was judged, 0 when there is none. */
  constructor(
    readonly lastIndex: number,
    message: string,
  ) {
    super('CONDITION_FAILED', message);
  }
}

/** TRIMMED: the log begins behind what was asked for, which is forgotten on every node. */
export class TrimmedError extends RequestError {
  override readonly name = 'TrimmedError';
  /** @param floor index of the last log that is forgotten: go on with the one behind it. */
  constructor(
    readonly floor: number,
    message: string,
  ) {
    super('TRIMMED', message);
  }
}

/** One try failed in a way that another may not. */
export class Fault extends Error {
  override readonly name = 'Fault';
  /** @param mayBeDone whether the node may have done, or may yet do, what it was asked for. */
  constructor(
    readonly error: RequestError,
    readonly mayBeDone: boolean,
  ) {
    super(error.message);
  }
}

/** What a caller gave is not what is allowed. */
export function badArgument(message: string): RequestError {
  return new RequestError('BAD_ARGUMENT', message);
}
