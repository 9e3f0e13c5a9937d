import { randomBytes } from 'node:crypto';
import { RequestError, TrimmedError } from '../../errors';
import { READ_CONFIRM_RETRY_MS, READS_WAITING_MAX } from '../../limits';
import type { LogLimits } from '../log/LogLimits';
import type { Entry } from '../../entry/Entry';
import type { Outbox } from '../messages/Outbox';
import type { Clock } from '../log/Clock';
import type { ReadableLog } from '../log/LocalLog';
import type { ReplicatedLog } from '../log/ReplicatedLog';

/** The leader's half of a read: says what is committed. */
export interface CommitConfirmation {
  /** On the leader: its commitIndex once a quorum has confirmed that it still leads, else null. */
  confirmCommitIndex(done: (commitIndex: number | null) => void): void;
}

interface WaitingRead {
  readonly logNumber: number;
  readonly deadlineAt: number;
  readonly resolve: (entry: Entry | null) => void;
  readonly reject: (error: RequestError) => void;
}

/**
 * Reads of committed logs. A hit is answered from the own log, since a committed entry never changes. A miss is
 * answered only after the leader has confirmed its commitIndex with a quorum, and this node has reached it: so no read is
 * stale (Raft dissertation, 6.4). Misses that come together share one confirmation.
 */
export class LogReads {
  /** Misses that no confirmation covers yet. */
  private unasked: WaitingRead[] = [];
  /** Misses that the confirmation under way covers. */
  private asked: { id: number; at: number; reads: WaitingRead[] } | null = null;
  /** Confirmed misses, until this node's commitIndex reaches the confirmed one. */
  private confirmed: { commitIndex: number; reads: WaitingRead[] }[] = [];
  /** Begins at random: a confirmation that an earlier process of this node asked for is none for this one. */
  private lastId = randomBytes(6).readUIntBE(0, 6);

  constructor(
    private readonly replicatedLog: Pick<ReplicatedLog, 'agreedLeader' | 'leads'>,
    private readonly log: Pick<ReadableLog, 'commitIndex' | 'committedLog' | 'floor'>,
    private readonly confirmation: CommitConfirmation,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
    private readonly limits: LogLimits,
  ) {}

  /** The committed log with this number, or null when there is none. @throws TrimmedError */
  get(logNumber: number): Promise<Entry | null> {
    if (!Number.isSafeInteger(logNumber) || logNumber < 1) return Promise.resolve(null);
    if (this.isTrimmed(logNumber)) return Promise.reject(new TrimmedError(this.log.floor.logNumber));
    const entry = this.log.committedLog(logNumber);
    if (entry !== null) return Promise.resolve(entry);
    return new Promise((resolve, reject) => {
      if (this.waiting >= READS_WAITING_MAX) {
        reject(
          new RequestError(
            'BUSY',
            `${READS_WAITING_MAX} reads wait for the leader: ask again when some are answered`,
          ),
        );
        return;
      }
      this.unasked.push({
        logNumber,
        deadlineAt: this.clock.now() + this.limits.READ_DEADLINE_MS,
        resolve,
        reject,
      });
      this.ask();
    });
  }

  /** The leader answered what is committed. */
  answered(id: number, commitIndex: number | null): void {
    if (this.asked?.id !== id) return;
    const { reads } = this.asked;
    this.asked = null;
    if (commitIndex === null) this.unasked.unshift(...reads);
    else this.confirmed.push({ commitIndex, reads });
    this.committed();
    if (commitIndex !== null) this.ask();
  }

  /** This node's commitIndex rose. */
  committed(): void {
    while (this.confirmed[0] !== undefined && this.confirmed[0].commitIndex <= this.log.commitIndex)
      for (const { logNumber, resolve, reject } of this.confirmed.shift()?.reads ?? [])
        if (this.isTrimmed(logNumber)) reject(new TrimmedError(this.log.floor.logNumber));
        else resolve(this.log.committedLog(logNumber));
  }

  private isTrimmed(logNumber: number): boolean {
    return logNumber <= this.log.floor.logNumber;
  }

  /** Called every few ms: asks again what was lost, and ends reads whose deadline passed. */
  tick(now: number): void {
    if (this.waiting === 0) return;
    this.reject(
      (read) => now >= read.deadlineAt,
      () => new RequestError('NO_LEADER', 'no leader could confirm in time what is committed; try again'),
    );
    if (this.asked !== null && now - this.asked.at >= READ_CONFIRM_RETRY_MS) {
      this.unasked.unshift(...this.asked.reads);
      this.asked = null;
    }
    this.ask();
  }

  /** Ends all reads: the node stops. */
  close(): void {
    this.reject(
      () => true,
      () => new RequestError('NODE_UNREACHABLE', 'this node has stopped: ask another node'),
    );
  }

  /** Ends reads with one error for all of them: a stack trace each would take longer than a heartbeat. */
  private reject(ends: (read: WaitingRead) => boolean, makeError: () => RequestError): void {
    let error: RequestError | null = null;
    const goesOn = (read: WaitingRead): boolean => {
      if (!ends(read)) return true;
      read.reject((error ??= makeError()));
      return false;
    };
    this.unasked = this.unasked.filter(goesOn);
    if (this.asked !== null) this.asked.reads = this.asked.reads.filter(goesOn);
    for (const group of this.confirmed) group.reads = group.reads.filter(goesOn);
    this.confirmed = this.confirmed.filter((group) => group.reads.length > 0);
  }

  private get waiting(): number {
    let count = this.unasked.length + (this.asked?.reads.length ?? 0);
    for (const group of this.confirmed) count += group.reads.length;
    return count;
  }

  private ask(): void {
    const { agreedLeader, leads } = this.replicatedLog;
    if (this.asked !== null || this.unasked.length === 0 || (agreedLeader === null && !leads)) return;
    const id = ++this.lastId;
    this.asked = { id, at: this.clock.now(), reads: this.unasked };
    this.unasked = [];
    if (agreedLeader !== null) this.outbox.send(agreedLeader, { type: 'confirm', id });
    else this.confirmation.confirmCommitIndex((commitIndex) => this.answered(id, commitIndex));
  }
}
