import { RequestError } from '../errors';
import { KEY_BYTES_MAX, VALUE_BYTES_MAX } from '../limits';
import { GENESIS_HASH, HASH_BYTES, IDENTITY_BYTES, NUMBER_BYTES, type LogPoint } from './LogPoint';
import { MalformedEntryError } from './MalformedEntryError';
import { sha256 } from './sha256';
import { decodeTrim, type Trim } from './trim';

export { GENESIS, GENESIS_HASH, HASH_BYTES, IDENTITY_BYTES, NUMBER_BYTES, type LogPoint } from './LogPoint';
export { MalformedEntryError } from './MalformedEntryError';

/**
 * An entry of the replicated log and its canonical bytes. The same bytes are hashed, stored and sent: an entry is
 * encoded once, on the leader, and never again.
 *
 * | offset | bytes | field |
 * | --- | --- | --- |
 * | 0 | 1 | kind: 0 empty (a new leader's own, Raft 5.4.2), 1 a log, 2 a trim |
 * | 1 | 6 | index: Raft's, 1, 2, 3, … over all entries |
 * | 7 | 6 | term |
 * | 13 | 6 | logNumber: how many logs there are up to and with this entry; what people see as a log's index |
 * | 19 | 6 | createdAt, ms since 1970, the leader's |
 * | 25 | n | of a log its payload, see {@link encodePayload}; of a trim what {@link encodeTrim} makes; of the first entry its cluster's identity; else nothing |
 * | 25 + n | 32 | sha256 over the previous entry's hash and the bytes before this field |
 */
export interface Entry {
  readonly kind: EntryKind;
  readonly index: number;
  readonly term: number;
  readonly logNumber: number;
  readonly createdAt: number;
  readonly bytes: Buffer;
}

export const enum EntryKind {
  Empty = 0,
  Log = 1,
  /** Says up to where the log's beginning is forgotten. */
  Trim = 2,
}

/** An entry as people see it, in the tutorial's shape. */
export interface LogEntry {
  readonly index: number;
  readonly term: number;
  readonly hash: string;
  readonly createdAt: number;
  readonly log: { readonly key: string; readonly value: { readonly value: string; readonly nonce: number } };
}

/** What makes a push the same push when it is tried again (Raft dissertation, 6.3). */
export interface PushId {
  /** 16 hex digits: random at each start of a node, or the caller's own. */
  readonly session: string;
  /** A whole number of at least 0; a session's nonces increase. */
  readonly nonce: number;
}

const HEADER_BYTES = 25;
const PAYLOAD_HEADER_BYTES = 22;
const INDEX_AT = 1;
const TERM_AT = 7;
const LOG_NUMBER_AT = 13;
const CREATED_AT_AT = 19;

/** The largest index, term, log number and createdAt that an entry can hold. */
export const ENTRY_NUMBER_MAX = 2 ** (8 * NUMBER_BYTES) - 1;

/** The smallest and the largest entry, bytes. */
export const ENTRY_BYTES_MIN = HEADER_BYTES + HASH_BYTES;
export const ENTRY_BYTES_MAX =
  HEADER_BYTES + PAYLOAD_HEADER_BYTES + KEY_BYTES_MAX + VALUE_BYTES_MAX + HASH_BYTES;

/** The largest payload of a push, bytes. */
export const PAYLOAD_BYTES_MAX = PAYLOAD_HEADER_BYTES + KEY_BYTES_MAX + VALUE_BYTES_MAX;

/**
 * Checks what a push brings, and tells how long its payload is, bytes.
 *
 * @throws RequestError TOO_LARGE, or BAD_ARGUMENT for a malformed id, an empty key, or what is no text.
 */
export function payloadBytes(id: PushId, key: string, value: string): number {
  const keyBytes = Buffer.byteLength(key);
  const valueBytes = Buffer.byteLength(value);
  if (keyBytes === 0)
    throw new RequestError('BAD_ARGUMENT', 'a log needs a key: give one of at least one byte');
  if (keyBytes > KEY_BYTES_MAX)
    throw new RequestError(
      'TOO_LARGE',
      `the key has ${keyBytes} bytes; at most ${KEY_BYTES_MAX} are allowed`,
    );
  if (valueBytes > VALUE_BYTES_MAX)
    throw new RequestError(
      'TOO_LARGE',
      `the value has ${valueBytes} bytes; at most ${VALUE_BYTES_MAX} are allowed`,
    );
  if ((keyBytes > key.length && isBroken(key)) || (valueBytes > value.length && isBroken(value)))
    throw new RequestError(
      'BAD_ARGUMENT',
      'the key or the value has one half of a surrogate pair without the other, which UTF-8 cannot hold: it could not be read back as it was given',
    );
  if (!Number.isSafeInteger(id.nonce) || id.nonce < 0)
    throw new RequestError('BAD_ARGUMENT', 'a nonce is a whole number from 0 to 2^53 - 1');
  if (id.session !== lastSession.name && !SESSION.test(id.session))
    throw new RequestError('BAD_ARGUMENT', 'a session is 16 hex digits (0-9, a-f)');
  return PAYLOAD_HEADER_BYTES + keyBytes + valueBytes;
}

/**
 * The bytes of a key that logs may have.
 *
 * @throws RequestError TOO_LARGE, or BAD_ARGUMENT for an empty key, or what is no text.
 */
export function keyBytes(key: string): Buffer {
  if (typeof key !== 'string') throw new RequestError('BAD_ARGUMENT', `a key is a string, not ${typeof key}`);
  payloadBytes(NO_PUSH, key, '');
  return Buffer.from(key);
}

const NO_PUSH: PushId = { session: '0'.repeat(16), nonce: 0 };

/** Whether a text has a surrogate that is no half of a pair. */
function isBroken(text: string): boolean {
  return /\p{Surrogate}/u.test(text);
}

/**
 * What a push brings, as it travels and as it stands in the entry: session (8 bytes), nonce (8, a double), length
 * of key (2) and value (4), key, value, both UTF-8.
 *
 * @throws RequestError as {@link payloadBytes}.
 */
export function encodePayload(id: PushId, key: string, value: string): Buffer {
  const keyBytes = Buffer.byteLength(key);
  const valueBytes = payloadBytes(id, key, value) - PAYLOAD_HEADER_BYTES - keyBytes;
  const payload = Buffer.allocUnsafe(PAYLOAD_HEADER_BYTES + keyBytes + valueBytes);
  writeSession(id.session, payload, 0);
  payload.writeDoubleBE(id.nonce, 8);
  payload.writeUInt16BE(keyBytes, 16);
  payload.writeUInt32BE(valueBytes, 18);
  // A byte a character is ASCII, which is latin1 too: written in half the time.
  payload.write(key, PAYLOAD_HEADER_BYTES, keyBytes === key.length ? 'latin1' : 'utf8');
  payload.write(value, PAYLOAD_HEADER_BYTES + keyBytes, valueBytes === value.length ? 'latin1' : 'utf8');
  return payload;
}

function checkPayload(bytes: Buffer, start: number, end: number): void {
  if (end - start < PAYLOAD_HEADER_BYTES) throw new MalformedEntryError('a payload is cut short');
  const nonce = bytes.readDoubleBE(start + 8);
  const keyBytes = bytes.readUInt16BE(start + 16);
  const valueBytes = bytes.readUInt32BE(start + 18);
  if (!Number.isSafeInteger(nonce) || nonce < 0) throw new MalformedEntryError('a nonce is out of range');
  if (keyBytes === 0 || keyBytes > KEY_BYTES_MAX || valueBytes > VALUE_BYTES_MAX)
    throw new MalformedEntryError(`a key of ${keyBytes} or a value of ${valueBytes} bytes is out of range`);
  if (end - start !== PAYLOAD_HEADER_BYTES + keyBytes + valueBytes)
    throw new MalformedEntryError('a payload is not as long as it says');
}

/**
 * The id of a push, from its payload.
 *
 * @throws MalformedEntryError when the bytes are no payload within the limits.
 */
export function payloadId(payload: Buffer): PushId {
  checkPayload(payload, 0, payload.length);
  return { session: readSession(payload, 0), nonce: payload.readDoubleBE(8) };
}

/** The key of a push, from its payload: a view of it. */
export function payloadKey(payload: Buffer): Buffer {
  return payload.subarray(PAYLOAD_HEADER_BYTES, PAYLOAD_HEADER_BYTES + payload.readUInt16BE(16));
}

/** Bytes of a session: two digits each. */
export const SESSION_BYTES = 8;

/** A session as text. */
export const SESSION = /^[0-9a-f]{16}$/;

/** Pushes come in runs of one session, so that the last one is mostly the next one too: hex digits cost more than it. */
let lastSession = { name: '0'.repeat(2 * SESSION_BYTES), high: 0, low: 0 };

/** The session that stands at an offset. */
export function readSession(bytes: Buffer, at: number): string {
  const high = bytes.readUInt32BE(at);
  const low = bytes.readUInt32BE(at + 4);
  if (high !== lastSession.high || low !== lastSession.low)
    lastSession = { name: bytes.toString('hex', at, at + SESSION_BYTES), high, low };
  return lastSession.name;
}

/** Writes a session, 16 hex digits, at an offset. */
export function writeSession(name: string, into: Buffer, at: number): void {
  if (name !== lastSession.name)
    lastSession = { name, high: parseInt(name.slice(0, 8), 16), low: parseInt(name.slice(8), 16) };
  into.writeUInt32BE(lastSession.high, at);
  into.writeUInt32BE(lastSession.low, at + 4);
}

/** Gives memory for the bytes of an entry. */
export interface EntryMemory {
  allocate(length: number): Buffer;
}

const ownMemory: EntryMemory = { allocate: (length) => Buffer.allocUnsafe(length) };

/**
 * Makes the entry after `previous`, with its hash.
 *
 * @param content of a log its payload; null makes an empty entry.
 */
export function buildEntry(
  { index, term, logNumber, createdAt }: Omit<Entry, 'kind' | 'bytes'>,
  content: Buffer | null,
  previous: LogPoint | null,
  memory = ownMemory,
  kind = content === null ? EntryKind.Empty : EntryKind.Log,
): Entry {
  const hashAt = HEADER_BYTES + (content?.length ?? 0);
  const bytes = memory.allocate(hashAt + HASH_BYTES);
  bytes[0] = kind;
  bytes.writeUIntBE(index, INDEX_AT, NUMBER_BYTES);
  bytes.writeUIntBE(term, TERM_AT, NUMBER_BYTES);
  bytes.writeUIntBE(logNumber, LOG_NUMBER_AT, NUMBER_BYTES);
  bytes.writeUIntBE(createdAt, CREATED_AT_AT, NUMBER_BYTES);
  if (content !== null) bytes.set(content, HEADER_BYTES);
  bytes.write(chainHash(previous, bytes, hashAt), hashAt, 'latin1');
  return { kind, index, term, logNumber, createdAt, bytes };
}

/** Makes the first entry of a cluster that forms: an empty one that names the cluster by an identity of 32 hex digits. */
export function buildFirstEntry(
  { term, createdAt }: Pick<Entry, 'term' | 'createdAt'>,
  identity: string,
  memory = ownMemory,
): Entry {
  const header = { index: 1, term, logNumber: 0, createdAt };
  return buildEntry(header, Buffer.from(identity, 'hex'), null, memory, EntryKind.Empty);
}

/**
 * Reads an entry's header and checks that its lengths are right; its hash is for {@link followsHash}.
 *
 * @throws MalformedEntryError when the bytes are no entry within the limits.
 */
export function parseEntry(bytes: Buffer): Entry {
  if (bytes.length < ENTRY_BYTES_MIN || bytes.length > ENTRY_BYTES_MAX)
    throw new MalformedEntryError(`an entry of ${bytes.length} bytes is out of range`);
  const kind = bytes[0];
  const index = bytes.readUIntBE(INDEX_AT, NUMBER_BYTES);
  const contentBytes = bytes.length - ENTRY_BYTES_MIN;
  if (kind === EntryKind.Log) checkPayload(bytes, HEADER_BYTES, bytes.length - HASH_BYTES);
  else if (kind === EntryKind.Trim) decodeTrim(bytes.subarray(HEADER_BYTES, bytes.length - HASH_BYTES));
  else if (
    kind !== EntryKind.Empty ||
    !(contentBytes === 0 || (index === 1 && contentBytes === IDENTITY_BYTES))
  )
    throw new MalformedEntryError(`an entry of kind ${String(kind)} and ${bytes.length} bytes`);
  const logNumber = bytes.readUIntBE(LOG_NUMBER_AT, NUMBER_BYTES);
  if (index === 0 || logNumber > index)
    throw new MalformedEntryError(`position ${index}, index ${logNumber}`);
  return {
    kind,
    index,
    term: bytes.readUIntBE(TERM_AT, NUMBER_BYTES),
    logNumber,
    createdAt: bytes.readUIntBE(CREATED_AT_AT, NUMBER_BYTES),
    bytes,
  };
}

/** What a trim says. Only for entries of kind Trim. */
export function entryTrim({ bytes }: Entry): Trim {
  return decodeTrim(bytes.subarray(HEADER_BYTES, bytes.length - HASH_BYTES));
}

/** The hash that stands at the end of an entry. */
export function entryHash({ bytes }: Pick<Entry, 'bytes'>): Buffer {
  return bytes.subarray(bytes.length - HASH_BYTES);
}

/** The same in 64 hex digits. */
export function entryHashHex({ bytes }: Pick<Entry, 'bytes'>): string {
  return bytes.toString('hex', bytes.length - HASH_BYTES);
}

/** Whether an entry's hash is right for the one that follows on `previous`; null: for the log's first. */
export function followsHash({ bytes }: Entry, previous: LogPoint | null): boolean {
  const hashAt = bytes.length - HASH_BYTES;
  return chainHash(previous, bytes, hashAt) === bytes.toString('latin1', hashAt);
}

function chainHash(previous: LogPoint | null, bytes: Buffer, hashAt: number): string {
  const before = previous?.bytes ?? GENESIS_HASH;
  return sha256(before, before.length - HASH_BYTES, bytes, hashAt);
}

/** The identity of the cluster that began with this entry, 32 hex digits; null for an entry that begins none. */
export function entryIdentity(entry: Entry): string | null {
  if (entry.kind !== EntryKind.Empty || entry.bytes.length === ENTRY_BYTES_MIN) return null;
  return entry.bytes.toString('hex', HEADER_BYTES, HEADER_BYTES + IDENTITY_BYTES);
}

/** The id of the push that made a log entry; null for an entry of another kind. */
export function entryPushId(entry: Entry): PushId | null {
  if (entry.kind !== EntryKind.Log) return null;
  return {
    session: readSession(entry.bytes, HEADER_BYTES),
    nonce: entry.bytes.readDoubleBE(HEADER_BYTES + 8),
  };
}

/** Whether a log entry was made by exactly this push: same id, key and value. */
export function entryHasPayload(entry: Entry, payload: Buffer): boolean {
  return entry.bytes.subarray(HEADER_BYTES, entry.bytes.length - HASH_BYTES).equals(payload);
}

/** Where the key of a log begins in its bytes. */
export const KEY_AT = HEADER_BYTES + PAYLOAD_HEADER_BYTES;

/** Where the key of a log ends in its bytes, and its value begins. */
export function keyEnd(bytes: Buffer): number {
  // In a third of readUInt16BE's time: each entry passes here.
  return KEY_AT + ((bytes[HEADER_BYTES + 16] ?? 0) << 8) + (bytes[HEADER_BYTES + 17] ?? 0);
}

/** Whether an entry is a log of this key, UTF-8. */
export function hasKey({ kind, bytes }: Entry, key: Buffer): boolean {
  return kind === EntryKind.Log && key.equals(bytes.subarray(KEY_AT, keyEnd(bytes)));
}

/** Key of a log and the bytes of its value, UTF-8, as they stand in its entry. Only for entries of kind Log. */
export function logParts({ bytes }: Entry): { key: string; value: Buffer } {
  const valueAt = keyEnd(bytes);
  return {
    key: bytes.toString('utf8', KEY_AT, valueAt),
    value: bytes.subarray(valueAt, bytes.length - HASH_BYTES),
  };
}

/** A log entry in the tutorial's shape. Only for entries of kind Log. */
export function toLogEntry(entry: Entry): LogEntry {
  const { bytes } = entry;
  const valueAt = keyEnd(bytes);
  return {
    index: entry.logNumber,
    term: entry.term,
    hash: entryHashHex(entry),
    createdAt: entry.createdAt,
    log: {
      key: bytes.toString('utf8', KEY_AT, valueAt),
      value: {
        value: bytes.toString('utf8', valueAt, bytes.length - HASH_BYTES),
        nonce: bytes.readDoubleBE(HEADER_BYTES + 8),
      },
    },
  };
}
