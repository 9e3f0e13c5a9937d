import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { processFile } from '../../../src/linux/processes';
import { RESERVE_NAME } from '../../../src/storage/room/ReserveFile';
import { rounded } from '../report/percentiles';

const KIB_PER_MB = 1000_000 / 1024;
const BLOCK_BYTES = 512;

/** Memory of a process, MB (10^6 bytes). */
export interface Memory {
  /** All that is resident, as ps shows it. */
  readonly rss_mb: number | null;
  /** The part of it that is pages of files (of Node.js itself, mostly), which the system takes back when it needs them. */
  readonly file_pages_mb: number | null;
}

/** The memory of a running process; null for what this system does not tell. */
export function memoryOf(pid: number | undefined): Memory {
  const status = processFile(pid ?? 0, 'status');
  if (status !== null) return { rss_mb: fieldMb(status, 'VmRSS'), file_pages_mb: fieldMb(status, 'RssFile') };
  const { stdout } = spawnSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'latin1' });
  const kib = Number.parseInt(stdout, 10);
  return { rss_mb: Number.isNaN(kib) ? null : rounded(kib / KIB_PER_MB, 1), file_pages_mb: null };
}

/** Bytes that a directory's files take on the disk, but for a node's reserve. */
export function diskBytes(directory: string): number {
  let bytes = 0;
  for (const file of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, file.name);
    if (file.isDirectory()) bytes += diskBytes(path);
    else if (file.isFile() && file.name !== RESERVE_NAME) bytes += statSync(path).blocks * BLOCK_BYTES;
  }
  return bytes;
}

function fieldMb(status: string, name: string): number | null {
  const kib = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1];
  return kib === undefined ? null : rounded(Number(kib) / KIB_PER_MB, 1);
}
