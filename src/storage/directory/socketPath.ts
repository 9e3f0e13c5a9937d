import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** Longest path of a Unix socket that every system takes, bytes (Linux 107, macOS 103). */
const SOCKET_PATH_BYTES_MAX = 100;

/**
 * Gives a path to a socket in a directory that is short enough for the system: when its own is too long, one through a
 * link to the directory, which is gone when `use` has ended.
 */
export async function withSocketPath<T>(
  directory: string,
  name: string,
  use: (path: string) => Promise<T>,
): Promise<T> {
  const path = join(directory, name);
  if (Buffer.byteLength(path) <= SOCKET_PATH_BYTES_MAX) return use(path);
  const folder = mkdtempSync(join(tmpdir(), 'lock-'));
  try {
    const link = join(folder, 'd');
    symlinkSync(resolve(directory), link);
    return await use(join(link, name));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
