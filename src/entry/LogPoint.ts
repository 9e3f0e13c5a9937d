import { MalformedEntryError } from './MalformedEntryError';

/** Length of an entry's hash, bytes. */
export const HASH_BYTES = 32;

/** Length of a cluster's identity, bytes. */
export const IDENTITY_BYTES = 16;

/** Bytes of an index, term, log number or createdAt. */
export const NUMBER_BYTES = 6;

/** A place in a log that an entry can follow on: an entry, or what is known of one that is forgotten. */
export interface LogPoint {
  readonly index: number;
  readonly term: number;
  readonly logNumber: number;
  /** They end with its hash, which covers all before it. */
  readonly bytes: Buffer;
}

/** The hash before the first entry. */
export const GENESIS_HASH: Buffer = Buffer.alloc(HASH_BYTES);

/** What the first entry follows on. */
export const GENESIS: LogPoint = { index: 0, term: 0, logNumber: 0, bytes: GENESIS_HASH };

const TERM_AT = NUMBER_BYTES;
const LOG_NUMBER_AT = TERM_AT + NUMBER_BYTES;
const HASH_AT = LOG_NUMBER_AT + NUMBER_BYTES;

/** Length of what {@link encodePoint} makes. */
export const POINT_BYTES = HASH_AT + HASH_BYTES;

/** A point's bytes: index, term and log number (6 each), hash (32). */
export function encodePoint({ index, term, logNumber, bytes }: LogPoint): Buffer {
  const encoded = Buffer.alloc(POINT_BYTES);
  encoded.writeUIntBE(index, 0, NUMBER_BYTES);
  encoded.writeUIntBE(term, TERM_AT, NUMBER_BYTES);
  encoded.writeUIntBE(logNumber, LOG_NUMBER_AT, NUMBER_BYTES);
  encoded.set(bytes.subarray(bytes.length - HASH_BYTES), HASH_AT);
  return encoded;
}

/**
 * The point of which these are the first bytes.
 *
 * @throws MalformedEntryError when they are none.
 */
export function decodePoint(encoded: Buffer): LogPoint {
  if (encoded.length < POINT_BYTES) throw new MalformedEntryError('a point of a log is cut short');
  const index = encoded.readUIntBE(0, NUMBER_BYTES);
  const logNumber = encoded.readUIntBE(LOG_NUMBER_AT, NUMBER_BYTES);
  if (logNumber > index) throw new MalformedEntryError(`position ${index}, index ${logNumber}`);
  const bytes = Buffer.from(encoded.subarray(HASH_AT, POINT_BYTES));
  return { index, term: encoded.readUIntBE(TERM_AT, NUMBER_BYTES), logNumber, bytes };
}
