import { z } from 'zod';
import { ProtocolError } from '../../errors';
import { ELECTION_PACKET_BYTES_MAX } from '../../limits';
import { ENTRY_NUMBER_MAX } from '../../entry/Entry';
import { describeIssues } from './describeIssues';
import { incarnation } from './incarnation';

/**
 * Packets of the election: Mokka's own three and those that the rules of election add. All are Mokka's JSON packets; this
 * is the one place where what arrives is checked. Limits are those of the fields.
 */

/** Mokka's types 10 to 12 and ours from 20 on. */
export const PacketType = {
  /** Mokka's heartbeat, with the leader's proof. */
  HEARTBEAT: 10,
  /** Mokka's request for a vote. */
  VOTE: 11,
  /** Mokka's answer to it: with a signature it is a vote. */
  VOTED: 12,
  /** Would you vote for me? (Raft dissertation, 9.6) */
  PRE_VOTE: 20,
  PRE_VOTED: 21,
  /** Answer to a heartbeat. */
  HEARD: 22,
  /** A member without a marker introduces itself. */
  HELLO: 23,
  HELLO_ANSWER: 24,
  /** The leader asks a follower to take over (Raft dissertation, 3.10). */
  HANDOVER: 25,
} as const;

const wholeNumber = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
/** A term or position: no more than an entry can hold. */
const entryNumber = wholeNumber.max(ENTRY_NUMBER_MAX);
const publicKey = z.string().regex(/^[0-9a-f]{130}$/);

/**
 * What every packet says of its sender: where its log ends, which "at least as up to date" compares (Raft, 5.4.1);
 * whether it may vote; how long its writes to disk take, ms, 0 where they are quick.
 */
const senderState = {
  lastTerm: entryNumber,
  lastPosition: entryNumber,
  votes: z.boolean(),
  writeMs: wholeNumber,
};

/** Whom the sender follows, or itself when it leads: for `info` alone. */
const leader = publicKey.nullable();

const header = {
  state: z.number().int().min(0).max(3),
  term: entryNumber,
  publicKey,
  proof: z
    .string()
    .max(512)
    .regex(/^\d{1,16}:[0-9a-f]{2,130}:[0-9a-f]{1,130}$/)
    .nullable(),
  timestamp: wholeNumber,
};

/** A number of the sender's that the answer repeats. */
const round = wholeNumber;

const packetSchema = z.discriminatedUnion('type', [
  z.object({
    ...header,
    type: z.literal(PacketType.HEARTBEAT),
    data: z.object({ ...senderState, round }),
  }),
  z.object({
    ...header,
    type: z.literal(PacketType.VOTE),
    data: z.object({ ...senderState, nonce: wholeNumber }),
  }),
  z.object({
    ...header,
    type: z.literal(PacketType.VOTED),
    data: z.object({
      ...senderState,
      nonce: wholeNumber,
      signature: z
        .string()
        .regex(/^[0-9a-f]{1,64}$/)
        .nullable(),
    }),
  }),
  z.object({ ...header, type: z.literal(PacketType.PRE_VOTE), data: z.object({ ...senderState, round }) }),
  z.object({
    ...header,
    type: z.literal(PacketType.PRE_VOTED),
    data: z.object({ ...senderState, round, agrees: z.boolean(), leader }),
  }),
  z.object({
    ...header,
    type: z.literal(PacketType.HEARD),
    data: z.object({ ...senderState, round, incarnation, voter: z.boolean() }),
  }),
  z.object({
    ...header,
    type: z.literal(PacketType.HELLO),
    data: z.object({ ...senderState, incarnation, round, termAtLeast: entryNumber }),
  }),
  z.object({
    ...header,
    type: z.literal(PacketType.HELLO_ANSWER),
    data: z.object({ ...senderState, incarnation, round, leader }),
  }),
  z.object({ ...header, type: z.literal(PacketType.HANDOVER), data: z.object(senderState) }),
]);

export type ElectionPacket = z.infer<typeof packetSchema>;
export type PacketOf<Type extends ElectionPacket['type']> = Extract<ElectionPacket, { type: Type }>;

/** What every packet says of its sender. */
export type SenderState = z.infer<z.ZodObject<typeof senderState>>;
/** What packets of a type say besides. */
export type PacketData<Type extends ElectionPacket['type']> = Omit<PacketOf<Type>['data'], keyof SenderState>;

/**
 * Reads a packet and checks that it is from the member whose link it came on.
 *
 * @throws ProtocolError
 */
export function decodeElectionPacket(bytes: Buffer, from: string): ElectionPacket {
  if (bytes.length > ELECTION_PACKET_BYTES_MAX)
    throw new ProtocolError(`an election packet of ${bytes.length} bytes`);
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw new ProtocolError('an election packet is no JSON', { cause });
  }
  const parsed = packetSchema.safeParse(json);
  if (!parsed.success)
    throw new ProtocolError(`an election packet is malformed: ${describeIssues(parsed.error)}`);
  if (parsed.data.publicKey !== from)
    throw new ProtocolError('an election packet names another sender than its link');
  return parsed.data;
}

const BRACE = '{'.charCodeAt(0);

/**
 * Whether what arrived is a packet of the election, JSON, and not a message of the log, a msgpack array. Neither
 * begins as one of axon's own encodings does (HAZARDS, axon 7).
 */
export function isElectionPacket(bytes: Buffer): boolean {
  return bytes[0] === BRACE;
}
