import { resolve } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { StartError } from '../../errors';
import { VERIFY_STEP_BYTES } from '../../limits';
import { entryHash, EntryKind, GENESIS, type Entry, type LogPoint } from '../../entry/Entry';
import { archivedFiles, filesOfCluster, type ArchivedFile } from '../archive/archivedFiles';
import { ArchivedSegment } from '../archive/ArchivedSegment';
import { joinedLog } from '../archive/joinedLog';
import type { LogSource } from '../archive/LogSource';
import { DirectoryDisk } from '../directory/DirectoryDisk';
import { readStoreOwner } from '../directory/MarkerFile';
import { KEEP_FORGOTTEN } from '../segments/ForgottenSegments';
import { segmentName } from '../segments/Segment';
import { SEGMENTS_FOLDER } from '../segments/Segments';
import { asStoreFailed } from '../unusable';
import { DurableLogStore } from './DurableLogStore';
import { StoreSource } from './StoreSource';

/** What a whole log holds. */
export interface VerifiedStore {
  /** What the first entry follows on: all up to it is trimmed, or in no archive that was named. */
  readonly floor: Pick<LogPoint, 'index' | 'logNumber'>;
  /** How many entries there are behind the floor, the empty ones of leaders too. */
  readonly entries: number;
  /** How many of them are logs. */
  readonly logs: number;
  /** The last entry's hash, which covers all before it; zeros when there is none. */
  readonly headHash: string;
  /** Bytes of the entries that were read. */
  readonly bytes: number;
  /** How many files of archives there are, and the number of the last log in them; null where none were to be checked. */
  readonly archived: { readonly files: number; readonly lastLog: number } | null;
}

/** How far a check is: how many entries of how many are read, and their bytes. */
export interface VerifyProgress {
  readonly read: number;
  readonly entries: number;
  readonly bytes: number;
}

/**
 * Checks every entry of a stopped node's store, from the first that is not trimmed to the last, and what the store says of
 * them. With archives, from the first entry in those on; of archives alone, to the last one in those.
 *
 * @param directories the node's data directory, and archives; in any order
 * @throws StartError DATA_LOCKED (its node runs), DATA_DAMAGED (names the first bad entry, or what is missing), DATA_FOREIGN
 * (another version's, or an archive of other clusters), STORE_FAILED (there is no store, or it cannot be opened, for which it
 * must be writable).
 */
export async function verifyStore(
  directories: readonly string[],
  onProgress: (progress: VerifyProgress) => void,
): Promise<VerifiedStore> {
  const all = directories.map((directory) => resolve(directory));
  try {
    const owned = all.filter((directory) => readStoreOwner(new DirectoryDisk(directory)) !== null);
    const [directory, second] = owned;
    if (second !== undefined)
      throw new StartError(
        'STORE_FAILED',
        `${owned.join(' and ')} are both data directories: name one of them`,
      );
    const archives = all.filter((archive) => archive !== directory);
    if (directory === undefined) return await walk(sourcesIn(archives, null), null, onProgress);
    return await verifyDirectory(directory, archives, onProgress);
  } catch (error) {
    throw asStoreFailed(
      error,
      `cannot check ${all.join(', ')}; a data directory needs to be locked and written to`,
    );
  }
}

async function verifyDirectory(
  directory: string,
  archives: readonly string[],
  onProgress: (progress: VerifyProgress) => void,
): Promise<VerifiedStore> {
  const owner = readStoreOwner(new DirectoryDisk(directory));
  if (owner === null) throw new StartError('STORE_FAILED', `${directory} holds no node's data`);
  const store = await DurableLogStore.open({ directory, ...owner, archive: KEEP_FORGOTTEN });
  try {
    return await walk(sourcesIn(archives, store), store, onProgress);
  } finally {
    store.close();
  }
}

/** The segments in archives, and what of a store waits to be archived; none where no archive was named. */
function sourcesIn(archives: readonly string[], store: DurableLogStore | null): ArchivedSegment[] {
  const files = archives.flatMap((archive) => filesOfCluster(archive, store));
  if (files.length > 0 && store !== null) files.push(...waitingFiles(store));
  return files.map((file) => new ArchivedSegment(file));
}

function waitingFiles({ place, firstHeld }: DurableLogStore): ArchivedFile[] {
  return archivedFiles(`${place}/${SEGMENTS_FOLDER}`).filter(({ name }) => name < segmentName(firstHeld));
}

/** Reads every entry, which checks it, and what its source has besides. */
async function walk(
  archived: readonly LogSource[],
  store: DurableLogStore | null,
  onProgress: (progress: VerifyProgress) => void,
): Promise<VerifiedStore> {
  const archivedTo = Math.max(0, ...archived.map(({ last }) => last));
  const firstHeld = archived.length === 0 ? (store?.floor.index ?? 0) + 1 : store?.firstHeld;
  const sources = [...archived];
  if (store !== null && firstHeld !== undefined) sources.push(new StoreSource(store, firstHeld));
  const begin = Math.min(...sources.map(({ first }) => first)) - 1;
  const start =
    [GENESIS, ...(store === null ? [] : [store.floor])].find(({ index }) => index === begin) ?? null;
  const end = Math.max(...sources.map(({ last }) => last));
  let floor: VerifiedStore['floor'] | null = start;
  let last: LogPoint | null = start;
  let [bytes, stepBytes, lastLog] = [0, 0, 0];
  for (const entry of joinedLog(sources, start)) {
    floor ??= { index: begin, logNumber: logNumberBefore(entry) };
    last = entry;
    if (entry.index === archivedTo) lastLog = entry.logNumber;
    bytes += entry.bytes.length;
    stepBytes += entry.bytes.length;
    if (stepBytes < VERIFY_STEP_BYTES && entry.index < end) continue;
    stepBytes = 0;
    onProgress({ read: entry.index - begin, entries: end - begin, bytes });
    await nextTurn();
  }
  const { index, logNumber } = floor ?? GENESIS;
  return {
    floor: { index, logNumber },
    entries: (last ?? GENESIS).index - index,
    logs: (last ?? GENESIS).logNumber - logNumber,
    headHash: entryHash(last ?? GENESIS).toString('hex'),
    bytes,
    archived: archived.length === 0 ? null : { files: archived.length, lastLog },
  };
}

function logNumberBefore({ kind, logNumber }: Entry): number {
  return logNumber - (kind === EntryKind.Log ? 1 : 0);
}
