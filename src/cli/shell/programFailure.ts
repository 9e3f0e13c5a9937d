import { escapeControls } from '../../escapeControls';
import { BackupError, InvariantError, RequestError, StartError, toError } from '../../errors';
import { NodeUnreachableError } from '../client/NodeClient';
import { statusOfCode } from '../commands/errorHelp';

/** How a program that was ended by an error tells of it: INTERNAL for one without a code of ours. */
export interface ProgramFailure {
  readonly code: string;
  readonly message: string;
  /** What it ends with. */
  readonly status: number;
}

export function programFailure(thrown: unknown): ProgramFailure {
  const error = toError(thrown);
  const { message } = error;
  if (error instanceof BackupError || error instanceof StartError)
    return { code: error.code, message, status: error.exitStatus };
  const known =
    error instanceof RequestError || error instanceof NodeUnreachableError || error instanceof InvariantError;
  const code = known ? error.code : 'INTERNAL';
  return { code, message, status: statusOfCode(code) };
}

/** Tells an error in one line on stderr, and leaves its status for the end of the process. */
export function endWithError(thrown: unknown): void {
  const { code, message, status } = programFailure(thrown);
  process.stderr.write(`${escapeControls(`${code}: ${message}`)}\n`);
  process.exitCode = status;
}
