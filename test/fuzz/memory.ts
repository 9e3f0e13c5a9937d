import { fileOf } from '../linuxProcesses';

/**
 * Resident memory of a process, bytes, less the files that it has mapped: how much of its database is in the kernel's
 * cache is no cost of its own.
 */
export function residentBytes(pid: number): number {
  const [, kilobytes] = /^RssAnon:\s+(\d+) kB$/m.exec(fileOf(pid, 'status')) ?? [];
  if (kilobytes === undefined) throw new Error(`the process ${pid} has no resident memory`);
  return Number(kilobytes) * 1024;
}
