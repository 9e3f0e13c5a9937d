import { RETAIN_FULL_LOOK_MS, RETAIN_LOOK_MS, RETAIN_PARTS_A_LOOK } from '../limits';
import type { Retain } from '../api';
import type { LogStore } from '../storage/LogStore';
import type { Clock } from './log/Clock';
import type { LogLimits } from './log/LogLimits';
import type { ReplicatedLog } from './log/ReplicatedLog';
import type { FlushRequests } from './pushes/FlushRequests';

const DAY_MS = 86_400_000;

/**
 * Trims by what the cluster's settings retain. The leader looks now and then, and proposes a trim where a whole file of its
 * store can go: what one of the settings does not retain. By `logs` and `days` it leaves what pushes are remembered of, so
 * that no push is too old to know sooner than without a trim; by `bytes`, and while disks are full, it does not, as the disk
 * is what is short then.
 */
export class Retention {
  private lookedAt = -Infinity;

  constructor(
    private readonly retain: Retain,
    private readonly log: ReplicatedLog,
    private readonly store: Pick<LogStore, 'trimmable'>,
    private readonly flushes: FlushRequests,
    private readonly wallClock: Clock,
    private readonly limits: LogLimits,
  ) {}

  /** Called every few ms. */
  tick(now: number): void {
    const isFull = this.log.fullness !== null;
    if (now - this.lookedAt < (isFull ? RETAIN_FULL_LOOK_MS : RETAIN_LOOK_MS)) return;
    this.lookedAt = now;
    const { readIndex, takesPushes, log } = this.log;
    if (readIndex === null || !takesPushes) return;
    const floorIndex = this.due(isFull);
    if (floorIndex <= log.floor.index) return;
    this.log.proposeTrim(floorIndex);
    this.flushes.want();
  }

  /** The index up to which nothing is retained, the last of a file; 0 where that is none. */
  private due(isFull: boolean): number {
    const { log } = this.log;
    const parts = this.store.trimmable();
    let bytes = 0;
    for (const part of parts) bytes += part.bytes;
    let due = 0;
    for (const part of parts.slice(0, RETAIN_PARTS_A_LOOK)) {
      const isRemembered = !isFull && log.commitIndex - part.last < this.limits.REMEMBERED_PUSHES_MAX;
      if (!this.isTooMuch(bytes) && (isRemembered || !this.isTooOld(part.last))) break;
      due = part.last;
      bytes -= part.bytes;
    }
    return due;
  }

  private isTooMuch(bytes: number): boolean {
    return this.retain.bytes !== undefined && bytes > this.retain.bytes;
  }

  private isTooOld(index: number): boolean {
    const { logs, days } = this.retain;
    const { log } = this.log;
    const entry = log.entryAt(index);
    if (entry === null) return false;
    if (logs !== undefined && log.committedLogNumber - entry.logNumber >= logs) return true;
    return days !== undefined && this.wallClock.now() - entry.createdAt > days * DAY_MS;
  }
}
