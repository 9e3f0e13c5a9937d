import type { Entry, LogPoint } from '../entry/Entry';
import type { StartError } from '../errors';

/** What a node must never forget (Raft, figure 2: persistent state). */
export interface HardState {
  /** The highest term that the node has known. Never goes back. */
  readonly term: number;
  /** The public key that the node voted for in that term, or whose lead it accepted there. */
  readonly votedFor: string | null;
}

/**
 * What a node is to its cluster (src/README.md, Words):
 * - `none`: it never voted and holds nothing, or lost its disk; it cannot tell which.
 * - `rejoining`: it lost its disk and is catching up; it neither votes nor counts towards a commit.
 * - `voter`: a full member.
 */
export type Membership = 'none' | 'rejoining' | 'voter';

/**
 * What a store has room for:
 * - `some`: all.
 * - `full`: no more logs of users, so that what frees room can still be written.
 * - `none`: nothing that need not be: no entries of a leader either.
 */
export type Room = 'some' | 'full' | 'none';

/** Told that what was appended is on disk; or of the failure for which it may never be: every other call throws that then. */
export type Told = (failure: StartError | null) => void;

/** A part of a log that goes when all of it is forgotten: a file. */
export interface LogPart {
  /** The index of its last entry. */
  readonly last: number;
  readonly bytes: number;
}

/**
 * The durable part of a node: hard state and entries. What a call wrote is on disk when it returns, and so is all that was
 * written before it; of an append when it is told. A call that throws {@link StartError} STORE_FAILED ends the node, since
 * nobody can tell what of it is on disk. Indexes are 1, 2, 3, … without gaps.
 *
 * Implementations: MemoryLogStore (tests, simulation) and DurableLogStore (users, simulation).
 */
export interface LogStore {
  /** Where it keeps all that, in messages to people: the directory. */
  readonly place: string;
  /** As last saved; {term: 0, votedFor: null} at first. */
  readonly hardState: HardState;
  /** As last saved; 'none' at first. */
  readonly membership: Membership;
  /** Which cluster this is of all that ever had these keys, 32 hex digits; null until the node knows. */
  readonly identity: string | null;
  /** The commitIndex saved with the last append; may be behind. 0 at first. */
  readonly commitIndex: number;
  /** What the first entry follows on: all up to it is forgotten. {@link GENESIS} in a log that is whole. */
  readonly floor: LogPoint;
  /** The last entry, or null when the log is empty: then nothing was ever forgotten. */
  readonly last: Entry | null;

  /** What it has room for. A store takes what it is told to whichever it is, or fails. */
  readonly room: Room;
  /** Which part of what it may take of its disk is taken: 0 to 1. */
  readonly fill: number;

  /** Saves what the node is. Leaving 'none' puts the marker on disk before anything else of the node. */
  setMembership(membership: Membership): void;

  /** Saves the cluster's identity, once and for ever. Only in a marked store. */
  setIdentity(identity: string): void;

  /** Saves term and vote. Only in a marked store (membership is not 'none'). */
  saveHardState(hardState: HardState): void;

  /**
   * Appends entries, and saves commitIndex with them, in one transaction. What stands at the first one's index
   * and after it is removed. The first index must be from 1 to last + 1, the others follow on it without a gap.
   * An empty list saves only commitIndex. Hashes are the caller's to have checked.
   *
   * The entries can be read at once. `told` is called when they are on disk: in this call, or in a later turn of the event
   * loop; in the order of the calls, and not after a close.
   */
  append(entries: readonly Entry[], commitIndex: number, told?: Told): void;

  /**
   * What was written last may stay the last for long: from here on damage to it is told, and not taken for a write that a
   * crash tore. To be called about once a second.
   */
  seal(): void;

  /**
   * Forgets the entries up to one that was saved as committed and is not the last, with it. Files go when all that they
   * hold is forgotten.
   */
  trimTo(floor: LogPoint): void;

  /**
   * Drops what the log holds, and lets it begin behind a floor above all that is committed in it, with these entries, one
   * at least. The floor's index is saved as commitIndex.
   */
  beginAt(floor: LogPoint, entries: readonly Entry[]): void;

  /** The parts that a trim can remove, the oldest first; what goes on to grow is none. */
  trimmable(): readonly LogPart[];

  /** Why what is forgotten could not be archived, in a sentence that says what to do; null when nothing waits for that. */
  readonly archiveProblem: string | null;

  /**
   * The entry at an index, or null when there is none, or none any more. Its hash has been checked.
   *
   * @throws StartError DATA_DAMAGED when what is on disk fails its hash.
   */
  entryAt(index: number): Entry | null;

  /**
   * Entries from an index above the floor on: as many as fit in `maxBytes` and `maxCount`, but one at least if there is
   * one. Hashes have been checked.
   *
   * @throws StartError DATA_DAMAGED when what is on disk fails its hash.
   */
  read(from: number, maxBytes: number, maxCount: number): Entry[];

  /** The index of the log with this number, or null when there is none, or none any more. */
  indexOfLog(logNumber: number): number | null;

  /**
   * One step of a search for the last log below an index that has a key, UTF-8. The log, its hash checked; else the index
   * below which the search goes on, as what was looked at has none, with as little work again as to read a log from disk:
   * one more than the floor's when there is no such log.
   *
   * @throws StartError DATA_DAMAGED when what is on disk fails its hash.
   */
  lastOfKey(key: Buffer, below: number): Entry | number;

  /**
   * Lets go of files and the lock. No other call may follow. Calling it again does nothing.
   *
   * @throws StartError STORE_FAILED when a last write fails; what calls before it wrote is on disk.
   */
  close(): void;
}
