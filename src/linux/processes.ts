/**
 * What Linux tells of processes in /proc. Other systems have no such files: then all of this is null, and whoever asks
 * does without.
 */
import { existsSync, readFileSync } from 'node:fs';

/** A file of a process, such as `status`; null where it cannot be read. Bytes stand as Latin-1. */
export function processFile(pid: number | 'self', name: string): string | null {
  return readOr(pid, name, () => null);
}

/** The variables that a process was started with, as `NAME=value`. */
export function environmentOf(pid: number): readonly string[] | null {
  return processFile(pid, 'environ')?.split('\0') ?? null;
}

/** The bytes of this process's own command line. */
export function ownCommandLine(): Buffer | null {
  const text = processFile('self', 'cmdline');
  return text === null ? null : Buffer.from(text, 'latin1');
}

/** The parent of a process; 0 when that process has ended, null also where a node is out of file descriptors. */
export function parentOf(pid: number): number | null {
  if (pid === process.pid) return process.ppid;
  const stat = readOr(pid, 'stat', (code) => (code === 'ENOENT' || code === 'ESRCH' ? 'ended' : null));
  if (stat === null) return null;
  if (stat === 'ended') return existsSync('/proc/self') ? 0 : null;
  // The name before it may hold anything: "pid (name) state ppid …".
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}

function readOr<T>(
  pid: number | 'self',
  name: string,
  otherwise: (code: string | undefined) => T,
): string | T {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'latin1');
  } catch (error) {
    return otherwise((error as NodeJS.ErrnoException).code);
  }
}
