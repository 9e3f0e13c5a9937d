import { once } from 'node:events';
import { chmodSync, lstatSync, mkdirSync, renameSync, rmdirSync, unlinkSync, type Stats } from 'node:fs';
import type { Server } from 'node:net';
import { join } from 'node:path';
import { StartError, toError } from '../../errors';
import { withSocketPath } from '../../storage/directory/socketPath';

/** The owner alone may enter the directory in which a socket is made, and connect to the socket. */
const DIRECTORY_MODE = 0o700;
const SOCKET_MODE = 0o600;
const OTHERS = 0o077;

/**
 * Has a server listen on a Unix socket in a directory that this process has locked. A socket is open to whom the umask
 * allows from the moment it is bound, so it is bound in a directory of its own that only the owner may enter, and moved
 * to its name when its mode is right. A socket that a dead process left is replaced; anything else in its place stays.
 *
 * @throws StartError STORE_FAILED when something else has the name, or the system refuses.
 */
export async function listenPrivately(server: Server, directory: string, name: string): Promise<void> {
  const path = join(directory, name);
  const folderName = `${name}.new`;
  const folder = join(directory, folderName);
  try {
    const there = look(path);
    if (there !== null && !there.isSocket()) throw inTheWay(path, there);
    clearLeftover(folder, name);
    mkdirSync(folder, { mode: DIRECTORY_MODE });
    try {
      await withSocketPath(directory, join(folderName, name), async (short) => {
        server.listen(short);
        await once(server, 'listening');
      });
      chmodSync(join(folder, name), SOCKET_MODE);
      renameSync(join(folder, name), path);
    } finally {
      clearLeftover(folder, name);
    }
  } catch (thrown) {
    server.close();
    if (thrown instanceof StartError) throw thrown;
    const cause = toError(thrown);
    throw new StartError(
      'STORE_FAILED',
      `cannot make ${path}, the socket for commands (${cause.message}): see that the directory can be written to`,
      { cause },
    );
  }
}

/** Removes a socket that is there, and nothing else. */
export function removeSocket(path: string): void {
  if (look(path)?.isSocket() === true) unlinkSync(path);
}

/** What a process that was killed while it made a socket left: a directory of this user's with that socket or nothing. */
function clearLeftover(folder: string, name: string): void {
  const there = look(folder);
  if (there === null) return;
  const own = there.uid === process.geteuid?.() && (there.mode & OTHERS) === 0;
  if (!there.isDirectory() || !own) throw inTheWay(folder, there);
  removeSocket(join(folder, name));
  try {
    rmdirSync(folder);
  } catch (cause) {
    throw inTheWay(folder, there, { cause });
  }
}

function look(path: string): Stats | null {
  return lstatSync(path, { throwIfNoEntry: false }) ?? null;
}

function inTheWay(path: string, there: Stats, options?: ErrorOptions): StartError {
  const kind = there.isDirectory() ? 'directory' : there.isSymbolicLink() ? 'symbolic link' : 'file';
  return new StartError(
    'STORE_FAILED',
    `${path} is a ${kind} in the place of the node's socket for commands: move it away, then start again`,
    options,
  );
}
