import { statusOfCode } from '../cli/shell/oneShot';
import { InvariantError, RequestError, StartError, toError } from '../errors';
import { escapeControls } from '../escapeControls';

/** Tells an error in one line on stderr, and leaves its status for the end of the process. */
export function endWithError(thrown: unknown): void {
  const error = toError(thrown);
  const known =
    error instanceof StartError || error instanceof RequestError || error instanceof InvariantError;
  const code = known ? error.code : 'INTERNAL';
  process.stderr.write(`${escapeControls(`${code}: ${error.message}`)}\n`);
  process.exitCode = error instanceof StartError ? error.exitStatus : statusOfCode(code);
}
