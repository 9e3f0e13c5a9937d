import type { Entry, LogPoint } from '../../entry/Entry';

/** A part of a log, whose entries are read one after the other, from its first one on. */
export interface LogSource {
  /** In messages to people. */
  readonly path: string;
  /** The indexes of its first and its last entry. */
  readonly first: number;
  readonly last: number;
  /**
   * The entry at an index, which follows on `previous`; null: what is before it is not known.
   *
   * @throws StartError DATA_DAMAGED
   */
  entryAt(index: number, previous: LogPoint | null): Entry;
  /** Checks what there is besides, once the last entry was read, and lets go of it. @throws StartError DATA_DAMAGED */
  end(): void;
  /** Lets go of it, without a check. */
  close(): void;
}
