import {
  EntryKind,
  entryHash,
  entryPushId,
  entryTrim,
  HASH_BYTES,
  type Entry,
  type LogPoint,
} from '../../../../src/entry/Entry';
import type { HardState } from '../../../../src/storage/LogStore';
import type { StoreSnapshot } from '../../../../src/storage/MemoryLogStore';
import { quorumOf } from '../../../../src/mokka/log/quorum';
import type { SimulatedProcess } from '../SimulatedProcess';
import type { Trace } from './Trace';

/** A committed entry, as the checks remember it. */
export interface CommittedEntry {
  readonly entry: Entry;
  readonly index: number;
  readonly logNumber: number;
  readonly term: number;
  readonly kind: EntryKind;
  readonly hash: string;
  /** (session, nonce) of its push; null for an empty entry. */
  readonly pushKey: string | null;
  /** The highest term in which a node could first know it as committed. */
  readonly committedIn: number;
}

/** What the checks need to see of the world. */
export interface CheckedWorld {
  readonly now: number;
  readonly size: number;
  readonly trace: Trace;
  machine(node: number): {
    readonly keys: { readonly publicKey: string };
    readonly disk: { snapshot(): StoreSnapshot };
    readonly lostDisks: readonly StoreSnapshot[];
  };
  nodeOf(publicKey: string | null): number | null;
  violated(message: string): void;
}

/** What is remembered of a process between two checks. */
interface Seen {
  state: string;
  term: number;
  commit: number;
  led: number;
}

/**
 * Raft's safety, checked after every event on the node that handled it (Raft, figure 3): at most one leader a term;
 * one vote a term, on disk and on the wire; term and vote never go back; logs match by (index, term); nothing
 * committed is lost or changed; indexes without a gap; no push twice; a commit is on a majority's disks, and of its
 * leader's own term; a leader holds all that was committed in earlier terms; one identity of the cluster; nothing is
 * forgotten but by a committed trim.
 */
export class SafetyChecks {
  /** What is committed, by index - 1. */
  readonly committed: CommittedEntry[] = [];
  /** Committed logs, by logNumber - 1. */
  readonly committedLogs: CommittedEntry[] = [];
  /** The number of the last log that a committed trim forgets. */
  trimmedTo = 0;
  /** Indexes of the floors of committed trims. */
  private readonly floors = new Set<number>();
  /** Numbers of their last logs. */
  readonly floorLogs = new Set<number>();
  private identity: string | null = null;
  private readonly leaderOfTerm = new Map<number, number>();
  private readonly votes = new Map<string, string>();
  private readonly hashOfEntry = new Map<string, string>();
  private readonly pushes = new Map<string, number>();
  private readonly hardStates = new Map<number, HardState>();
  /** What each disk holds: hashes by index - 1. */
  private readonly held = new Map<number, string[]>();
  /** Index up to which a process that died in the middle of an event may have told of commits before it was checked. */
  private unseenCommit = 0;
  private readonly seen = new WeakMap<SimulatedProcess, Seen>();

  constructor(private readonly world: CheckedWorld) {}

  /** After an event of a process. */
  check(process: SimulatedProcess): void {
    const { node, mokka, disk } = process;
    const seen = this.seenOf(process);
    for (const write of disk.saved) {
      if (write.kind === 'trim' || write.kind === 'begin') this.forgotten(node, write.floor);
      if (write.kind === 'append' || write.kind === 'begin') this.appended(node, write.entries);
      else if (write.kind === 'hardState') this.hardStateSaved(node, write.hardState);
    }
    if (mokka.term < seen.term) this.fail(`node ${node} went from term ${seen.term} back to ${mokka.term}`);
    seen.term = mokka.term;
    if (mokka.leads && seen.led !== mokka.term) {
      seen.led = mokka.term;
      this.tookLead(process);
    }
    this.checkIdentity(node, disk.identity);
    const before = this.committed.length;
    while (seen.commit < mokka.commitIndex) this.committedOn(process, ++seen.commit);
    // What a process finds on its disk when it starts was counted by an earlier one.
    if (this.committed.length > before && seen.state !== '') this.countedFirst(process);
    this.traceState(process, seen);
  }

  /** A packet leaves a node: a vote that it gives must be its only one of that term. Returns whether it is a vote. */
  sent(process: SimulatedProcess, packet: Buffer, to: number): boolean {
    if (packet[0] !== 0x7b || packet.indexOf('"type":12,') < 0) return false;
    const { term, data } = JSON.parse(packet.toString()) as {
      term: number;
      data: { signature: string | null };
    };
    if (data.signature === null) return false;
    const { membership } = process.disk;
    if (membership !== 'voter') this.fail(`node ${process.node} votes in term ${term} and is ${membership}`);
    this.voted(process.node, term, this.world.machine(to).keys.publicKey);
    return true;
  }

  /** A process ended: what counts is what its disk holds now. */
  died({ node, mokka }: Partial<SimulatedProcess> & Pick<SimulatedProcess, 'node'>): void {
    this.unseenCommit = Math.max(this.unseenCommit, mokka?.commitIndex ?? 0);
    const { entries, floor, hardState } = this.world.machine(node).disk.snapshot();
    this.held.set(node, [...this.hashesTo(floor.index), ...entries.map(hashOf)]);
    this.hardStateSaved(node, hardState);
  }

  /** A disk is empty now; what was on it does not bind it any more. */
  diskLost(node: number): void {
    this.held.set(node, []);
    this.hardStates.delete(node);
  }

  /** How many members hold a committed entry, those that lost it with a disk included. */
  holders(index: number, hash: string): number {
    let count = 0;
    for (let node = 0; node < this.world.size; node++) {
      const lost = this.world.machine(node).lostDisks;
      const onLost = lost.some((disk) => this.hashAt(disk, index) === hash);
      if (onLost || this.held.get(node)?.[index - 1] === hash) count++;
    }
    return count;
  }

  /** All that know of an identity know of the same: no disk here goes back in time. */
  private checkIdentity(node: number, identity: string | null): void {
    if (identity === null || identity === this.identity) return;
    if (this.identity !== null)
      this.fail(`node ${node} is of the cluster ${identity}, and another was of ${this.identity}`);
    this.identity = identity;
  }

  private hardStateSaved(node: number, { term, votedFor }: HardState): void {
    const before = this.hardStates.get(node);
    this.hardStates.set(node, { term, votedFor });
    if (before === undefined) return;
    const back = term < before.term;
    const changed = term === before.term && before.votedFor !== null && votedFor !== before.votedFor;
    if (back || changed)
      this.fail(
        `node ${node}'s record went from term ${before.term}, vote ${this.name(before.votedFor)}, to term ${term}, vote ${this.name(votedFor)} (Raft 5.1, 5.2)`,
      );
  }

  private voted(node: number, term: number, candidate: string): void {
    // A wiped disk takes its votes with it: a readmitted node may vote anew (Replication).
    const key = `${node}/${this.world.machine(node).lostDisks.length}/${term}`;
    const before = this.votes.get(key);
    this.votes.set(key, candidate);
    if (before !== undefined && before !== candidate)
      this.fail(
        `node ${node} voted for nodes ${this.name(before)} and ${this.name(candidate)} in term ${term} (Raft 5.2)`,
      );
  }

  /** What a node forgets was committed, and so was the trim that says so: it counts as held from then on. */
  private forgotten(node: number, { index, bytes }: LogPoint): void {
    if (!this.floors.has(index))
      this.fail(`node ${node} forgets its log up to ${index}, which no committed trim says`);
    if (this.committed[index - 1]?.hash !== bytes.toString('latin1', bytes.length - HASH_BYTES))
      this.fail(`node ${node} begins behind ${index}, where another entry is committed`);
    const held = this.held.get(node) ?? [];
    this.held.set(node, [...this.hashesTo(index), ...held.slice(index)]);
  }

  private hashesTo(index: number): string[] {
    return this.committed.slice(0, index).map(({ hash }) => hash);
  }

  private hashAt({ entries, floor }: StoreSnapshot, index: number): string | undefined {
    if (index <= floor.index) return this.committed[index - 1]?.hash;
    const entry = entries[index - floor.index - 1];
    return entry === undefined ? undefined : hashOf(entry);
  }

  private appended(node: number, entries: readonly Entry[]): void {
    const [first] = entries;
    if (first === undefined) return;
    const held = this.held.get(node) ?? [];
    this.held.set(node, held);
    const before = held.splice(first.index - 1);
    for (const entry of entries) {
      const hash = hashOf(entry);
      held[entry.index - 1] = hash;
      const key = `${entry.index}@${entry.term}`;
      const same = this.hashOfEntry.get(key);
      if (same === undefined) this.hashOfEntry.set(key, hash);
      else if (same !== hash) this.fail(`node ${node} holds another entry ${key} (Log Matching, Raft 5.3)`);
    }
    this.checkReplaced(node, first.index, before);
  }

  /**
   * What a node replaced may be committed only without it: it then followed a leader of an earlier term than the one
   * that committed, and a quorum still holds the entry.
   */
  private checkReplaced(node: number, from: number, before: readonly string[]): void {
    for (const [at, hash] of before.entries()) {
      const index = from + at;
      if (this.committed[index - 1]?.hash !== hash) return;
      if (this.held.get(node)?.[index - 1] === hash) continue;
      const holders = this.holders(index, hash);
      if (holders < quorumOf(this.world.size))
        this.fail(
          `node ${node} replaces the committed entry ${index}, which is on ${holders} disks of ${this.world.size} then (State Machine Safety, Raft 5.4.3)`,
        );
    }
  }

  private tookLead(process: SimulatedProcess): void {
    const { node, mokka } = process;
    const other = this.leaderOfTerm.get(mokka.term);
    if (other !== undefined && other !== node)
      this.fail(`nodes ${other} and ${node} both lead term ${mokka.term} (Election Safety, Raft 5.2)`);
    this.leaderOfTerm.set(mokka.term, node);
    const due = this.committed.findLast(({ committedIn }) => committedIn < mokka.term);
    if (due === undefined) return;
    const entry = mokka.entryAt(due.index);
    if (due.index > process.disk.floor.index && (entry === null || hashOf(entry) !== due.hash))
      this.fail(
        `node ${node} leads term ${mokka.term} without the entry ${due.index} that was committed in term ${due.committedIn} (Leader Completeness, Raft 5.4)`,
      );
  }

  private committedOn({ node, mokka, disk }: SimulatedProcess, index: number): void {
    if (index <= disk.floor.index && index <= this.committed.length) return;
    const entry = mokka.entryAt(index);
    if (entry === null) {
      this.fail(`node ${node} has no entry at ${index}, which it holds for committed`);
      return;
    }
    const hash = hashOf(entry);
    const known = this.committed[index - 1];
    if (known !== undefined) {
      if (known.hash !== hash)
        this.fail(
          `index ${index} is committed as an entry of term ${known.term} and, on node ${node}, of term ${entry.term} (State Machine Safety, Raft 5.4.3)`,
        );
      return;
    }
    this.newlyCommitted(node, entry, hash, mokka.term);
  }

  /** The first to hold something for committed has counted it: that goes by an entry of its own term alone. */
  private countedFirst({ node, mokka }: SimulatedProcess): void {
    const last = this.committed.at(-1);
    if (last === undefined || last.term === mokka.term || last.index <= this.unseenCommit) return;
    this.fail(
      `node ${node} in term ${mokka.term} counts an entry of term ${last.term} as committed, and none of its own term after it (Raft 5.4.2)`,
    );
  }

  private newlyCommitted(node: number, entry: Entry, hash: string, term: number): void {
    const { index, logNumber, kind } = entry;
    const id = entryPushId(entry);
    const pushKey = id === null ? null : `${id.session}${id.nonce}`;
    const previous = this.committed.at(-1);
    if (
      index !== this.committed.length + 1 ||
      logNumber !== (previous?.logNumber ?? 0) + (kind === EntryKind.Log ? 1 : 0)
    )
      this.fail(
        `index ${index}, logNumber ${logNumber} follow on ${previous?.index ?? 0}, ${previous?.logNumber ?? 0}`,
      );
    const holders = this.holders(index, hash);
    if (holders < quorumOf(this.world.size))
      this.fail(
        `node ${node} holds ${index} for committed, which is on ${holders} disks of ${this.world.size}`,
      );
    if (pushKey !== null) {
      const twin = this.pushes.get(pushKey);
      if (twin !== undefined) this.fail(`the push ${pushKey} is committed at ${twin} and at ${index}`);
      this.pushes.set(pushKey, index);
    }
    const known = { entry, index, logNumber, kind, term: entry.term, hash, pushKey, committedIn: term };
    this.committed.push(known);
    if (kind === EntryKind.Trim) {
      const { floor } = entryTrim(entry);
      this.floors.add(floor.index);
      this.floorLogs.add(floor.logNumber);
      this.trimmedTo = Math.max(this.trimmedTo, floor.logNumber);
    }
    if (pushKey !== null) this.committedLogs.push(known);
  }

  private seenOf(process: SimulatedProcess): Seen {
    let seen = this.seen.get(process);
    if (seen === undefined) {
      seen = { state: '', term: 0, commit: 0, led: 0 };
      this.seen.set(process, seen);
    }
    return seen;
  }

  private traceState({ node, mokka, disk }: SimulatedProcess, seen: Seen): void {
    const leader = this.world.nodeOf(mokka.leaderPublicKey);
    const state = `${mokka.state} ${mokka.term} ${leader ?? 'none'} ${seen.commit} ${disk.membership}`;
    if (state === seen.state) return;
    seen.state = state;
    const role = mokka.leads ? 'leads' : `follows ${leader ?? 'nobody'}`;
    this.world.trace.add(
      this.world.now,
      'state',
      node,
      seen.commit,
      () =>
        `node ${node} ${role} in term ${mokka.term}, ${disk.membership}, log to ${disk.last?.index ?? 0}@${disk.last?.term ?? 0}, committed ${seen.commit}`,
    );
  }

  private name(publicKey: string | null): string {
    return String(this.world.nodeOf(publicKey) ?? 'nobody');
  }

  private fail(message: string): void {
    this.world.violated(message);
  }
}

export function hashOf(entry: Entry): string {
  return entryHash(entry).toString('latin1');
}
