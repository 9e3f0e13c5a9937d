import { invariant } from '../../errors';
import { KeyPagesWriter } from '../keys/KeyPagesWriter';
import type { RecentKeys } from '../keys/RecentKeys';
import type { StoreFile } from '../StoreDisk';
import type { Segment } from './Segment';

/**
 * The closing of a segment that is full: its index by key is made in steps, and written with the footer at the end. Until
 * then its keys are found among the recent ones.
 */
export class SegmentClosing {
  private readonly pages: KeyPagesWriter;

  constructor(
    readonly segment: Segment,
    private readonly keys: RecentKeys,
  ) {
    invariant(keys.first === segment.first, () => `keys from ${keys.first} in ${segment.name}`);
    this.pages = new KeyPagesWriter(keys.hashesTo(segment.last), keys.hash.seed);
  }

  /** Does a part of the work, 0 to 1 of all; returns whether {@link end} has nothing to do but to write. */
  step(part: number): boolean {
    return this.pages.step(part);
  }

  /** Does what is left, and closes the segment. */
  end(file: StoreFile): void {
    const { bytes, info } = this.pages.end();
    this.segment.close(file, bytes, info);
    this.keys.forgetTo(this.segment.last);
  }
}
