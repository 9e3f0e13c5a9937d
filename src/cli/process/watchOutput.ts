import { BackupError } from '../../errors';

/**
 * Ends the process when what it says cannot be written: in silence where its reader has gone, as head does, else with
 * FILE_FAILED, so that a full disk is no success. For a program that says something and ends; not for a node.
 */
export function watchOutput({ stdout, stderr } = process): void {
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit();
    const { code, message, exitStatus } = new BackupError(
      'FILE_FAILED',
      `stdout cannot be written to (${error.message}); what was asked for may be done all the same`,
    );
    stderr.write(`${code}: ${message}\n`);
    process.exit(exitStatus);
  });
  // Words that nobody can read change nothing of the outcome.
  stderr.on('error', () => undefined);
}
