import { toError } from '../src/errors';
import { SECTOR_BYTES, type StoreDisk, type StoreFile } from '../src/storage/StoreDisk';

/** Draws whole numbers from 0 to below `limit`. */
export type Draw = (limit: number) => number;

/** A write to one sector that no sync has seen. */
interface PendingSector {
  /** Counts all writes of the disk, in order. */
  readonly number: number;
  readonly at: number;
  readonly bytes: Buffer;
}

/** What stands under one name: what is on disk, what was written since, and what is read. */
class Content {
  onDisk: Buffer = Buffer.alloc(0);
  current: Buffer = Buffer.alloc(0);
  pending: PendingSector[] = [];
}

interface NameChange {
  readonly number: number;
  readonly folder: string;
  apply(names: Map<string, Content>): void;
}

/**
 * A disk in memory that can crash: what was not synced is kept sector by sector, by chance, and changes of names up to
 * some of them. It counts writes and syncs, before each of which a test may end the process. A crash may also come
 * before the last steps that were made: they count for certain from {@link settle} on.
 */
export class CrashingDisk implements StoreDisk {
  readonly place = '/simulated';
  /** Told before each write, sync and change of names; throws to end the process there. */
  beforeChange: (what: string) => void = () => undefined;
  /** Told when a sync beside the thread ends; throws to let it fail. */
  beforeLater: () => void = () => undefined;
  /** For planted bugs: whether a sync of this file, or of the names in this folder, does nothing. */
  skipsSync: (name: string) => boolean = () => false;
  /** Syncs beside the thread that have not ended. */
  private later: (() => void)[] = [];
  /** Begins a sync beside the thread: `end` ends it. */
  onLater: (end: () => void) => void = (end) => this.later.push(end);
  /** Whether no file can grow, and none be made. */
  isFull: () => boolean = () => false;
  /** What was done since the last {@link settle}: each step does it to what is on disk, or on its way there. */
  private steps: (() => void)[] = [];
  private lastNumber = 0;
  private durableNames = new Map<string, Content>();
  private changes: NameChange[] = [];

  constructor(private currentNames = new Map<string, Content>()) {
    this.durableNames = new Map(currentNames);
  }

  names(folder: string): string[] {
    const prefix = folder === '' ? '' : `${folder}/`;
    return [...this.currentNames.keys()]
      .filter((name) => name.startsWith(prefix))
      .map((name) => name.slice(prefix.length))
      .filter((name) => !name.includes('/'));
  }

  makeFolder(): void {
    // Folders are where their files are.
  }

  open(name: string): StoreFile | null {
    const content = this.currentNames.get(name);
    return content === undefined ? null : this.fileOf(name, content);
  }

  create(name: string): StoreFile {
    this.needRoom();
    const content = new Content();
    this.change(name, (names) => names.set(name, content));
    return this.fileOf(name, content);
  }

  rename(from: string, to: string): void {
    const content = this.currentNames.get(from);
    if (content === undefined) throw new Error(`no file ${from}`);
    this.change(to, (names) => {
      names.delete(from);
      names.set(to, content);
    });
  }

  remove(name: string): void {
    this.change(name, (names) => names.delete(name));
  }

  removeLater(name: string, done: (error: Error | null) => void): void {
    this.onLater(() => this.end(done, () => this.remove(name)));
  }

  syncNames(folder: string): void {
    this.beforeChange(`sync names of ${folder}`);
    this.syncFolder(folder);
  }

  syncNamesLater(folder: string, done: (error: Error | null) => void): void {
    const last = this.lastNumber;
    this.onLater(() => this.end(done, () => this.syncFolder(folder, last)));
  }

  /** Ends the syncs that were begun beside the thread, and those that they begin; or the first so many of them. */
  endLater(count = Infinity): void {
    for (let left = count; left > 0 && this.later.length > 0; left--) this.later.shift()?.();
  }

  /** How many steps could be cut off by a crash. */
  get unsettled(): number {
    return this.steps.length;
  }

  /** Of the steps that could be cut off the first `count` were made, and no others. */
  settle(count = this.steps.length): void {
    for (const step of this.steps.slice(0, count)) step();
    this.steps = [];
  }

  /** What a machine comes back with that lost its power after so many of the steps. */
  crash(draw: Draw, steps?: number): CrashingDisk {
    this.settle(steps);
    for (const change of this.changes.slice(0, draw(this.changes.length + 1)))
      change.apply(this.durableNames);
    const names = new Map<string, Content>();
    for (const [name, { onDisk, pending }] of this.durableNames) {
      const kept = new Content();
      kept.onDisk = Buffer.from(onDisk);
      for (const sector of pending) if (draw(2) === 1) kept.onDisk = withSector(kept.onDisk, sector);
      kept.current = Buffer.from(kept.onDisk);
      names.set(name, kept);
    }
    const crashed = new CrashingDisk(names);
    crashed.skipsSync = this.skipsSync;
    return crashed;
  }

  /** The process was killed after so many of the steps: what it wrote by then is to be read, and not all of it on disk. */
  kill(steps?: number): this {
    this.settle(steps);
    this.currentNames = new Map(this.durableNames);
    for (const change of this.changes) change.apply(this.currentNames);
    for (const content of this.currentNames.values()) {
      content.current = Buffer.from(content.onDisk);
      for (const sector of content.pending) content.current = withSector(content.current, sector);
    }
    return this.restart();
  }

  /** The same disk after the process was killed: what was written is still to be read, and not all of it on disk. */
  restart(): this {
    this.later = [];
    this.beforeChange = () => undefined;
    return this;
  }

  /** Another disk with the same on it. */
  copy(): CrashingDisk {
    const names = new Map<string, Content>();
    for (const [name, { current }] of this.currentNames) names.set(name, contentOf(current));
    return new CrashingDisk(names);
  }

  /** What a file holds, to be looked at and changed. */
  bytesOf(name: string): Buffer {
    const content = this.currentNames.get(name);
    if (content === undefined) throw new Error(`no file ${name}`);
    return content.current;
  }

  /** What a file holds after a crash now, but for chance. */
  durableBytesOf(name: string): Buffer {
    this.settle();
    return Buffer.from(this.currentNames.get(name)?.onDisk ?? Buffer.alloc(0));
  }

  /** Puts a file in place of another, whole. */
  replace(name: string, bytes: Buffer | null): void {
    this.settle();
    if (bytes === null) this.currentNames.delete(name);
    else this.currentNames.set(name, contentOf(bytes));
    this.durableNames = new Map(this.currentNames);
  }

  allNames(): string[] {
    return [...this.currentNames.keys()].sort();
  }

  private change(name: string, apply: (names: Map<string, Content>) => void): void {
    this.beforeChange(`names: ${name}`);
    apply(this.currentNames);
    const folder = name.includes('/') ? name.slice(0, name.indexOf('/')) : '';
    const number = ++this.lastNumber;
    this.steps.push(() => this.changes.push({ number, folder, apply }));
  }

  private syncFolder(folder: string, last = this.lastNumber): void {
    if (this.skipsSync(folder)) return;
    this.steps.push(() => {
      const isDone = (change: NameChange): boolean => change.folder === folder && change.number <= last;
      for (const change of this.changes) if (isDone(change)) change.apply(this.durableNames);
      this.changes = this.changes.filter((change) => !isDone(change));
    });
  }

  private needRoom(): void {
    if (this.isFull()) throw new Error('ENOSPC: no space left on device');
  }

  private end(done: (error: Error | null) => void, sync: () => void): void {
    try {
      this.beforeLater();
      sync();
    } catch (thrown) {
      done(toError(thrown));
      return;
    }
    done(null);
  }

  private fileOf(name: string, content: Content): StoreFile {
    const syncNow = (last = this.lastNumber): void => {
      if (this.skipsSync(name)) return;
      this.steps.push(() => {
        for (const sector of content.pending)
          if (sector.number <= last) content.onDisk = withSector(content.onDisk, sector);
        content.pending = content.pending.filter(({ number }) => number > last);
      });
    };
    return {
      path: `${this.place}/${name}`,
      get size() {
        return content.current.length;
      },
      read: (into, at) => content.current.copy(into, 0, at),
      write: (bytes, at, length) => {
        this.beforeChange(`write ${length} at ${at} of ${name}`);
        if (at + length > content.current.length) this.needRoom();
        const number = ++this.lastNumber;
        const sectors: PendingSector[] = [];
        for (let from = 0; from < length;) {
          const upTo = Math.min(length, from + SECTOR_BYTES - ((at + from) % SECTOR_BYTES));
          const sector = { number, at: at + from, bytes: Buffer.from(bytes.subarray(from, upTo)) };
          sectors.push(sector);
          content.current = withSector(content.current, sector);
          from = upTo;
        }
        this.steps.push(() => content.pending.push(...sectors));
      },
      truncate: (size) => {
        this.beforeChange(`truncate ${name}`);
        content.current = Buffer.from(content.current.subarray(0, size));
        this.steps.push(() => {
          content.onDisk = Buffer.from(content.onDisk.subarray(0, size));
          content.pending = content.pending.filter((sector) => sector.at < size);
        });
      },
      sync: () => {
        this.beforeChange(`sync ${name}`);
        syncNow();
      },
      syncLater: (done) => {
        const last = this.lastNumber;
        this.onLater(() => this.end(done, () => syncNow(last)));
      },
      close: () => undefined,
    };
  }
}

function contentOf(bytes: Buffer): Content {
  const content = new Content();
  content.onDisk = Buffer.from(bytes);
  content.current = Buffer.from(bytes);
  return content;
}

function withSector(content: Buffer, { at, bytes }: PendingSector): Buffer {
  if (at + bytes.length <= content.length) {
    bytes.copy(content, at);
    return content;
  }
  const grown = Buffer.alloc(at + bytes.length);
  content.copy(grown);
  bytes.copy(grown, at);
  return grown;
}
