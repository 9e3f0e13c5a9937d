import { RequestError, toError } from '../errors';
import { BACKUP_PAGE_BYTES_MAX, BACKUP_PAGE_ENTRIES_MAX } from '../limits';
import type { LogEntry } from '../entry/Entry';
import type { CommittedLog, Db } from '../api';
import type { LogReads } from './log/LogReads';
import type { ReplicatedLog } from './log/ReplicatedLog';
import type { AnsweredLogs } from './pushes/AnsweredLogs';
import type { RequestGate } from './RequestGate';
import type { LagQuestions, Lags } from './status/LagQuestions';
import type { NodeView } from './status/NodeView';

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

/** What may be read of a node: `getDb()` of the tutorial, and the log as it is stored. */
export class NodeReads {
  readonly db: Db = {
    getEntry: () => ({ get: (index) => this.getEntry(index) }),
    getState: () => ({
      getInfo: () => this.whenUpToDate(() => this.parts.view.info()),
      getStatus: async () => {
        const lags = await this.leaderLags();
        return this.whenUpToDate(() => this.parts.view.status(lags));
      },
    }),
  };

  /** The committed log as it is stored. */
  readonly committedLog: CommittedLog = {
    head: async (confirmed) => {
      // A miss is what the leader confirms: this index no log has.
      if (confirmed) await this.getEntry(Number.MAX_SAFE_INTEGER);
      const { log } = this.parts.log;
      return this.reading(() => log.entryAt(log.commitIndex));
    },
    read: (from) =>
      this.reading(() => this.parts.log.readCommitted(from, BACKUP_PAGE_BYTES_MAX, BACKUP_PAGE_ENTRIES_MAX)),
  };

  constructor(private readonly parts: NodeReadsParts) {}

  private getEntry(index: number): Promise<LogEntry | null> {
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
    const { gate, onDamage } = this.parts;
    if (!gate.isOpen) return Promise.reject(gate.notRunning());
    try {
      return Promise.resolve(read());
    } catch (thrown) {
      // Only damage of the store comes here.
      onDamage(toError(thrown));
      return Promise.reject(new RequestError('INTERNAL', 'the log could not be read: see the node’s log'));
    }
  }

  /** What only the leader knows; null on the leader, and where none is followed. */
  private leaderLags(): Promise<Lags | null> {
    const { gate, log, lagQuestions } = this.parts;
    return log.leader === null || !gate.isOpen ? Promise.resolve(null) : lagQuestions.ask(log.leader);
  }
}
