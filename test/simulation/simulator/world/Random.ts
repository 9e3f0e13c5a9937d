/**
 * A small integer generator (sfc32): the same numbers on every machine and Node version. Each part of a schedule has
 * its own, made of the schedule's seed and the part's name, so that a change in one part does not move the others.
 */
export class Random {
  private a: number;
  private b: number;
  private c: number;
  private counter = 1;

  constructor(seed: number, part: string) {
    let hash = 0x811c9dc5;
    for (const character of `${seed}/${part}`)
      hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
    this.a = hash | 0;
    this.b = Math.imul(hash, 0x9e3779b1) | 0;
    this.c = seed | 0;
    for (let round = 0; round < 12; round++) this.uint32();
  }

  /** 0 to 2^32 - 1. */
  uint32(): number {
    const result = (((this.a + this.b) | 0) + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = ((this.c << 21) | (this.c >>> 11)) + result;
    return result >>> 0;
  }

  /** 0 to `limit` - 1. */
  below(limit: number): number {
    return this.uint32() % limit;
  }

  /** `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  /** True so many times in a thousand. */
  perMille(times: number): boolean {
    return this.below(1000) < times;
  }

  /** What Math.random gives: from 0, below 1. */
  fraction(): number {
    return this.uint32() / 2 ** 32;
  }

  pick<Item>(items: readonly Item[]): Item {
    const item = items[this.below(Math.max(1, items.length))];
    if (item === undefined) throw new Error('nothing to pick from');
    return item;
  }

  /** The items in a random order. */
  shuffle<Item>(items: readonly Item[]): Item[] {
    const left = [...items];
    const shuffled: Item[] = [];
    while (left.length > 0) shuffled.push(...left.splice(this.below(left.length), 1));
    return shuffled;
  }

  bytes(length: number): Buffer {
    const bytes = Buffer.alloc(length);
    for (let at = 0; at < length; at++) bytes[at] = this.uint32() & 0xff;
    return bytes;
  }
}
