import { basename, join } from 'node:path';
import { invariant } from '../../errors';
import { MalformedEntryError, parseEntry, type Entry, type LogPoint } from '../../entry/Entry';
import { countLeading } from '../countLeading';
import { KeyHash } from '../keys/KeyHash';
import { RecentKeys } from '../keys/RecentKeys';
import { damagedSegment } from './damagedSegment';
import { EntryBlock } from './EntryBlock';
import { ForgottenSegments, type SegmentArchive } from './ForgottenSegments';
import type { LogPart } from '../LogStore';
import type { StoreDisk, StoreFile } from '../StoreDisk';
import { SEGMENT_FILES_OPEN_MAX, type StoreLimits } from '../StoreLimits';
import { Segment, segmentName } from './Segment';
import { SegmentClosing } from './SegmentClosing';
import { SegmentKeys } from './SegmentKeys';
import type { StoredExtent } from './StoredExtent';

/** The folder of the segments in a data directory. */
export const SEGMENTS_FOLDER = 'log';

/**
 * The committed entries of a log, in files that are written at the end of the last one alone. What was written can be
 * read at once; it counts from the sync on that {@link StoredExtent} tells of.
 */
export class Segments {
  private readonly list: Segment[] = [];
  private sum = 0;
  /** Of all entries of the log that no closed segment holds: whoever holds those behind the segments adds theirs. */
  readonly recentKeys: RecentKeys;
  private readonly closedKeys = new SegmentKeys();
  private readonly block = new EntryBlock();
  /** The files that were used last, the latest at the end. */
  private readonly files = new Map<string, StoreFile>();
  /** Segments with bytes that no sync has seen. */
  private readonly unsynced = new Set<Segment>();
  private unsyncedSum = 0;
  private namesChanged = false;
  /** Of the segment that is full and not closed yet; the last one, or the one before it. */
  private closing: SegmentClosing | null = null;

  private constructor(
    private readonly disk: StoreDisk,
    private readonly limits: StoreLimits,
    private extent: StoredExtent,
    private readonly forgotten: ForgottenSegments,
  ) {
    this.recentKeys = new RecentKeys(extent.first, KeyHash.draw());
  }

  /**
   * Opens what counts of a log that begins behind this point. What stands behind that is removed, what stands before it is
   * forgotten.
   *
   * @param archive where that goes, null: it is removed
   * @throws StartError DATA_DAMAGED when a segment is missing, or one's footer or length is not as it was.
   */
  static open(
    disk: StoreDisk,
    extent: StoredExtent,
    floor: LogPoint,
    limits: StoreLimits,
    archive: SegmentArchive | null,
  ): Segments {
    const segments = new Segments(disk, limits, extent, new ForgottenSegments(disk, archive));
    try {
      segments.readAll(floor);
      for (const { bytes } of segments.list) segments.sum += bytes;
      return segments;
    } catch (error) {
      segments.close();
      throw error;
    }
  }

  /** How far they count. */
  get stored(): StoredExtent {
    return this.extent;
  }

  /** The index of the first entry that is here, or would be. */
  get firstIndex(): number {
    return this.list[0]?.first ?? this.extent.first;
  }

  /** What they take of the disk, all together, but for their footers. */
  get bytes(): number {
    return this.sum;
  }

  /** The index of the last entry that was written. */
  get lastIndex(): number {
    return this.list.at(-1)?.last ?? this.extent.index;
  }

  /** Indexes of the entries that are no logs, ascending. */
  empties(): number[] {
    return this.list.flatMap(({ empties }) => empties);
  }

  /** Writes committed entries, whose keys are known, behind the last one. They count after a sync. */
  append(entries: readonly Entry[]): void {
    const { SEGMENT_BYTES, CLOSING_PACE } = this.limits;
    let rest = entries;
    while (rest.length > 0) {
      const segment = this.openSegment();
      let bytes = segment.bytes;
      let taken = 0;
      while (taken < rest.length && bytes < SEGMENT_BYTES) bytes += rest[taken++]?.bytes.length ?? 0;
      const before = segment.bytes;
      segment.append(rest.slice(0, taken), this.fileOf(segment.name));
      const written = segment.bytes - before;
      this.sum += written;
      this.unsyncedSum += written;
      this.unsynced.add(segment);
      rest = rest.slice(taken);
      if (this.closing?.step((CLOSING_PACE * written) / SEGMENT_BYTES) === true) this.endClosing();
      if (segment.bytes >= SEGMENT_BYTES) this.beginClosing(segment);
    }
  }

  /**
   * The log begins behind this index. A segment is forgotten that holds nothing behind it, and all of which counts: what
   * the journal still vouches for may have to be read again.
   */
  trimTo(floorIndex: number): void {
    const count = countLeading(
      this.list,
      ({ first, last }) => first < this.extent.first && last <= floorIndex,
    );
    this.forget(this.list.splice(0, count));
  }

  /** The segments that {@link trimTo} may forget. */
  trimmable(): readonly LogPart[] {
    return this.list.slice(
      0,
      countLeading(this.list, ({ first }) => first < this.extent.first),
    );
  }

  /**
   * The log begins anew behind this index: all that is here is forgotten. To be called before that is on disk: what goes to
   * an archive has its footer then, and is synced.
   */
  beginAt(floorIndex: number): void {
    if (this.isArchived) this.closeAll();
    this.closing = null;
    this.forget(this.list.splice(0));
    this.unsynced.clear();
    this.extent = { index: floorIndex, first: floorIndex + 1, bytes: 0 };
    this.recentKeys.beginAt(floorIndex);
  }

  /**
   * Removes or archives the files of what is forgotten, beside the caller's thread. To be called when that they are forgotten
   * is on disk.
   *
   * @param identity the cluster's, null: it is not known yet
   */
  removeForgotten(identity: string | null, failed: (error: Error) => void): void {
    const leaving = (path: string): void => this.closeFile(basename(path));
    this.forgotten.removeLater(identity, leaving, failed);
  }

  /** Whether what is forgotten is still wanted. */
  get isArchived(): boolean {
    return this.forgotten.isArchived;
  }

  /** Why a file that is forgotten could not be archived; null when all could. */
  get archiveProblem(): string | null {
    return this.forgotten.problem;
  }

  /** Bytes of entries that were written since a sync was last asked for. */
  get unsyncedBytes(): number {
    return this.unsyncedSum;
  }

  /** Whether something was written that no {@link syncLater} was asked for. */
  get hasUnsynced(): boolean {
    return this.unsynced.size > 0 || this.namesChanged;
  }

  /** Syncs what was written before the call, which is something, beside the caller's thread; then it counts, and `done` is told. */
  syncLater(done: (error: Error | null) => void): void {
    const extent = this.writtenExtent();
    const files = [...this.unsynced].map(({ name }) => this.fileOf(name));
    const { namesChanged } = this;
    this.unsynced.clear();
    this.unsyncedSum = 0;
    this.namesChanged = false;
    let left = files.length + (namesChanged ? 1 : 0);
    const ended = (error: Error | null): void => {
      left--;
      if (left < 0) return;
      if (error !== null) {
        left = 0;
        done(error);
      } else if (left === 0) {
        if (extent.index > this.extent.index) this.extent = extent;
        done(null);
      }
    };
    for (const file of files) file.syncLater(ended);
    if (namesChanged) this.disk.syncNamesLater(SEGMENTS_FOLDER, ended);
  }

  /** The same for all that was written, at once. */
  sync(): void {
    this.endClosing();
    const extent = this.writtenExtent();
    // All before the one that is open in the extent were synced, footer and all, before it was told of.
    for (const { first, name } of this.list) if (first >= this.extent.first) this.fileOf(name).sync();
    this.disk.syncNames(SEGMENTS_FOLDER);
    this.unsynced.clear();
    this.unsyncedSum = 0;
    this.namesChanged = false;
    this.extent = extent;
  }

  /** The bytes of the entry at an index; undefined when it is not here. @throws StartError DATA_DAMAGED */
  bytesAt(index: number): Buffer | undefined {
    const { block } = this;
    if (index < block.firstIndex || index > block.lastIndex) {
      const segment = this.segmentOf(index);
      if (segment === undefined || index > segment.last) return undefined;
      this.load(segment, index);
    }
    return block.bytesAt(index);
  }

  /**
   * The index of the last entry below an index whose key may be this one, 0 for none, in the part of the log with the entry
   * before that index; and from where on that part was searched.
   *
   * @throws StartError DATA_DAMAGED
   */
  lastOfKey(key: Buffer, below: number): { readonly index: number; readonly searchedTo: number } {
    const { recentKeys } = this;
    const { first: searchedTo, hash, end } = recentKeys;
    if (below > searchedTo && end > searchedTo)
      return { index: recentKeys.lastBelow(hash.of(key, 0, key.length), below), searchedTo };
    const segment = this.segmentOf(Math.min(below, searchedTo) - 1);
    if (segment === undefined) return { index: 0, searchedTo: 1 };
    const index = this.closedKeys.lastBelow(segment, this.fileOf(segment.name), key, below);
    return { index, searchedTo: segment.first };
  }

  /**
   * Checks the index by key of the closed segment with an entry, all of whose entries were checked; returns the index behind
   * its last one, null where that entry is in none.
   *
   * @throws StartError DATA_DAMAGED
   */
  checkKeys(index: number): number | null {
    const segment = this.segmentOf(index);
    if (segment === undefined || index >= this.recentKeys.first) return null;
    this.closedKeys.check(segment, this.fileOf(segment.name), (each) => this.bytesAt(each));
    return segment.last + 1;
  }

  /** Where a segment with this index stands, in messages. */
  pathOf(index: number): string {
    return this.path(this.segmentOf(index)?.name ?? segmentName(index));
  }

  close(): void {
    this.forgotten.close();
    for (const file of this.files.values()) file.close();
    this.files.clear();
  }

  private readAll(floor: LogPoint): void {
    const { disk, extent, limits } = this;
    // Files of others, a copy that someone made too, are left alone.
    const names = disk
      .names(SEGMENTS_FOLDER)
      .filter((name) => name === segmentName(Number.parseInt(name, 10)));
    const last = segmentName(extent.first);
    for (const name of names) if (name > last) disk.remove(pathOf(name));
    const closed = names.filter((name) => name < last).sort();
    // One whose next begins with the log, or before, holds nothing of it.
    const begin = segmentName(floor.index + 1);
    while (closed[0] !== undefined && (closed[1] ?? last) <= begin)
      this.forgotten.found(pathOf(closed.shift() ?? ''));
    let next = Math.min(extent.first, floor.index + 1);
    for (const name of closed) {
      const segment = Segment.readClosed(name, this.fileOf(name), limits.BLOCK_BYTES);
      if (this.list.length === 0) next = Math.min(next, segment.first);
      if (segment.first !== next) break;
      this.list.push(segment);
      next = segment.last + 1;
    }
    if (next !== extent.first) {
      if (this.list.length > 0 || next === 1)
        throw damagedSegment(this.path(segmentName(next)), 'is missing');
      // Of a trimmed log the first one may begin before the floor: nothing says with which entry.
      const there = closed[0] ?? last;
      const positions = `positions ${next} to ${Number.parseInt(there, 10) - 1}`;
      throw damagedSegment(
        this.path(there),
        `follows on ${positions}, which are missing: no file before it holds them`,
      );
    }
    if (extent.index >= extent.first || names.includes(last)) this.openLast(names.includes(last), floor);
  }

  /** The segment with this index, or the last one before it. */
  private segmentOf(index: number): Segment | undefined {
    return this.list[countLeading(this.list, ({ first }) => first <= index) - 1];
  }

  private load(segment: Segment, index: number): void {
    const { first, start, end } = segment.blockOf(index);
    const file = this.fileOf(segment.name);
    try {
      this.block.load(first, end - start, (into) => file.read(into, start));
    } catch (error) {
      if (!(error instanceof MalformedEntryError)) throw error;
      throw damagedSegment(
        file.path,
        `is damaged between bytes ${start} and ${end}: ${error.message}`,
        error,
      );
    }
  }

  private openLast(isThere: boolean, floor: LogPoint): void {
    const { first, bytes } = this.extent;
    const name = segmentName(first);
    if (!isThere) throw damagedSegment(this.path(name), 'is missing');
    const file = this.fileOf(name);
    const previous = first === floor.index + 1 ? floor : this.lastClosed(first - 1);
    const segment = Segment.readOpen(this.extent, previous, file, this.recentKeys, this.limits.BLOCK_BYTES);
    if (segment.last !== this.extent.index)
      throw damagedSegment(file.path, `ends at position ${segment.last}, and ${this.extent.index} counts`);
    file.truncate(bytes);
    this.list.push(segment);
    this.unsynced.add(segment);
    this.namesChanged = true;
    if (bytes >= this.limits.SEGMENT_BYTES) this.beginClosing(segment);
  }

  /** The entry before the open segment, which the one that is closed ends with; null when that is forgotten. */
  private lastClosed(index: number): Entry | null {
    const bytes = this.bytesAt(index);
    if (bytes === undefined) return null;
    try {
      return parseEntry(bytes);
    } catch (error) {
      if (!(error instanceof MalformedEntryError)) throw error;
      throw damagedSegment(this.pathOf(index), `is damaged at position ${index}: ${error.message}`, error);
    }
  }

  private beginClosing(segment: Segment): void {
    this.endClosing();
    this.closing = new SegmentClosing(segment, this.recentKeys);
  }

  /** Closes the segment whose closing is under way, if one is. */
  private endClosing(): void {
    const { closing } = this;
    if (closing === null) return;
    closing.end(this.fileOf(closing.segment.name));
    this.unsynced.add(closing.segment);
    this.closing = null;
  }

  /** Nothing is appended any more. All that was written is on disk. */
  private closeAll(): void {
    const last = this.list.at(-1);
    if (last === undefined) return;
    if (last.last < last.first) {
      this.list.pop();
      this.closeFile(last.name);
      this.disk.remove(pathOf(last.name));
    } else if (last.bytes < this.limits.SEGMENT_BYTES) this.beginClosing(last);
    this.sync();
  }

  private forget(segments: readonly Segment[]): void {
    for (const { bytes } of segments) this.sum -= bytes;
    this.forgotten.add(...segments.map(({ name }) => pathOf(name)));
  }

  private closeFile(name: string): void {
    this.files.get(name)?.close();
    this.files.delete(name);
  }

  /** The last one, or the next where that one is closed. */
  private openSegment(): Segment {
    const last = this.list.at(-1);
    if (last !== undefined && last.bytes < this.limits.SEGMENT_BYTES) return last;
    const segment = Segment.begin(this.lastIndex + 1, this.limits.BLOCK_BYTES);
    this.keepOpen(segment.name, this.disk.create(pathOf(segment.name)));
    this.namesChanged = true;
    this.list.push(segment);
    return segment;
  }

  private writtenExtent(): StoredExtent {
    // What follows on a segment that is not closed does not count.
    const last = this.closing?.segment ?? this.list.at(-1);
    return last === undefined ? this.extent : { index: last.last, first: last.first, bytes: last.bytes };
  }

  private fileOf(name: string): StoreFile {
    const file = this.files.get(name) ?? this.disk.open(pathOf(name));
    if (file === null) throw damagedSegment(this.path(name), 'is missing');
    this.keepOpen(name, file);
    return file;
  }

  private keepOpen(name: string, file: StoreFile): void {
    this.files.delete(name);
    this.files.set(name, file);
    if (this.files.size <= SEGMENT_FILES_OPEN_MAX) return;
    const [oldest] = this.files;
    invariant(oldest !== undefined, () => 'no open file');
    this.files.delete(oldest[0]);
    oldest[1].close();
  }

  private path(name: string): string {
    return join(this.disk.place, pathOf(name));
  }
}

function pathOf(name: string): string {
  return `${SEGMENTS_FOLDER}/${name}`;
}
