import { RequestError, toError, TrimmedError } from '../../errors';
import {
  BACKUP_PAGE_BYTES_MAX,
  BACKUP_PAGE_ENTRIES_MAX,
  FOLLOW_PAGE_BYTES_MAX,
  LIST_BYTES_MAX,
  LIST_ENTRIES_MAX,
} from '../../limits';
import { EntryKind, toLogEntry, type Entry, type LogPoint } from '../../entry/Entry';
import type { CommittedLog, Db, LogPage, PageOptions, StoredLogs, StoredPage } from '../../api';
import { checkIndex, checkLimit, checkObject } from './checkRead';
import { LogFollowers, type ToldLogs } from './LogFollowers';
import { KeyReads, type KeyedLogs } from './KeyReads';
import type { LogReads } from './LogReads';
import type { ReplicatedLog } from '../log/ReplicatedLog';
import type { AnsweredLogs } from '../pushes/AnsweredLogs';
import type { RequestGate } from './RequestGate';
import type { LagQuestions, Lags } from '../status/LagQuestions';
import type { NodeView } from '../status/NodeView';
import type { NodeSight } from '../status/NodeVitals';

export interface NodeReadsParts {
  readonly gate: RequestGate;
  readonly log: ReplicatedLog;
  readonly reads: LogReads;
  readonly answered: AnsweredLogs;
  readonly view: NodeView;
  readonly lagQuestions: LagQuestions;
  /** The store could not be read: the node must not go on with it. */
  readonly onDamage: (error: Error) => void;
}

/** What may be read of a node: `getDb()` of the tutorial, its logs in order, and the log as it is stored. */
export class NodeReads implements ToldLogs, KeyedLogs {
  readonly followers = new LogFollowers(this);
  private readonly byKey = new KeyReads(this);
  private lastWasLong = false;
  readonly db: Db = {
    getEntry: () => ({
      get: async (index) => {
        const entry = await this.storedLog(index);
        return entry === null ? null : toLogEntry(entry);
      },
      latest: async (key) => {
        const entry = await this.byKey.latest(key);
        return entry === null ? null : toLogEntry(entry);
      },
      history: async (key, options) => {
        const { entries, next } = await this.byKey.history(key, options);
        return { logs: entries.map(toLogEntry), next };
      },
    }),
    getState: () => ({
      getInfo: () => this.whenUpToDate(() => this.parts.view.info()),
      getStatus: async () => {
        const lags = await this.leaderLags();
        return this.whenUpToDate(() => this.parts.view.status(lags));
      },
    }),
  };

  /** One log that is as long as a page is read in a turn, as pages are: heartbeats go on between, however many read. */
  readonly storedLogs: StoredLogs = {
    get: async (index) => {
      if (this.lastWasLong) await this.followers.turn();
      const entry = await this.storedLog(index);
      this.lastWasLong = entry !== null && entry.bytes.length > FOLLOW_PAGE_BYTES_MAX;
      return entry;
    },
    page: (options) => this.storedPage(options),
    latest: (key) => this.byKey.latest(key),
    history: (key, options) => this.byKey.history(key, options),
    follow: (options) => this.followers.followPages(options),
    takePlace: () => this.followers.takePlace(),
  };

  /** The committed log as it is stored. */
  readonly committedLog: CommittedLog = {
    head: async (confirmed) => {
      if (confirmed) await this.confirmed();
      const { log } = this.parts.log;
      return this.reading(() => {
        const { floor, identity } = log;
        const last = log.entryAt(log.commitIndex);
        return last === null ? null : { floor, last, identity };
      });
    },
    read: (from) =>
      this.reading(() => {
        if (from <= this.floor.index) throw new TrimmedError(this.floor.logNumber);
        return this.parts.log.readCommitted(from, BACKUP_PAGE_BYTES_MAX, BACKUP_PAGE_ENTRIES_MAX);
      }),
  };

  constructor(private readonly parts: NodeReadsParts) {}

  readFrom(logNumber: number, maxBytes: number, maxCount: number): Entry[] {
    return this.readNow(() => {
      const { gate, log } = this.parts;
      const refusal = gate.historiesDiffer(logNumber);
      if (refusal !== null) throw refusal;
      const { floor } = log.log;
      if (logNumber <= floor.logNumber) throw new TrimmedError(floor.logNumber);
      const first = log.log.committedLog(logNumber);
      if (first === null) return [];
      return log
        .readCommitted(first.index, maxBytes, maxCount)
        .filter((entry) => entry.kind === EntryKind.Log && gate.historiesDiffer(entry.logNumber) === null);
    });
  }

  async confirmed(): Promise<void> {
    // A miss is what the leader confirms: this index no log has.
    await this.storedLog(Number.MAX_SAFE_INTEGER);
  }

  turn(): Promise<void> {
    return this.followers.turn();
  }

  get floor(): LogPoint {
    return this.parts.log.log.floor;
  }

  get committedLogNumber(): number {
    return this.parts.log.log.committedLogNumber;
  }

  entryIndexOf(logNumber: number): number {
    return this.readNow(() => this.parts.log.log.indexOfCommitted(logNumber));
  }

  lastOfKey(key: Buffer, below: number): Entry | number {
    return this.readNow(() => {
      const { gate, log } = this.parts;
      const found = log.log.lastOfKey(key, below);
      const refusal = typeof found === 'number' ? null : gate.historiesDiffer(found.logNumber);
      if (refusal !== null) throw refusal;
      return found;
    });
  }

  /** See {@link LogReader.entries}. */
  async page(options: PageOptions = {}): Promise<LogPage> {
    const { entries, next, upToDate } = await this.storedPage(options);
    return { logs: entries.map(toLogEntry), next, upToDate };
  }

  private async storedPage(options: PageOptions = {}): Promise<StoredPage> {
    checkObject(options);
    const { from = 1, limit = LIST_ENTRIES_MAX } = options;
    checkIndex('from', from);
    checkLimit(limit);
    const read = async (): Promise<Entry[]> => {
      await this.followers.turn();
      return this.readFrom(from, LIST_BYTES_MAX, limit);
    };
    const { log } = this.parts.log;
    let entries = await read();
    // Where it ends with the last log that this node knows of, there may be more: a miss is what the leader confirms.
    const isConfirmed = entries.length < limit && from + entries.length > log.committedLogNumber;
    if (isConfirmed) {
      await this.confirmed();
      entries = await read();
    }
    const next = from + entries.length;
    return { entries, next, upToDate: isConfirmed && next > log.committedLogNumber };
  }

  /** What this node sees now, without a wait and without a question to another. @throws RequestError NODE_UNREACHABLE */
  seen(): NodeSight {
    const { gate, view } = this.parts;
    const see = (): NodeSight => ({ info: view.info(), members: view.status(null) });
    return gate.isNotYetOpen ? see() : this.readNow(see);
  }

  private storedLog(index: number): Promise<Entry | null> {
    if (typeof index !== 'number')
      return Promise.reject(new RequestError('BAD_ARGUMENT', `an index is a number, not ${typeof index}`));
    return this.reading(() => {
      const refusal = this.parts.gate.historiesDiffer(index);
      return refusal === null ? this.parts.reads.get(index) : Promise.reject(refusal);
    });
  }

  /** Tells what a node that is not connected yet can tell too; one that is waits for what it has acknowledged. */
  private whenUpToDate<T>(tell: () => T): Promise<T> {
    const { gate, answered } = this.parts;
    if (gate.isNotYetOpen) return Promise.resolve(tell());
    return this.reading(() => answered.held()).then(() => this.reading(tell));
  }

  private reading<T>(read: () => T | Promise<T>): Promise<T> {
    try {
      return Promise.resolve(this.readNow(read));
    } catch (thrown) {
      return Promise.reject(toError(thrown));
    }
  }

  private readNow<T>(read: () => T): T {
    const { gate, onDamage } = this.parts;
    if (!gate.isOpen) throw gate.notRunning();
    try {
      return read();
    } catch (thrown) {
      if (thrown instanceof RequestError) throw thrown;
      // Only damage of the store comes here.
      onDamage(toError(thrown));
      throw new RequestError('INTERNAL', 'the log could not be read: see the node’s log');
    }
  }

  /** What only the leader knows; null on the leader, and where none is followed. */
  private leaderLags(): Promise<Lags | null> {
    const { gate, log, lagQuestions } = this.parts;
    return log.leader === null || !gate.isOpen ? Promise.resolve(null) : lagQuestions.ask(log.leader);
  }
}
