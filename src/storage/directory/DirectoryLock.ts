import { randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { StartError, toError } from '../../errors';
import { LOCK_RETRY_MS_MAX, LOCK_TRIES_MAX } from '../../limits';
import { withSocketPath } from './socketPath';

const LOCK_NAME = /^lock-(\d+)-[0-9a-f]{16}\.sock$/;

/**
 * Keeps a second process from a directory, for as long as this process lives: the kernel holds the lock, so that
 * kill -9 leaves none behind. Node has no flock; what it has is sockets.
 *
 * Every process listens on a Unix socket of its own name in the directory, and only then looks at the others': one
 * that can be connected to is a living process's, one that refuses is a dead one's and is removed. As names are never
 * used again, nothing that lives can be removed by mistake. Of two processes at once at least one sees the other
 * and steps back; when both do, each tries again after a random pause.
 */
export class DirectoryLock {
  private constructor(
    private readonly server: Server,
    private readonly path: string,
  ) {}

  /** @throws StartError DATA_LOCKED when a living process has the directory. */
  static async acquire(directory: string): Promise<DirectoryLock> {
    for (let tries = 1; ; tries += 1) {
      const lock = await DirectoryLock.announce(directory);
      try {
        const holder = await findHolder(directory, lock.path);
        if (holder === null) return lock;
        if (tries === LOCK_TRIES_MAX) throw locked(directory, holder);
      } catch (error) {
        lock.release();
        throw error;
      }
      lock.release();
      await pause(randomInt(LOCK_RETRY_MS_MAX));
    }
  }

  /** @throws StartError DATA_LOCKED as {@link acquire} does, without taking the lock. */
  static async check(directory: string): Promise<void> {
    for (let tries = 1; existsSync(directory); tries += 1) {
      const holder = await findHolder(directory, '');
      if (holder === null) return;
      if (tries === LOCK_TRIES_MAX) throw locked(directory, holder);
      await pause(randomInt(LOCK_RETRY_MS_MAX));
    }
  }

  /** Lets go. Calling it again does nothing. */
  release(): void {
    rmSync(this.path, { force: true });
    this.server.close();
  }

  /** Listens under another name first: before it listens, a socket looks like a dead process's. */
  private static async announce(directory: string): Promise<DirectoryLock> {
    const name = `lock-${process.pid}-${randomBytes(8).toString('hex')}.sock`;
    const path = join(directory, name);
    const server = createServer((socket) => socket.destroy());
    await withSocketPath(directory, `${name}.new`, async (short) => {
      server.listen(short);
      await once(server, 'listening');
    });
    // An accept that fails (no file descriptors left) costs a prober its answer, not this process its life.
    server.on('error', () => undefined);
    server.unref();
    renameSync(`${path}.new`, path);
    return new DirectoryLock(server, path);
  }
}

/** The pid of the process that has the directory, by what stands there; null when nothing does. */
export function lockHolder(directory: string): string | null {
  for (const name of readdirSync(directory)) {
    const pid = LOCK_NAME.exec(name)?.[1];
    if (pid !== undefined && isRunning(Number(pid))) return pid;
  }
  return null;
}

/** Whether there is such a process, be it another user's. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The pid of a living process that has announced itself in the directory; null when there is none but this lock's. */
async function findHolder(directory: string, own: string): Promise<string | null> {
  for (const name of readdirSync(directory)) {
    const pid = LOCK_NAME.exec(name)?.[1];
    const path = join(directory, name);
    if (pid === undefined || path === own) continue;
    if (await withSocketPath(directory, name, isListening)) return pid;
    rmSync(path, { force: true });
  }
  return null;
}

/** Whether a process listens on a socket. Any answer but the kernel's "nobody does" counts as yes, the safe side. */
async function isListening(path: string): Promise<boolean> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    return true;
  } catch (thrown) {
    const { code }: NodeJS.ErrnoException = toError(thrown);
    return code !== 'ECONNREFUSED' && code !== 'ENOENT';
  } finally {
    socket.destroy();
  }
}

function locked(directory: string, pid: string): StartError {
  return new StartError(
    'DATA_LOCKED',
    `the directory ${directory} is in use by another process (pid ${pid}): stop that one first, ` +
      'or give this node another INDEX or DATA_DIR',
  );
}
