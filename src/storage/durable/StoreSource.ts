import { StartError } from '../../errors';
import { VERIFY_STEP_BYTES } from '../../limits';
import { entryHash, type Entry, type LogPoint } from '../../entry/Entry';
import { differing } from '../archive/joinedLog';
import type { LogSource } from '../archive/LogSource';
import { damaged } from '../damage';
import { knownFault, lastIndex } from '../storeRules';
import type { DurableLogStore } from './DurableLogStore';

/** What a store holds, from an index on that may stand below its floor, as a part of a log. */
export class StoreSource implements LogSource {
  readonly path: string;
  readonly last: number;
  private batch: readonly Entry[] = [];

  constructor(
    private readonly store: DurableLogStore,
    readonly first: number,
  ) {
    this.path = store.place;
    this.last = lastIndex(store);
  }

  entryAt(index: number, previous: LogPoint | null): Entry {
    const { floor } = this.store;
    if (previous?.index === floor.index && !entryHash(previous).equals(entryHash(floor)))
      throw differing(this.path, 'the archive', floor.index);
    const known = this.batch[index - (this.batch[0]?.index ?? Infinity)];
    if (known !== undefined) return known;
    // The first one below the floor is known by the archive alone.
    const joins = index === this.first && index > 1 && index <= floor.index;
    this.batch = this.store.held.read(
      index,
      this.last,
      VERIFY_STEP_BYTES,
      this.last,
      joins ? null : previous,
    );
    const [entry] = this.batch;
    const fault = entry === undefined ? 'it is missing' : knownFault(entry, index, previous);
    if (entry === undefined || fault !== null)
      throw joins ? this.notJoined(index) : this.damagedAt(index, fault);
    return entry;
  }

  end(): void {
    for (let next: number | null = this.store.floor.index + 1; next !== null;)
      next = this.store.checkKeys(next);
  }

  close(): void {
    this.batch = [];
  }

  private damagedAt(index: number, fault: string | null): StartError {
    return damaged(this.path, `is damaged at position ${index}: ${String(fault)}`, undefined, this.path);
  }

  private notJoined(index: number): StartError {
    return new StartError(
      'DATA_DAMAGED',
      `${this.path} does not go on from the archive at position ${index}: one of them is of another cluster, or altered; ` +
        'check each without the other, or with the archive of another node',
    );
  }
}
