import { isAbsolute } from 'node:path';
import { StartError } from '../errors';

/**
 * To be called before a path that was given is used.
 *
 * @throws StartError BAD_CONFIG when it begins in the working directory and that is there no more.
 */
export function requireWorkingDirectory(path: string): void {
  if (isAbsolute(path)) return;
  try {
    process.cwd();
  } catch (cause) {
    throw new StartError(
      'BAD_CONFIG',
      `the working directory, from which "${path}" is to be found, is there no more: cd to another first`,
      { cause },
    );
  }
}
