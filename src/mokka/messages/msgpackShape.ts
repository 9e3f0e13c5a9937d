import { ProtocolError } from '../../errors';

/** A message, a list in it, and what stands in the list. */
const DEPTH_MAX = 3;

/** Bytes after the tag of a value that is all header: numbers as they are packed here, nil and booleans. */
const SCALAR_BYTES: ReadonlyMap<number, number> = new Map([
  [0xc0, 0],
  [0xc2, 0],
  [0xc3, 0],
  [0xcb, 8],
  [0xcc, 1],
  [0xcd, 2],
  [0xce, 4],
]);

/** Bytes of the length after the tag of binary data. */
const BINARY_LENGTH_BYTES: ReadonlyMap<number, number> = new Map([
  [0xc4, 1],
  [0xc5, 2],
  [0xc6, 4],
]);

const POSITIVE_FIXINT_MAX = 0x7f;
const FIXARRAY = 0x90;
const FIXSTR = 0xa0;
const FIXSTR_MAX = 0xbf;
const ARRAY_16 = 0xdc;

/**
 * Checks that bytes are one msgpack value of the few kinds that messages are made of, every length of it within the
 * bytes. To be called before msgpackr, which also makes maps, sets, regular expressions and functions of what it
 * reads, and on surplus bytes prints all that it has read into its error.
 *
 * @throws ProtocolError
 */
export function checkMsgpackShape(bytes: Buffer): void {
  if (endOfValue(bytes, 0, 1) !== bytes.length)
    throw new ProtocolError('a log message has bytes after its end');
}

function endOfValue(bytes: Buffer, at: number, depth: number): number {
  const tag = bytes[at] ?? cutShort();
  const next = at + 1;
  if (tag <= POSITIVE_FIXINT_MAX) return next;
  if (tag >= FIXSTR && tag <= FIXSTR_MAX) return endWithin(bytes, next + tag - FIXSTR);
  if (tag >= FIXARRAY && tag < FIXSTR) return endOfArray(bytes, next, tag - FIXARRAY, depth);
  if (tag === ARRAY_16) {
    const start = endWithin(bytes, next + 2);
    return endOfArray(bytes, start, bytes.readUInt16BE(next), depth);
  }
  const scalarBytes = SCALAR_BYTES.get(tag);
  if (scalarBytes !== undefined) return endWithin(bytes, next + scalarBytes);
  const lengthBytes = BINARY_LENGTH_BYTES.get(tag);
  if (lengthBytes === undefined)
    throw new ProtocolError(`a log message has a value of the kind 0x${tag.toString(16)}`);
  const start = endWithin(bytes, next + lengthBytes);
  return endWithin(bytes, start + bytes.readUIntBE(next, lengthBytes));
}

function endOfArray(bytes: Buffer, start: number, count: number, depth: number): number {
  if (depth > DEPTH_MAX) throw new ProtocolError('a log message has lists within its lists');
  let at = start;
  for (let read = 0; read < count; read++) at = endOfValue(bytes, at, depth + 1);
  return at;
}

function endWithin(bytes: Buffer, end: number): number {
  return end <= bytes.length ? end : cutShort();
}

function cutShort(): never {
  throw new ProtocolError('a log message is cut short');
}
