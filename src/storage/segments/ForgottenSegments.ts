import { join } from 'node:path';
import type { StoreDisk } from '../StoreDisk';

/** Where the files of segments go that a log forgets, in place of being removed. */
export interface SegmentArchive {
  /**
   * Moves a file there, beside the caller's thread, and tries again for as long as that fails; `done` is told in a later
   * turn of the event loop, when the file is on disk there and here no more.
   *
   * @param path where it stands
   * @param identity of the cluster whose log it is, 32 hex digits
   */
  take(path: string, identity: string, done: () => void): void;
  /** Why the last try failed, in a sentence that says what to do; null when it did not. */
  readonly problem: string | null;
  /** No file is taken any more; what is under way may come to its end or not. */
  close(): void;
}

/** An archive for whoever only looks at a store: what is forgotten stays where it is. */
export const KEEP_FORGOTTEN: SegmentArchive = {
  take: () => undefined,
  problem: null,
  close: () => undefined,
};

/** The files of segments that a log has forgotten and that still stand with the others: they are removed, or archived. */
export class ForgottenSegments {
  private readonly names: string[] = [];
  private removing = false;
  private closed = false;

  /** @param archive null: what is forgotten is removed */
  constructor(
    private readonly disk: StoreDisk,
    private readonly archive: SegmentArchive | null,
  ) {}

  /** Whether what is forgotten is still wanted. */
  get isArchived(): boolean {
    return this.archive !== null;
  }

  /** Why a file could not be archived; null when all could. */
  get problem(): string | null {
    return this.archive?.problem ?? null;
  }

  add(...names: readonly string[]): void {
    this.names.push(...names);
  }

  /** Takes notice of a file that a start finds: without an archive it is removed at once. */
  found(name: string): void {
    if (this.archive === null) this.disk.remove(name);
    else this.add(name);
  }

  /**
   * Removes or archives them beside the caller's thread, one after the other: a trim may free thousands. What a process that
   * ends leaves of them, the next start finds.
   *
   * @param identity the cluster's, as far as it is known: nothing is archived before that
   * @param leaving told of each before it goes
   */
  removeLater(
    identity: string | null,
    leaving: (name: string) => void,
    failed: (error: Error) => void,
  ): void {
    if (this.removing || this.closed || (this.isArchived && identity === null)) return;
    const name = this.names.shift();
    if (name === undefined) return;
    this.removing = true;
    leaving(name);
    this.remove(name, identity ?? '', (error) => {
      this.removing = false;
      if (error !== null) failed(error);
      else this.removeLater(identity, leaving, failed);
    });
  }

  close(): void {
    this.closed = true;
    this.archive?.close();
  }

  private remove(name: string, identity: string, done: (error: Error | null) => void): void {
    if (this.archive === null) this.disk.removeLater(name, done);
    else this.archive.take(join(this.disk.place, name), identity, () => done(null));
  }
}
