import { Packr, Unpackr } from 'msgpackr';
import { z } from 'zod';
import { ProtocolError, toError } from '../../errors';
import { APPEND_ENTRIES_MAX, FORWARD_PUSHES_MAX, MEMBERS_MAX } from '../../limits';
import { ENTRY_NUMBER_MAX, HASH_BYTES, IDENTITY_BYTES, type Entry } from '../../entry/Entry';
import { decodeEntries, encodeEntries } from '../../entry/entryFrames';
import type { Room } from '../../storage/LogStore';
import { describeIssues } from './describeIssues';
import { incarnation } from './incarnation';
import { checkMsgpackShape } from './msgpackShape';
import {
  decodeCommitted,
  decodePushes,
  encodeCommitted,
  encodePushes,
  type CommittedAnswer,
  type ForwardedPush,
  isRefusedWire,
  refusedFromWire,
  refusedToWire,
  type RefusedAnswer,
  type RefusedWire,
} from './pushes';

/**
 * Messages of the log: what each says, its encoding (a msgpack array, its type first) and its limits. What
 * {@link decodeLogMessage} returns is within them; after it the code trusts every field.
 */
export type LogMessage = ReplicationMessage | ForwardMessage | AnswersMessage | QuestionMessage;

/** Those of replication, as the election's leader and its followers have it. */
export type ReplicationMessage = AppendMessage | AppendedMessage | ReadmitMessage | CommitMessage;

/** What a follower asks its leader beside, and the answers. */
export type QuestionMessage =
  ConfirmMessage | ConfirmedMessage | AskLagsMessage | LagsMessage | TrimMessage | TrimRefusedMessage;

/** AppendEntries (Raft, figure 2). */
export interface AppendMessage {
  readonly type: 'append';
  readonly term: number;
  /** Counts the times that the leader began anew with this follower; the answer repeats it. */
  readonly epoch: number;
  readonly previousIndex: number;
  readonly previousTerm: number;
  /** Covers the leader's whole log up to there. */
  readonly previousHash: Buffer;
  /** The log number of the previous entry, where that is the floor: the leader's log begins behind it. Else null. */
  readonly floorLogNumber: number | null;
  readonly commitIndex: number;
  readonly entries: readonly Entry[];
}

/** Answer to an append. */
export interface AppendedMessage {
  readonly type: 'appended';
  readonly term: number;
  /** The follower's process that answers: what it claims holds for no other. */
  readonly incarnation: string;
  readonly epoch: number;
  /** Whether the previous entry matched. */
  readonly success: boolean;
  /**
   * On success: the log is the leader's up to here, on disk. Else: where to try next, the follower's commitIndex unless
   * the logs differ below it.
   */
  readonly matchIndex: number;
  /** The first index at which the leader's log is not what the follower knows to be committed; see Divergence. */
  readonly divergedAt: number | null;
  /** What the follower knows to be committed. */
  readonly commitIndex: number;
  /** Whether the follower may count towards a commit (see Membership). */
  readonly voter: boolean;
  /** What its disk has room for. */
  readonly room: Room;
}

/** The leader tells a process of a rejoining member that it is a voter again, if its log reaches `index`. */
export interface ReadmitMessage {
  readonly type: 'readmit';
  readonly term: number;
  readonly incarnation: string;
  readonly index: number;
  /** Of the cluster that it is a member of. */
  readonly identity: string;
}

/** The leader tells a voter what is committed once that voter has it on its disk, since a quorum less one has it. */
export interface CommitMessage {
  readonly type: 'commit';
  readonly term: number;
  readonly commitIndex: number;
}

/** Pushes that a follower's users made, on their way to the leader. */
export interface ForwardMessage {
  readonly type: 'forward';
  readonly pushes: readonly ForwardedPush[];
}

/** The leader's answers to forwarded pushes that the follower does not find in its own log, and its commitIndex. */
export interface AnswersMessage {
  readonly type: 'answers';
  readonly term: number;
  readonly commitIndex: number;
  readonly committed: readonly CommittedAnswer[];
  readonly refused: readonly RefusedAnswer[];
}

/** A follower asks what is committed, before it says that an entry does not exist (Raft dissertation, 6.4). */
export interface ConfirmMessage {
  readonly type: 'confirm';
  readonly id: number;
}

export interface ConfirmedMessage {
  readonly type: 'confirmed';
  readonly id: number;
  /** The leader's commitIndex when it was asked, confirmed by a quorum; null: it could not be confirmed. */
  readonly commitIndex: number | null;
}

/** A follower asks for what `status` shows of the members' logs. */
export interface AskLagsMessage {
  readonly type: 'askLags';
  readonly id: number;
}

/** How many entries of the leader's log each member does not hold, by the order of the members' public keys. */
export interface LagsMessage {
  readonly type: 'lags';
  readonly id: number;
  readonly lags: readonly number[];
}

/** A follower's user asks to forget the logs up to this one. The answer is the trim in the log. */
export interface TrimMessage {
  readonly type: 'trim';
  readonly logNumber: number;
}

/** The leader has no such log. */
export interface TrimRefusedMessage {
  readonly type: 'trimRefused';
  readonly logNumber: number;
}

/** See {@link isWholeNumber}. */
const number = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

/** A term, index or log number: no more than an entry can hold, so that whoever goes on from it can still write one. */
const entryNumber = number.max(ENTRY_NUMBER_MAX);

const bytes = z.custom<Buffer>((value) => Buffer.isBuffer(value));

const bytesOf = (length: number): z.ZodType<Buffer> =>
  z.custom<Buffer>((value) => Buffer.isBuffer(value) && value.length === length);

const refusals = z.custom<RefusedWire[]>(
  (value) => Array.isArray(value) && value.length <= FORWARD_PUSHES_MAX && value.every(isRefusedWire),
);

const Tag = {
  append: 1,
  appended: 2,
  readmit: 3,
  forward: 4,
  answers: 5,
  confirm: 6,
  confirmed: 7,
  commit: 8,
  askLags: 9,
  lags: 10,
  trim: 11,
  trimRefused: 12,
} as const;

const schemas = {
  [Tag.append]: z.tuple([
    z.literal(Tag.append),
    entryNumber,
    number,
    entryNumber,
    entryNumber,
    bytesOf(HASH_BYTES),
    entryNumber.nullable(),
    entryNumber,
    bytes,
  ]),
  [Tag.appended]: z.tuple([
    z.literal(Tag.appended),
    entryNumber,
    incarnation,
    number,
    z.boolean(),
    entryNumber,
    entryNumber.nullable(),
    entryNumber,
    z.boolean(),
    z.enum(['some', 'full', 'none']),
  ]),
  [Tag.readmit]: z.tuple([
    z.literal(Tag.readmit),
    entryNumber,
    incarnation,
    entryNumber,
    bytesOf(IDENTITY_BYTES),
  ]),
  [Tag.commit]: z.tuple([z.literal(Tag.commit), entryNumber, entryNumber]),
  [Tag.forward]: z.tuple([z.literal(Tag.forward), bytes]),
  [Tag.answers]: z.tuple([z.literal(Tag.answers), entryNumber, entryNumber, bytes, refusals]),
  [Tag.confirm]: z.tuple([z.literal(Tag.confirm), number]),
  [Tag.confirmed]: z.tuple([z.literal(Tag.confirmed), number, entryNumber.nullable()]),
  [Tag.askLags]: z.tuple([z.literal(Tag.askLags), number]),
  [Tag.lags]: z.tuple([z.literal(Tag.lags), number, z.array(entryNumber).max(MEMBERS_MAX)]),
  [Tag.trim]: z.tuple([z.literal(Tag.trim), number.min(1)]),
  [Tag.trimRefused]: z.tuple([z.literal(Tag.trimRefused), number]),
};

type Wire = z.infer<(typeof schemas)[keyof typeof schemas]>;

const packer = new Packr({ useRecords: false });
const unpacker = new Unpackr({ useRecords: false, mapsAsObjects: false });

/** A message's bytes. */
export function encodeLogMessage(message: LogMessage): Buffer {
  return packer.pack(toWire(message));
}

function toWire(message: LogMessage): Wire {
  switch (message.type) {
    case 'append':
      return [
        Tag.append,
        message.term,
        message.epoch,
        message.previousIndex,
        message.previousTerm,
        message.previousHash,
        message.floorLogNumber,
        message.commitIndex,
        encodeEntries(message.entries),
      ];
    case 'appended':
      return [
        Tag.appended,
        message.term,
        message.incarnation,
        message.epoch,
        message.success,
        message.matchIndex,
        message.divergedAt,
        message.commitIndex,
        message.voter,
        message.room,
      ];
    case 'readmit':
      return [
        Tag.readmit,
        message.term,
        message.incarnation,
        message.index,
        Buffer.from(message.identity, 'hex'),
      ];
    case 'commit':
      return [Tag.commit, message.term, message.commitIndex];
    case 'forward':
      return [Tag.forward, encodePushes(message.pushes)];
    case 'answers':
      return [
        Tag.answers,
        message.term,
        message.commitIndex,
        encodeCommitted(message.committed),
        message.refused.map(refusedToWire),
      ];
    case 'confirm':
      return [Tag.confirm, message.id];
    case 'confirmed':
      return [Tag.confirmed, message.id, message.commitIndex];
    case 'askLags':
      return [Tag.askLags, message.id];
    case 'lags':
      return [Tag.lags, message.id, [...message.lags]];
    case 'trim':
      return [Tag.trim, message.logNumber];
    case 'trimRefused':
      return [Tag.trimRefused, message.logNumber];
  }
}

/**
 * Reads a message.
 *
 * @throws ProtocolError when the bytes are no message within the limits.
 */
export function decodeLogMessage(bytes: Buffer): LogMessage {
  checkMsgpackShape(bytes);
  let unpacked: unknown;
  try {
    unpacked = unpacker.unpack(bytes);
  } catch (cause) {
    throw new ProtocolError('a log message is no msgpack', { cause });
  }
  const tag: unknown = Array.isArray(unpacked) ? unpacked[0] : undefined;
  if (!isTag(tag)) throw new ProtocolError('a log message of no known type');
  const parsed = schemas[tag].safeParse(unpacked);
  if (!parsed.success) throw new ProtocolError(`a log message is malformed: ${describeIssues(parsed.error)}`);
  try {
    return fromWire(parsed.data);
  } catch (thrown) {
    throw new ProtocolError(`a log message is malformed: ${toError(thrown).message}`, { cause: thrown });
  }
}

function isTag(value: unknown): value is keyof typeof schemas {
  return typeof value === 'number' && Object.hasOwn(schemas, value);
}

function fromWire(wire: Wire): LogMessage {
  switch (wire[0]) {
    case Tag.append:
      return {
        type: 'append',
        term: wire[1],
        epoch: wire[2],
        previousIndex: wire[3],
        previousTerm: wire[4],
        previousHash: wire[5],
        floorLogNumber: floorAt(wire[3], wire[6]),
        commitIndex: wire[7],
        entries: contiguous(decodeEntries(wire[8]), wire[3], wire[4], wire[1]),
      };
    case Tag.appended:
      return {
        type: 'appended',
        term: wire[1],
        incarnation: wire[2],
        epoch: wire[3],
        success: wire[4],
        matchIndex: wire[5],
        divergedAt: wire[6],
        commitIndex: wire[7],
        voter: wire[8],
        room: wire[9],
      };
    case Tag.readmit:
      return {
        type: 'readmit',
        term: wire[1],
        incarnation: wire[2],
        index: wire[3],
        identity: wire[4].toString('hex'),
      };
    case Tag.commit:
      return { type: 'commit', term: wire[1], commitIndex: wire[2] };
    case Tag.forward:
      return { type: 'forward', pushes: decodePushes(wire[1]) };
    case Tag.answers:
      return {
        type: 'answers',
        term: wire[1],
        commitIndex: wire[2],
        committed: decodeCommitted(wire[3]),
        refused: wire[4].map(refusedFromWire),
      };
    case Tag.confirm:
      return { type: 'confirm', id: wire[1] };
    case Tag.confirmed:
      return { type: 'confirmed', id: wire[1], commitIndex: wire[2] };
    case Tag.askLags:
      return { type: 'askLags', id: wire[1] };
    case Tag.lags:
      return { type: 'lags', id: wire[1], lags: wire[2] };
    case Tag.trim:
      return { type: 'trim', logNumber: wire[1] };
    case Tag.trimRefused:
      return { type: 'trimRefused', logNumber: wire[1] };
  }
}

/** The log number of the floor at an index, as far as there can be so many logs: a store could not read it again. */
function floorAt(index: number, logNumber: number | null): number | null {
  if (logNumber !== null && logNumber > index)
    throw new ProtocolError(`log ${logNumber} at position ${index}`);
  return logNumber;
}

/** Indexes without a gap, terms in order and none above the leader's: what a leader's log is like. */
function contiguous(
  entries: Entry[],
  previousIndex: number,
  previousTerm: number,
  leaderTerm: number,
): Entry[] {
  if (entries.length > APPEND_ENTRIES_MAX)
    throw new ProtocolError(`${entries.length} entries, more than ${APPEND_ENTRIES_MAX}`);
  let index = previousIndex;
  let term = previousTerm;
  for (const entry of entries) {
    if (entry.index !== ++index || entry.term < term || entry.term > leaderTerm)
      throw new ProtocolError(`position ${entry.index} of term ${entry.term} after term ${term}`);
    term = entry.term;
  }
  return entries;
}
