import { SLOW_DISK_LOG_MS } from '../limits';

/** What a person needs to know of a disk that is too slow for the timeouts as they are set; times in ms. */
export interface SlowDisk {
  /** The directory. */
  readonly place: string;
  readonly writeMs: number;
  readonly heartbeat: number;
  readonly electionTimeout: number;
}

/** Names a disk whose writes take longer than an election timeout, once in SLOW_DISK_LOG_MS. */
export class SlowDiskLog {
  private loggedAt = -Infinity;

  constructor(private readonly warn: (fields: object, message: string) => void) {}

  wrote(disk: SlowDisk, now: number): void {
    const { place, heartbeat, electionTimeout } = disk;
    const writeMs = Math.round(disk.writeMs);
    if (writeMs < electionTimeout || now - this.loggedAt < SLOW_DISK_LOG_MS) return;
    this.loggedAt = now;
    this.warn(
      { event: 'slow_disk', directory: place, writeMs, heartbeat, electionTimeout },
      `a write to ${place} took ${writeMs} ms, with electionTimeout ${electionTimeout} ms and heartbeat ${heartbeat} ms: ` +
        'each add waits for such writes; give the node a faster disk, or, where that cannot be, raise both settings',
    );
  }
}
