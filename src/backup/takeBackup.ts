import { InvariantError } from '../errors';
import { entryHash, type Entry } from '../entry/Entry';
import { chainFault } from '../storage/storeRules';
import type { BackupHead } from './BackupHead';
import { BackupWriter } from './BackupWriter';

/** A running node, as a backup sees it. */
export interface BackupSource {
  /** What is committed now, and of which cluster. */
  head(): Promise<BackupHead>;
  /** Committed entries from an index on: one at least, and not more than a bounded number of bytes. */
  read(from: number): Promise<readonly Entry[]>;
}

/** Told how many entries of how many are done. */
export type OnProgress = (done: number, total: number) => void;

/**
 * Copies a node's committed log to a file. What is committed when it begins never changes, so that the copy is
 * consistent while logs are added; those are not in it. Each entry's hash is checked on the way. When it fails, no file
 * is left. `onProgress` is told after each page how many entries of how many are copied.
 *
 * @throws BackupError TARGET_EXISTS, FILE_FAILED; what the source throws.
 */
export async function takeBackup(
  source: BackupSource,
  out: string,
  onProgress: OnProgress = () => undefined,
): Promise<BackupHead> {
  const writer = BackupWriter.create(out);
  try {
    const head = await source.head();
    writer.begin(head);
    await copyEntries(source, head, writer, onProgress);
    writer.finish();
    return head;
  } catch (error) {
    writer.abandon();
    throw error;
  }
}

async function copyEntries(
  source: BackupSource,
  head: BackupHead,
  writer: BackupWriter,
  onProgress: OnProgress,
): Promise<void> {
  let last: Entry | null = null;
  for (let index = 0; index < head.entries;) {
    const page = (await source.read(index + 1)).slice(0, head.entries - index);
    if (page.length === 0) throw new InvariantError(`the node gave no entry at position ${index + 1}`);
    for (const entry of page) {
      const fault = chainFault(entry, last);
      if (fault !== null) throw new InvariantError(`the node gave a wrong entry at ${index + 1}: ${fault}`);
      last = entry;
      index = entry.index;
    }
    writer.write(page);
    onProgress(index, head.entries);
  }
  if (last === null || entryHash(last).toString('hex') !== head.headHash)
    throw new InvariantError(`the node's entry ${head.entries} is not the one that it named`);
}
