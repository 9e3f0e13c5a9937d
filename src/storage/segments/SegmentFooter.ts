import { createHash } from 'node:crypto';
import { z } from 'zod';
import { HASH_BYTES } from '../../entry/Entry';

const count = z.number().int().nonnegative();
const footerSchema = z.strictObject({
  /** Indexes of its first and its last entry. */
  first: count,
  last: count,
  /** Of its last entry: the log number, and the hash in hex, which covers all before it. */
  logNumber: count,
  hash: z.string(),
  /** Bytes of its entries, which begin at 0 and follow each other. */
  bytes: count,
  /** For each block of entries the index of the first. */
  blockFirsts: z.array(count),
  /** Where each block begins. */
  blockStarts: z.array(count),
  /** Indexes of its entries that are no logs. */
  empties: z.array(count),
  /** Of the index by key, which stands between the entries and the footer: see KeyPagesInfo. */
  keySeed: z.string(),
  keyCount: count,
  keyFirsts: z.array(count),
});

/** What a closed segment says of its entries, behind them. */
export type SegmentFooter = Readonly<z.infer<typeof footerSchema>>;

/** Behind the footer's JSON: its SHA-256, its length, and what says that this is a closed segment. */
const MAGIC = Buffer.from('mokkaSEG');
const LENGTH_AT = HASH_BYTES;
const MAGIC_AT = LENGTH_AT + 4;

/** Bytes at the end of a closed segment that say how long its footer is, and prove it. */
export const TRAILER_BYTES = MAGIC_AT + MAGIC.length;

export function encodeFooter(footer: SegmentFooter): Buffer {
  const json = Buffer.from(JSON.stringify(footer));
  const trailer = Buffer.alloc(TRAILER_BYTES);
  trailer.set(hashOf(json));
  trailer.writeUInt32BE(json.length, LENGTH_AT);
  trailer.set(MAGIC, MAGIC_AT);
  return Buffer.concat([json, trailer]);
}

/** How long the JSON before a trailer is, bytes; null when these bytes are no trailer. */
export function footerBytes(trailer: Buffer): number | null {
  if (trailer.length < TRAILER_BYTES || !trailer.subarray(MAGIC_AT).equals(MAGIC)) return null;
  return trailer.readUInt32BE(LENGTH_AT);
}

/** A footer from its JSON and the trailer behind; null when they are not what was written. */
export function decodeFooter(json: Buffer, trailer: Buffer): SegmentFooter | null {
  if (!hashOf(json).equals(trailer.subarray(0, LENGTH_AT))) return null;
  return footerSchema.parse(JSON.parse(json.toString()));
}

function hashOf(json: Buffer): Buffer {
  return createHash('sha256').update(json).digest();
}
