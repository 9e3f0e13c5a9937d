/**
 * Every error that a caller can meet, each with a stable `code`.
 *
 * Three kinds, never mixed: a caller's mistake or a refused request ({@link RequestError}), a start or an
 * environment that cannot work ({@link StartError}, with the exit status it ends the process with), and a
 * broken invariant ({@link InvariantError}), after which the process must stop rather than go on with wrong data.
 */
import { isNativeError } from 'node:util/types';

/** The codes that a request can be answered with. They never change meaning; the README lists them. */
export type RequestErrorCode =
  | 'BAD_COMMAND'
  | 'BAD_ARGUMENT'
  | 'TOO_LARGE'
  | 'NOT_FOUND'
  | 'TRIMMED'
  | 'NO_LEADER'
  | 'BUSY'
  | 'NODE_UNREACHABLE'
  | 'UNKNOWN_OUTCOME'
  | 'STALE_NONCE'
  | 'NONCE_REUSED'
  | 'CONDITION_FAILED'
  | 'STORE_FULL'
  | 'HISTORIES_DIFFER'
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'INTERNAL';

/**
 * A request that was not done. NO_LEADER (none was there), BUSY (too much is asked at once), STORE_FULL (no quorum has room
 * on its disk) and NODE_UNREACHABLE (the node does not run) promise that nothing was or will be committed; UNKNOWN_OUTCOME
 * says that it may have been. The message says what happened and what to do.
 */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  constructor(
    readonly code: RequestErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** CONDITION_FAILED: the log did not end where the push wants it to; nothing was stored. */
export class ConditionFailedError extends RequestError {
  /** @param lastIndex index of the last log when it was judged, 0 when there is none. */
  constructor(
    readonly lastIndex: number,
    message: string,
  ) {
    super('CONDITION_FAILED', message);
  }
}

/** TRIMMED: the log is forgotten up to some index, and what was asked for stands there. */
export class TrimmedError extends RequestError {
  /** @param floor index of the last log that is forgotten. */
  constructor(
    readonly floor: number,
    message = `the log was trimmed: it begins with ${floor + 1} on every node; what came before is in backups and archives only`,
  ) {
    super('TRIMMED', message);
  }
}

/** What a program is told of an error beside its code and message: `lastIndex` or `floor`, where it has one. */
export function errorNumbers(error: Error): { readonly lastIndex?: number; readonly floor?: number } {
  if (error instanceof ConditionFailedError) return { lastIndex: error.lastIndex };
  return error instanceof TrimmedError ? { floor: error.floor } : {};
}

/** The codes of a start that cannot work, or of a process that must end. */
export type StartErrorCode =
  | 'BAD_CONFIG'
  | 'BAD_KEY'
  | 'PORT_TAKEN'
  | 'CANNOT_LISTEN'
  | 'DATA_LOCKED'
  | 'DATA_DAMAGED'
  | 'DATA_FOREIGN'
  | 'STORE_FAILED';

/** The process cannot start or go on: status 2 for what its user configured, 1 for its environment. */
export class StartError extends Error {
  override readonly name = 'StartError';
  readonly exitStatus: 1 | 2;
  constructor(
    readonly code: StartErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.exitStatus = code === 'BAD_CONFIG' || code === 'BAD_KEY' ? 2 : 1;
  }
}

/** The codes of `npm run backup` and `npm run restore` that concern their files. */
export type BackupErrorCode =
  'TARGET_EXISTS' | 'BACKUP_DAMAGED' | 'BACKUP_FOREIGN' | 'SAME_CLUSTER' | 'FILE_FAILED';

const BACKUP_EXIT_STATUS = {
  TARGET_EXISTS: 7,
  BACKUP_DAMAGED: 8,
  BACKUP_FOREIGN: 9,
  SAME_CLUSTER: 10,
  FILE_FAILED: 11,
} as const satisfies Record<BackupErrorCode, number>;

/** A backup was not made or not restored, each code with its own exit status; 1 to 6 mean what they mean elsewhere. */
export class BackupError extends Error {
  override readonly name = 'BackupError';
  readonly exitStatus: number;
  constructor(
    readonly code: BackupErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.exitStatus = BACKUP_EXIT_STATUS[code];
  }
}

/** Something from the network that breaks the protocol. The connection it came on is to be closed. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
  readonly code = 'PROTOCOL';
}

/** A rule of the algorithm does not hold: a bug. Whoever meets it stops the node. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError';
  readonly code = 'INVARIANT';
}

/** Asserts a rule of the algorithm, on in production. `describe` gives the values that break it. */
export function invariant(holds: boolean, describe: () => string): asserts holds {
  if (!holds) throw new InvariantError(`invariant broken: ${describe()}`);
}

/** An unknown thrown value as an Error, for `cause` and for logs. Errors of another realm (jest's tests run in one) count. */
export function toError(thrown: unknown): Error {
  return isNativeError(thrown) ? thrown : new Error(String(thrown));
}
