import { statfsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import type { Room } from '../LogStore';
import { RESERVE_AFTER_MS, RESERVE_STEP_MS, ROOM_LOOK_MS } from '../StoreLimits';
import { ReserveFile } from './ReserveFile';
import { reserveOf, type DiskLook } from './StoreRoom';

/** The store whose disk is watched. */
export interface WatchedRoom {
  readonly room: Room;
  /** Its disk was looked at; returns what its reserve is to have, bytes. */
  lookedAt(disk: DiskLook): number;
}

/**
 * Tells a store, again and again, how much room its disk has, and keeps the reserve there: it grows while the disk has
 * room, in small steps, from some time after the start on, and is given up as soon as the disk is full. All beside the
 * caller's thread. A look that fails is left out: a disk that is gone shows with the next write.
 */
export class RoomWatch {
  private readonly reserve: ReserveFile;
  private readonly startedAt = performance.now();
  private timer: NodeJS.Timeout | null = null;
  private stopped = false;

  private constructor(
    private readonly directory: string,
    private readonly store: WatchedRoom,
  ) {
    this.reserve = new ReserveFile(directory);
  }

  static start(directory: string, store: WatchedRoom): RoomWatch {
    const watch = new RoomWatch(directory, store);
    void watch.look();
    return watch;
  }

  stop(): void {
    this.stopped = true;
    if (this.timer !== null) clearTimeout(this.timer);
  }

  private async look(): Promise<void> {
    let next = ROOM_LOOK_MS;
    try {
      const [disk, held] = [await statfs(this.directory), await this.reserve.size()];
      const look = { freeBytes: disk.bavail * disk.bsize + held, sizeBytes: disk.blocks * disk.bsize };
      if (this.stopped) return;
      const wanted = this.store.lookedAt(look);
      if (this.store.room !== 'some') await this.reserve.remove();
      // Half of what is free at most, so that to make the reserve never fills the disk.
      else if (held < wanted && look.freeBytes > 2 * wanted && this.isSettled) {
        await this.reserve.grow(wanted);
        next = RESERVE_STEP_MS;
      }
    } catch {
      // The next look may do.
    }
    if (this.stopped) return;
    this.timer = setTimeout(() => void this.look(), next);
    this.timer.unref();
  }

  private get isSettled(): boolean {
    return performance.now() - this.startedAt >= RESERVE_AFTER_MS;
  }
}

/** Before a store is opened: on a disk without room for a start the reserve is given up. */
export function giveUpReserveIfFull(directory: string): void {
  const { bavail, blocks, bsize } = statfsSync(directory);
  if (bavail * bsize < reserveOf(blocks * bsize)) new ReserveFile(directory).removeNow();
}
