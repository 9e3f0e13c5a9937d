import { HASH_BYTES, NUMBER_BYTES, type Entry } from '../../entry/Entry';
import { framedBytes, writeEntries } from '../../entry/entryFrames';
import { sha256 } from '../../entry/sha256';
import type { StoredExtent } from '../segments/StoredExtent';
import { SECTOR_BYTES } from '../StoreDisk';

/**
 * A record of a journal. Records begin at multiples of a sector, so that none can harm the one before it.
 *
 * | offset | bytes | field |
 * | --- | --- | --- |
 * | 0 | 16 | generation: random, of each use of a journal's file, so that nothing from before is taken for a record |
 * | 16 | 4 | number in the generation: 0, 1, 2, … |
 * | 20 | 1 | kind |
 * | 21 | 4 | bytes of the body |
 * | 25 | 6 | commitIndex |
 * | 31 | 6 | how far the segments count: the last index in them |
 * | 37 | 6 | the first index of the last segment that counts |
 * | 43 | 4 | how many of its bytes count |
 * | 47 | 32 | sha256 over the bytes before, the hash of the record before in this place (zeros: there is none), and the body |
 * | 79 | n | body: entries as {@link writeEntries} has them, before them in a `begin`, and alone in a `floor`, what {@link encodePoint} makes; else JSON, or nothing |
 */
export interface JournalRecord {
  readonly kind: RecordKind;
  readonly commitIndex: number;
  readonly stored: StoredExtent;
  readonly body: Buffer;
}

/**
 * What a record brings, by the number that stands for it:
 * - `opening`: the first of a generation: term, vote, and which others are needed;
 * - `append`: entries, in place of all from the first one's index on; commitIndex may be all that it brings;
 * - `hardState`: term and vote;
 * - `floor`: where the log begins;
 * - `begin`: the same, and the entries behind it, in place of all;
 * - `seal`: nothing. It stands behind the last record, so that damage to that one is not taken for a torn write;
 * - `closing`: the last of a generation: which one goes on.
 */
const KINDS = ['opening', 'append', 'hardState', 'floor', 'begin', 'seal', 'closing'] as const;
export type RecordKind = (typeof KINDS)[number];

/** Length of a generation's name, bytes. */
export const GENERATION_BYTES = 16;

const NUMBER_AT = 16;
const KIND_AT = 20;
const BODY_BYTES_AT = 21;
const COMMIT_INDEX_AT = 25;
const STORED_INDEX_AT = 31;
const STORED_FIRST_AT = 37;
const STORED_BYTES_AT = 43;
const HASH_AT = 47;
const BODY_AT = HASH_AT + HASH_BYTES;

/** The hash before the first record of a generation. */
export const NO_HASH = '\0'.repeat(HASH_BYTES);

/** How many bytes a record with such a body takes in its journal: whole sectors. */
export function recordBytes(body: Buffer | readonly Entry[]): number {
  return sectors(BODY_AT + (Buffer.isBuffer(body) ? body.length : framedBytes(body)));
}

/** Where a record stands: behind which one of which generation. `hash`: that one's, in latin1. */
export interface RecordPlace {
  readonly generation: Buffer;
  readonly number: number;
  readonly hash: string;
}

/** Writes a record into a buffer that has room for {@link recordBytes}; returns its hash, in latin1. */
export function encodeRecord(
  into: Buffer,
  { generation, number, hash }: RecordPlace,
  { kind, commitIndex, stored }: Omit<JournalRecord, 'body'>,
  body: Buffer | readonly Entry[],
): string {
  into.set(generation);
  into.writeUInt32BE(number, NUMBER_AT);
  into.writeUInt8(KINDS.indexOf(kind), KIND_AT);
  into.writeUIntBE(commitIndex, COMMIT_INDEX_AT, NUMBER_BYTES);
  into.writeUIntBE(stored.index, STORED_INDEX_AT, NUMBER_BYTES);
  into.writeUIntBE(stored.first, STORED_FIRST_AT, NUMBER_BYTES);
  into.writeUInt32BE(stored.bytes, STORED_BYTES_AT);
  into.write(hash, HASH_AT, 'latin1');
  let end: number;
  if (Buffer.isBuffer(body)) {
    into.set(body, BODY_AT);
    end = BODY_AT + body.length;
  } else end = writeEntries(body, into, BODY_AT);
  into.writeUInt32BE(end - BODY_AT, BODY_BYTES_AT);
  const own = hashOf(into, end);
  into.write(own, HASH_AT, 'latin1');
  into.fill(0, end, sectors(end));
  return own;
}

/** A whole record, as it was found. */
export interface FoundRecord extends JournalRecord {
  /** In latin1. */
  readonly hash: string;
  /** Bytes up to the next record. */
  readonly bytes: number;
}

/** The record at an offset of a journal's content, when it stands at this place; null when it does not, or is not whole. */
export function decodeRecord(content: Buffer, at: number, place: RecordPlace): FoundRecord | null {
  const bytes = content.subarray(at);
  if (bytes.length < BODY_AT) return null;
  const end = BODY_AT + bytes.readUInt32BE(BODY_BYTES_AT);
  if (end > bytes.length) return null;
  if (!place.generation.equals(bytes.subarray(0, GENERATION_BYTES))) return null;
  if (bytes.readUInt32BE(NUMBER_AT) !== place.number) return null;
  const hash = bytes.toString('latin1', HASH_AT, BODY_AT);
  // A copy: what is hashed has the hash before in the place of its own.
  const hashed = Buffer.from(bytes.subarray(0, end));
  hashed.write(place.hash, HASH_AT, 'latin1');
  const kind = KINDS[bytes.readUInt8(KIND_AT)];
  if (hashOf(hashed, end) !== hash || kind === undefined) return null;
  return {
    kind,
    commitIndex: bytes.readUIntBE(COMMIT_INDEX_AT, NUMBER_BYTES),
    stored: {
      index: bytes.readUIntBE(STORED_INDEX_AT, NUMBER_BYTES),
      first: bytes.readUIntBE(STORED_FIRST_AT, NUMBER_BYTES),
      bytes: bytes.readUInt32BE(STORED_BYTES_AT),
    },
    body: hashed.subarray(BODY_AT, end),
    hash,
    bytes: sectors(end),
  };
}

function hashOf(record: Buffer, end: number): string {
  return sha256(record.subarray(0, BODY_AT), 0, record.subarray(BODY_AT, end), end - BODY_AT);
}

function sectors(bytes: number): number {
  return Math.ceil(bytes / SECTOR_BYTES) * SECTOR_BYTES;
}
