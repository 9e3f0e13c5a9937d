import { ProtocolError } from '../errors';
import { ANSWER_PACKETS_MAX } from '../limits';

/**
 * Requests and answers as axon's req and rep sockets frame them: a request is [packet, id] or only [id], an answer is
 * [error, packet…, id], the error always null. Each packet stands behind a byte of its own, so that none begins
 * with what axon takes for a string or for JSON (HAZARDS, axon 7).
 */
const VERSION_BITS = 1 << 4;
const META_BYTES = 1;
const LENGTH_BYTES = 4;
const PACKET_KIND = 0x01;
const ID_PREFIX = 's:';
const NO_ERROR = Buffer.from('j:null');

/** What axon's id of a request looks like, its prefix included. Digits only, so never `__proto__`. */
const ID = /^s:[0-9]{1,16}$/;
const ID_BYTES_MAX = 18;

/** A request or an answer that arrived. */
export interface Exchange {
  readonly id: string;
  /** Views of the frame's bytes. */
  readonly packets: readonly Buffer[];
}

/** A request that carries one packet. */
export function encodeRequest(packet: Buffer, id: string): Buffer {
  return encodeFrame([], [packet], [Buffer.from(ID_PREFIX + id)]);
}

/** A request without a packet, for an answer without one: whether the peer is still there. */
export function encodeKeepAlive(id: string): Buffer {
  return encodeFrame([], [], [Buffer.from(ID_PREFIX + id)]);
}

/** The answer to the request with this id: at most ANSWER_PACKETS_MAX packets. */
export function encodeAnswer(packets: readonly Buffer[], id: string): Buffer {
  return encodeFrame([NO_ERROR], packets, [Buffer.from(ID_PREFIX + id)]);
}

/** @throws ProtocolError when the arguments are no request. */
export function decodeRequest(args: readonly Buffer[]): Exchange {
  return decode(args, 0);
}

/** @throws ProtocolError when the arguments are no answer. */
export function decodeAnswer(args: readonly Buffer[]): Exchange {
  if (args[0]?.equals(NO_ERROR) !== true) throw new ProtocolError('an answer does not begin with null');
  return decode(args, 1);
}

function decode(args: readonly Buffer[], first: number): Exchange {
  const last = args.length - 1;
  const idBytes = args[last];
  if (idBytes === undefined || last < first || idBytes.length > ID_BYTES_MAX)
    throw new ProtocolError('a frame has no id');
  const id = idBytes.toString('latin1');
  if (!ID.test(id)) throw new ProtocolError('an id is not a number');
  if (last - first > ANSWER_PACKETS_MAX) throw new ProtocolError('a frame has too many packets');
  const packets: Buffer[] = [];
  for (let i = first; i < last; i++) {
    const arg = args[i];
    if (arg?.[0] !== PACKET_KIND) throw new ProtocolError('an argument is no packet');
    packets.push(arg.subarray(1));
  }
  return { id: id.slice(ID_PREFIX.length), packets };
}

/** A frame as axon's own encoder gives it, in one allocation; only here is a packet copied, behind its kind. */
export function encodeFrame(
  head: readonly Buffer[],
  packets: readonly Buffer[] = [],
  tail: readonly Buffer[] = [],
): Buffer {
  let length = META_BYTES;
  for (const arg of head) length += LENGTH_BYTES + arg.length;
  for (const packet of packets) length += LENGTH_BYTES + 1 + packet.length;
  for (const arg of tail) length += LENGTH_BYTES + arg.length;
  const frame = Buffer.allocUnsafe(length);
  frame[0] = VERSION_BITS | (head.length + packets.length + tail.length);
  let at = META_BYTES;
  for (const arg of head) at += arg.copy(frame, frame.writeUInt32BE(arg.length, at)) + LENGTH_BYTES;
  for (const packet of packets) {
    at = frame.writeUInt32BE(packet.length + 1, at);
    frame[at++] = PACKET_KIND;
    at += packet.copy(frame, at);
  }
  for (const arg of tail) at += arg.copy(frame, frame.writeUInt32BE(arg.length, at)) + LENGTH_BYTES;
  return frame;
}
