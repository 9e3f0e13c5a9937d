import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmdirSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { StartedProgram } from '../../StartedProgram';
import { until } from './until';

const ATTACHED_WITHIN_MS = 20_000;

/** Why strace cannot be used here; null when it can. */
export function whyNoTrace(): string | null {
  if (process.getuid?.() !== 0) return 'strace needs root to attach to a node';
  return spawnSync('strace', ['-V']).status === 0 ? null : 'strace is not installed';
}

/** Why a small file system cannot be mounted here; null when it can. */
export function whyNoMount(): string | null {
  if (process.getuid?.() !== 0) return 'mounting needs root';
  const directory = mkdtempSync(path.join(tmpdir(), 'mokka-mount-'));
  const mounted = mountSmall(directory, 1);
  if (mounted) unmount(directory);
  rmdirSync(directory);
  return mounted ? null : 'a tmpfs cannot be mounted';
}

/** Tests of `it`, or, where there is a reason against them, skipped with that reason printed. */
export function unless(reason: string | null): jest.It {
  if (reason !== null) process.stdout.write(`skipped: ${reason}\n`);
  return reason === null ? test : test.skip;
}

/** Mounts an empty file system of so many MiB on a directory, which is made when it does not exist. */
export function mountSmall(directory: string, megabytes: number): boolean {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  return (
    spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=700`, 'tmpfs', directory]).status === 0
  );
}

/** Unmounts it, also while a process has files open there. */
export function unmount(directory: string): void {
  spawnSync('umount', ['-l', directory]);
}

/** Writes a file until its file system has no byte left. */
export function fillUp(file: string): void {
  const descriptor = openSync(file, 'w');
  try {
    for (let size = 65_536; size >= 512;)
      try {
        writeSync(descriptor, Buffer.alloc(size));
      } catch {
        size /= 2;
      }
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Injects into a process's system calls what strace's `inject` names, until the returned function is called; resolves
 * once it does.
 */
export async function injectInto(pid: number, injection: string): Promise<() => void> {
  const command = ['strace', '-f', '-o', '/dev/null', '-p', String(pid), '-e', `inject=${injection}`];
  const tracer = new StartedProgram(command);
  const hasAttached = (): true | undefined => (/ attached/.test(tracer.stderr) ? true : undefined);
  await until(ATTACHED_WITHIN_MS, 'strace has attached', hasAttached);
  return () => tracer.child.kill('SIGTERM');
}
