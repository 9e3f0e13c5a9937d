import { LOG_LIMITS, type LogLimits } from '../../../../src/mokka/log/LogLimits';
import type { LogMessage, ReplicationMessage } from '../../../../src/mokka/messages/LogMessage';
import { decodeLogMessage, encodeLogMessage } from '../../../../src/mokka/messages/LogMessage';
import { isFailedCondition, type FailedCondition } from '../../../../src/mokka/log/Replication';
import { ReplicatedLog } from '../../../../src/mokka/log/ReplicatedLog';
import { encodePayload, entryHash, GENESIS_HASH, type Entry } from '../../../../src/entry/Entry';
import { MemoryLogStore } from '../../../../src/storage/MemoryLogStore';

export const SESSION = '00000000000000aa';

/** What the process of a node calls itself that was started as its `number`th. */
export function run(number: number): string {
  return number.toString(16).padStart(16, '0');
}

/** Replicated logs on a bus that delivers, in order, what tests let through. The test plays the election. */
export class LogBus {
  readonly stores = new Map<string, MemoryLogStore>();
  readonly logs = new Map<string, ReplicatedLog>();
  /** Messages between these pairs, as `from>to`, are lost. */
  readonly cut = new Set<string>();
  /** Messages of these types are lost. */
  readonly lostTypes = new Set<LogMessage['type']>();
  readonly sent: { from: string; to: string; message: LogMessage }[] = [];
  now = 0;
  private proposed: { leader: string; entry: Entry; committed: Entry[] }[] = [];
  private readonly queue: { from: string; to: string; bytes: Buffer }[] = [];

  constructor(
    readonly names: readonly string[],
    private readonly limits: LogLimits = LOG_LIMITS,
  ) {
    for (const name of names) this.start(name, votingStore());
  }

  start(name: string, store: MemoryLogStore, incarnation = run(1)): void {
    this.stores.set(name, store);
    this.logs.set(
      name,
      new ReplicatedLog({
        limits: this.limits,
        store,
        incarnation,
        outbox: { send: (to, message) => this.send(name, to, message) },
        drawIdentity: () => '1d'.repeat(16),
        wallClock: { now: () => 1_700_000_000_000 + this.now },
        onCommit: () => this.committed(name),
        onSaved: () => this.log(name).saved(),
      }),
    );
  }

  log(name: string): ReplicatedLog {
    const log = this.logs.get(name);
    if (log === undefined) throw new Error(`no log ${name}`);
    return log;
  }

  store(name: string): MemoryLogStore {
    const store = this.stores.get(name);
    if (store === undefined) throw new Error(`no store ${name}`);
    return store;
  }

  /** Makes one the leader of a term that the others follow, and lets it hear them. */
  elect(leader: string, term: number, followers = this.names.filter((name) => name !== leader)): void {
    for (const name of [leader, ...followers]) {
      if (this.store(name).membership !== 'none') this.store(name).saveHardState({ term, votedFor: leader });
      if (name !== leader) this.log(name).follow(term, leader);
    }
    this.log(leader).lead(
      term,
      this.names.filter((name) => name !== leader),
    );
    for (const name of followers) this.log(leader).heard(name, run(1), this.now);
    this.settle(leader);
  }

  /** Cuts a node off in both directions. */
  isolate(name: string): void {
    for (const other of this.names) {
      this.cut.add(`${name}>${other}`);
      this.cut.add(`${other}>${name}`);
    }
  }

  /** Flushes the leader and delivers until all is quiet; ticks once, so that commitIndex is told. */
  settle(leader: string): void {
    for (let round = 0; round < 3; round++) {
      this.log(leader).flush(this.now);
      this.deliver();
      this.log(leader).tick(this.now);
      this.deliver();
    }
  }

  deliver(): void {
    while (this.deliverOne());
  }

  /** Delivers the oldest message under way; false when there is none. */
  deliverOne(): boolean {
    const next = this.queue.shift();
    if (next === undefined) return false;
    const message = decodeLogMessage(next.bytes);
    if (isOfReplication(message)) this.log(next.to).receive(next.from, message, this.now);
    return true;
  }

  propose(
    leader: string,
    nonce: number,
    value = `value ${nonce}`,
    pusher: string | null = null,
    ifLast: number | null = null,
    { key = 'key', ifKeyLast = null }: { readonly key?: string; readonly ifKeyLast?: number | null } = {},
  ): { committed: Entry[]; refused: string[]; failed: FailedCondition[]; taken: boolean } {
    const outcome = {
      committed: [] as Entry[],
      refused: [] as string[],
      failed: [] as FailedCondition[],
      taken: this.log(leader).leads,
    };
    const id = { session: SESSION, nonce };
    const push = { id, since: null, ifLast, ifKeyLast, payload: encodePayload(id, key, value) };
    while (!this.log(leader).canPropose(push)) this.log(leader).searchKeys(1);
    const result = this.log(leader).propose(push, pusher);
    if (typeof result === 'string') outcome.refused.push(result);
    else if (isFailedCondition(result)) outcome.failed.push(result);
    else this.proposed.push({ leader, entry: result, committed: outcome.committed });
    this.committed(leader);
    return outcome;
  }

  /** How many entries were sent to a node; one that was sent twice counts twice. */
  entriesSentTo(name: string): number {
    let count = 0;
    for (const { to, message } of this.sent)
      if (to === name && message.type === 'append') count += message.entries.length;
    return count;
  }

  /** Terms of a log's entries, by index. */
  terms(name: string): number[] {
    return this.store(name)
      .snapshot()
      .entries.map((entry) => entry.term);
  }

  private committed(name: string): void {
    const { log } = this.log(name);
    this.proposed = this.proposed.filter(({ leader, entry, committed }) => {
      if (leader !== name || entry.index > log.commitIndex) return true;
      if (log.entryAt(entry.index)?.bytes.equals(entry.bytes) === true) committed.push(entry);
      return false;
    });
  }

  private send(from: string, to: string, message: LogMessage): void {
    this.sent.push({ from, to, message });
    if (!this.cut.has(`${from}>${to}`) && !this.lostTypes.has(message.type))
      this.queue.push({ from, to, bytes: encodeLogMessage(message) });
  }
}

function isOfReplication(message: LogMessage): message is ReplicationMessage {
  return ['append', 'appended', 'readmit', 'commit'].includes(message.type);
}

/** The hash of the entry that a node holds at a position. */
export function hashAt(bus: LogBus, name: string, index: number): Buffer {
  const entry = bus.store(name).entryAt(index);
  return entry === null ? GENESIS_HASH : entryHash(entry);
}

export function votingStore(): MemoryLogStore {
  const store = new MemoryLogStore();
  store.setMembership('voter');
  return store;
}
