import { createHash, randomBytes } from 'node:crypto';
import { KEY_BYTES_MAX } from '../../limits';

/** Of a key's hash; two keys have the same one once in 2 million. */
export const KEY_HASH_BITS = 21;

const UNUSED_BITS = 32 - KEY_HASH_BITS;

/**
 * Hashes keys by multiplying each byte with a factor of its place. The factors come from a random seed, so that nobody can
 * choose keys whose hashes are equal: for any two keys, few factors give that (Dietzfelbinger: the upper 24 bits of such
 * a sum are universal). A key's text is hashed with each entry, for which a hash of cryptography would take too long.
 */
export class KeyHash {
  /** For each byte of the longest key, and one to begin with. */
  private readonly factors: Int32Array;

  /** @param seed 32 hex digits */
  constructor(readonly seed: string) {
    const count = KEY_BYTES_MAX + 1;
    const stream = createHash('shake256', { outputLength: 4 * count })
      .update(seed)
      .digest();
    this.factors = new Int32Array(count);
    for (let at = 0; at < count; at++) this.factors[at] = stream.readInt32LE(4 * at);
  }

  static draw(): KeyHash {
    return new KeyHash(randomBytes(16).toString('hex'));
  }

  /** Of the key that stands there, a whole number of KEY_HASH_BITS bits. */
  of(bytes: Buffer, from: number, to: number): number {
    const { factors } = this;
    let sum = factors[KEY_BYTES_MAX] ?? 0;
    // One more than the byte: else keys that end with zeros would be as those without them.
    for (let at = from; at < to; at++)
      sum = (sum + Math.imul(factors[at - from] ?? 0, (bytes[at] ?? 0) + 1)) | 0;
    return sum >>> UNUSED_BITS;
  }
}
