import { InvariantError, RequestError } from '../errors';
import { entryHash, type Entry, type LogPoint } from '../entry/Entry';
import { chainFault } from '../storage/storeRules';
import { lastIndexOf, type BackupHead } from './BackupHead';
import { BackupWriter } from './BackupWriter';

/** A running node, as a backup sees it. */
export interface BackupSource {
  /** What is committed now, and of which cluster. */
  head(): Promise<BackupHead>;
  /**
   * Committed entries from an index on: one at least, and not more than a bounded number of bytes.
   *
   * @throws RequestError TRIMMED when they are forgotten.
   */
  read(from: number): Promise<readonly Entry[]>;
}

/** Told how many entries of how many are done. */
export type OnProgress = (done: number, total: number) => void;

/**
 * Copies a node's committed log to a file. What is committed when it begins never changes, so that the copy is
 * consistent while logs are added; those are not in it. Each entry's hash is checked on the way. When it fails, no file
 * is left. `onProgress` is told after each page how many entries of how many are copied.
 *
 * @throws BackupError TARGET_EXISTS, FILE_FAILED; RequestError TRIMMED when the log is trimmed meanwhile, and what is not
 * copied yet is gone; what else the source throws.
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
  const { floor, entries } = head;
  const lastIndex = lastIndexOf(head);
  let last: LogPoint = floor;
  while (last.index < lastIndex) {
    const page = (await readPage(source, last.index + 1)).slice(0, lastIndex - last.index);
    if (page.length === 0) throw new InvariantError(`the node gave no entry at position ${last.index + 1}`);
    for (const entry of page) {
      const fault = chainFault(entry, last);
      if (fault !== null)
        throw new InvariantError(`the node gave a wrong entry at ${last.index + 1}: ${fault}`);
      last = entry;
    }
    writer.write(page);
    onProgress(last.index - floor.index, entries);
  }
  if (entryHash(last).toString('hex') !== head.headHash)
    throw new InvariantError(`the node's entry ${lastIndex} is not the one that it named`);
}

async function readPage(source: BackupSource, from: number): Promise<readonly Entry[]> {
  try {
    return await source.read(from);
  } catch (thrown) {
    if (!(thrown instanceof RequestError) || thrown.code !== 'TRIMMED') throw thrown;
    const message = `the log was trimmed while it was copied, and nothing is kept of the copy: take the backup again`;
    throw new RequestError('TRIMMED', message, { cause: thrown });
  }
}
