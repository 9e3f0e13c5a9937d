import { programFailure } from '../cli/shell/programFailure';
import { escapeControls } from '../escapeControls';

/** Tells an error in one line on stderr, and leaves its status for the end of the process. */
export function endWithError(thrown: unknown): void {
  const { code, message, status } = programFailure(thrown);
  process.stderr.write(`${escapeControls(`${code}: ${message}`)}\n`);
  process.exitCode = status;
}
