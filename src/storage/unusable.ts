import { BackupError, InvariantError, StartError, toError } from '../errors';

/** What to do about an error of the system, after what it says; null for those that say it themselves. */
const ADVICE: Readonly<Record<string, string>> = {
  EACCES: 'this user may not do that: run it as the user whose data these are, or name another directory',
  EPERM: 'this user may not do that: run it as the user whose data these are, or name another directory',
  EROFS: 'the file system is read-only: mount it for writing, or name another directory',
  ENOSPC: 'the file system is full: make room, then start again',
  EDQUOT: 'the quota is used up: make room, then start again',
  EEXIST:
    'something else has that name, such as a link that leads nowhere: remove it, or name another directory',
  ENOENT: 'nothing can be made there: name another directory',
  ENOTDIR: 'that is no directory: name another directory',
  EMFILE: 'this process may open too few files: raise that limit (ulimit -n), then start again',
  ENFILE: 'this machine has too many files open: close some, then start again',
};

const ADVICE_ELSE =
  'see that this user may write there and that the disk works and has space, then start again';

/**
 * An error as STORE_FAILED that goes on from `what` ("cannot open the store in …") and says what to do; an
 * error of this program as it is.
 */
export function asStoreFailed(thrown: unknown, what: string): Error {
  for (const own of [StartError, BackupError, InvariantError]) if (thrown instanceof own) return thrown;
  const error: NodeJS.ErrnoException = toError(thrown);
  const advice = ADVICE[error.code ?? ''] ?? ADVICE_ELSE;
  return new StartError('STORE_FAILED', `${what}: ${error.message}; ${advice}`, { cause: error });
}
