/** What tests look up of processes: on Linux alone. */
import { readdirSync } from 'node:fs';
import { processFile } from '../src/linux/processes';

const TICK_MS = 10;

/** CPU time that a process has used, ms. */
export function cpuMs(pid: number): number {
  const fields = fileOf(pid, 'stat').split(') ')[1]?.split(' ') ?? [];
  return TICK_MS * (Number(fields[11]) + Number(fields[12]));
}

/** How many files a process has open. */
export function openFiles(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/** The first child of a process; null when it has none. */
export function childOf(pid: number): number | null {
  const [child] = fileOf(pid, `task/${pid}/children`).trim().split(' ');
  return child === undefined || child === '' ? null : Number(child);
}

/** Whether the process is there, and no mere entry that its parent has not read yet. */
export function isAlive(pid: number): boolean {
  const stat = processFile(pid, 'stat');
  return stat !== null && !/\) Z /.test(stat);
}

/** The command lines of all processes. */
export function commandLines(): string[] {
  // A process may have ended meanwhile.
  return readdirSync('/proc').flatMap((pid) =>
    /^\d+$/.test(pid) ? (processFile(Number(pid), 'cmdline') ?? []) : [],
  );
}

/** A file of a process. @throws Error when there is none. */
export function fileOf(pid: number, name: string): string {
  const text = processFile(pid, name);
  if (text === null) throw new Error(`the process ${pid} has no ${name}: it has ended, or this is not Linux`);
  return text;
}
