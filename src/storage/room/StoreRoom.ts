import type { Room } from '../LogStore';

const MiB = 1024 * 1024;

/** What a node keeps of its disk for what must go on when the disk is full: elections, trims, and what was under way. */
export const RESERVE_BYTES_MAX = 64 * MiB;

/** It is no more than this part of the disk, or of `storeBytesMax`. */
const RESERVE_PART = 1 / 10;

/** The last part of the reserve is for the store's own: a node without more takes no entries from a leader. */
const OWN_PART = 1 / 4;

/** From this part of what a store may take on, people are told that it fills up. */
export const FILLS_UP_FROM = 0.8;

/** A look at a disk, bytes. */
export interface DiskLook {
  /** What the node may still write there, with what its reserve keeps. */
  readonly freeBytes: number;
  /** Of the whole file system. */
  readonly sizeBytes: number;
}

/** The reserve of a whole of so many bytes. */
export function reserveOf(bytes: number): number {
  return Math.min(RESERVE_BYTES_MAX, Math.floor(bytes * RESERVE_PART));
}

/**
 * How much a store may take of its disk, and how much is left of that. A plain state machine: it is told of the disk now
 * and then, and asked with what the store takes at the time, bytes.
 */
export class StoreRoom {
  private fullAt = Infinity;
  private noneAt = Infinity;

  /** @param bytesMax what its settings allow the store; null: as much as the disk has. */
  constructor(private readonly bytesMax: number | null) {
    this.limitTo(Infinity, Infinity);
  }

  /** The disk was looked at, while the store took so many bytes of it. Returns what its reserve is to have. */
  looked({ freeBytes, sizeBytes }: DiskLook, takenBytes: number): number {
    const reserve = reserveOf(sizeBytes);
    const onDisk = takenBytes + freeBytes;
    const own = reserve * OWN_PART;
    this.limitTo(onDisk - reserve - own, onDisk - own);
    return reserve;
  }

  of(takenBytes: number): Room {
    if (takenBytes >= this.noneAt) return 'none';
    return takenBytes >= this.fullAt ? 'full' : 'some';
  }

  /** Which part of what it may take for logs of users the store takes: 0 to 1. */
  fillOf(takenBytes: number): number {
    return this.fullAt <= takenBytes ? 1 : takenBytes / this.fullAt;
  }

  private limitTo(fullAt: number, noneAt: number): void {
    const { bytesMax } = this;
    this.fullAt = Math.min(fullAt, bytesMax ?? Infinity);
    this.noneAt = Math.min(noneAt, bytesMax === null ? Infinity : bytesMax + reserveOf(bytesMax));
  }
}
