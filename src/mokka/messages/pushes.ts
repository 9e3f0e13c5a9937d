import { ProtocolError } from '../../errors';
import { FORWARD_PUSHES_MAX } from '../../limits';
import {
  ENTRY_NUMBER_MAX,
  entryHash,
  HASH_BYTES,
  NUMBER_BYTES,
  PAYLOAD_BYTES_MAX,
  readSession,
  SESSION,
  SESSION_BYTES,
  writeSession,
  type Entry,
  type PushId,
} from '../../entry/Entry';

/**
 * Pushes on their way to the leader, and what it answers. A busy follower forwards many at a time, so a message holds
 * them one after the other as plain records: fields at fixed offsets, not msgpack.
 */
export interface ForwardedPush {
  /** A commitIndex from before the push was first made; null when the caller named the session and no such index. */
  readonly since: number | null;
  /** The number of the log behind which it is to be appended; null: wherever the log ends. */
  readonly ifLast: number | null;
  /** The number that the last log of its key is to have, 0: there is to be none; null: whichever it is. */
  readonly ifKeyLast: number | null;
  readonly payload: Buffer;
}

/** What a pusher does not know yet of the entry that its push became. */
export interface CommittedPush {
  readonly logNumber: number;
  readonly term: number;
  readonly createdAt: number;
  readonly hash: Buffer;
}

/** Why a leader does not append a push. */
export type Refusal =
  'STALE_NONCE' | 'NONCE_REUSED' | 'NO_LEADER' | 'CONDITION_FAILED' | 'TRIMMED' | 'STORE_FULL';

/** The push is committed, as this entry. */
export interface CommittedAnswer extends PushId {
  readonly committed: CommittedPush;
}

/** The leader did not take the push. */
export interface RefusedAnswer extends PushId {
  readonly refused: Refusal;
  /** The refused push's: an answer to an earlier try says nothing of a later one. */
  readonly since: number | null;
  /**
   * With CONDITION_FAILED: the number of the last log, of all or of the key, as the condition is; with TRIMMED: that of the
   * floor, behind which there is none of the key; else null.
   */
  readonly lastLogNumber: number | null;
}

export type PushAnswer = CommittedAnswer | RefusedAnswer;

/** What the leader answers of a committed entry. */
export function committedPush(entry: Entry): CommittedPush {
  const { logNumber, term, createdAt } = entry;
  return { logNumber, term, createdAt, hash: entryHash(entry) };
}

/** A forwarded push: `since`, `ifLast` and `ifKeyLast`, doubles, this for null; how long the payload is; the payload. */
const NONE = -1;
const IF_LAST_AT = 8;
const IF_KEY_LAST_AT = IF_LAST_AT + 8;
const LENGTH_AT = IF_KEY_LAST_AT + 8;
const PAYLOAD_AT = LENGTH_AT + 4;

/** Pushes as one piece of bytes. */
export function encodePushes(pushes: readonly ForwardedPush[]): Buffer {
  let length = 0;
  for (const { payload } of pushes) length += PAYLOAD_AT + payload.length;
  const bytes = Buffer.allocUnsafe(length);
  let at = 0;
  for (const { since, ifLast, ifKeyLast, payload } of pushes) {
    bytes.writeDoubleBE(since ?? NONE, at);
    bytes.writeDoubleBE(ifLast ?? NONE, at + IF_LAST_AT);
    bytes.writeDoubleBE(ifKeyLast ?? NONE, at + IF_KEY_LAST_AT);
    bytes.writeUInt32BE(payload.length, at + LENGTH_AT);
    bytes.set(payload, at + PAYLOAD_AT);
    at += PAYLOAD_AT + payload.length;
  }
  return bytes;
}

/** Takes apart what {@link encodePushes} made; the payloads are views of it. @throws ProtocolError */
export function decodePushes(bytes: Buffer): ForwardedPush[] {
  const pushes: ForwardedPush[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (pushes.length === FORWARD_PUSHES_MAX) throw tooMany();
    const start = at + PAYLOAD_AT;
    if (start > bytes.length) throw new ProtocolError('a forwarded push is cut short');
    const since = readNumberOrNone(bytes, at);
    const ifLast = readNumberOrNone(bytes, at + IF_LAST_AT);
    const ifKeyLast = readNumberOrNone(bytes, at + IF_KEY_LAST_AT);
    const length = bytes.readUInt32BE(at + LENGTH_AT);
    at = start + length;
    if (at > bytes.length || length > PAYLOAD_BYTES_MAX)
      throw new ProtocolError(`a forwarded push of ${length} bytes is cut short or too long`);
    pushes.push({ since, ifLast, ifKeyLast, payload: bytes.subarray(start, at) });
  }
  return pushes;
}

function readNumberOrNone(bytes: Buffer, at: number): number | null {
  const number = bytes.readDoubleBE(at);
  if (number === NONE) return null;
  if (!isEntryNumber(number)) throw new ProtocolError('a forwarded push names no position');
  return number;
}

/** A committed push: session; nonce, a double; log number, term and createdAt of its entry, and the entry's hash. */
const NONCE_AT = SESSION_BYTES;
const LOG_NUMBER_AT = NONCE_AT + 8;
const TERM_AT = LOG_NUMBER_AT + NUMBER_BYTES;
const CREATED_AT_AT = TERM_AT + NUMBER_BYTES;
const HASH_AT = CREATED_AT_AT + NUMBER_BYTES;
const COMMITTED_BYTES = HASH_AT + HASH_BYTES;

/** Answers to committed pushes as one piece of bytes. */
export function encodeCommitted(answers: readonly CommittedAnswer[]): Buffer {
  const bytes = Buffer.allocUnsafe(answers.length * COMMITTED_BYTES);
  let at = 0;
  for (const { session, nonce, committed } of answers) {
    writeSession(session, bytes, at);
    bytes.writeDoubleBE(nonce, at + NONCE_AT);
    bytes.writeUIntBE(committed.logNumber, at + LOG_NUMBER_AT, NUMBER_BYTES);
    bytes.writeUIntBE(committed.term, at + TERM_AT, NUMBER_BYTES);
    bytes.writeUIntBE(committed.createdAt, at + CREATED_AT_AT, NUMBER_BYTES);
    bytes.set(committed.hash, at + HASH_AT);
    at += COMMITTED_BYTES;
  }
  return bytes;
}

/** Takes apart what {@link encodeCommitted} made; the hashes are views of it. @throws ProtocolError */
export function decodeCommitted(bytes: Buffer): CommittedAnswer[] {
  const count = bytes.length / COMMITTED_BYTES;
  if (!Number.isInteger(count)) throw new ProtocolError('an answer to a push is cut short');
  if (count > FORWARD_PUSHES_MAX) throw tooMany();
  const answers: CommittedAnswer[] = [];
  for (let at = 0; at < bytes.length; at += COMMITTED_BYTES) {
    const nonce = bytes.readDoubleBE(at + NONCE_AT);
    if (!isWholeNumber(nonce)) throw new ProtocolError('an answer to a push of no nonce');
    const committed = {
      logNumber: bytes.readUIntBE(at + LOG_NUMBER_AT, NUMBER_BYTES),
      term: bytes.readUIntBE(at + TERM_AT, NUMBER_BYTES),
      createdAt: bytes.readUIntBE(at + CREATED_AT_AT, NUMBER_BYTES),
      hash: bytes.subarray(at + HASH_AT, at + COMMITTED_BYTES),
    };
    answers.push({ session: readSession(bytes, at), nonce, committed });
  }
  return answers;
}

/** A refusal as msgpack has it; `lastLogNumber` stands with CONDITION_FAILED and TRIMMED alone. */
export type RefusedWire = [
  session: string,
  nonce: number,
  refusal: Refusal,
  since: number | null,
  lastLogNumber: number | null,
];

const REFUSALS: readonly unknown[] = [
  'STALE_NONCE',
  'NONCE_REUSED',
  'NO_LEADER',
  'CONDITION_FAILED',
  'TRIMMED',
  'STORE_FULL',
] satisfies Refusal[];

export function refusedToWire(answer: RefusedAnswer): RefusedWire {
  return [answer.session, answer.nonce, answer.refused, answer.since, answer.lastLogNumber];
}

export function refusedFromWire([session, nonce, refused, since, lastLogNumber]: RefusedWire): RefusedAnswer {
  return { session, nonce, refused, since, lastLogNumber };
}

/** Whether an untrusted value is a refusal within the limits. */
export function isRefusedWire(value: unknown): value is RefusedWire {
  if (!Array.isArray(value) || value.length !== 5) return false;
  const [session, nonce, refusal, since, lastLogNumber] = value as unknown[];
  return (
    typeof session === 'string' &&
    SESSION.test(session) &&
    isWholeNumber(nonce) &&
    REFUSALS.includes(refusal) &&
    (since === null || isEntryNumber(since)) &&
    (refusal === 'CONDITION_FAILED' || refusal === 'TRIMMED'
      ? isEntryNumber(lastLogNumber)
      : lastLogNumber === null)
  );
}

/** Whether a value is a number that its sender chooses and its receiver only compares. */
export function isWholeNumber(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Whether a value is a number that an entry can hold. */
export function isEntryNumber(value: unknown): value is number {
  return isWholeNumber(value) && value <= ENTRY_NUMBER_MAX;
}

function tooMany(): ProtocolError {
  return new ProtocolError(`more than ${FORWARD_PUSHES_MAX} pushes in one message`);
}
