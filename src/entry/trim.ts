import { decodePoint, encodePoint, IDENTITY_BYTES, POINT_BYTES, type LogPoint } from './LogPoint';
import { MalformedEntryError } from './MalformedEntryError';

/** What a trim's entry says: the log forgets all entries up to the floor, with it. */
export interface Trim {
  readonly floor: LogPoint;
  /** Of the cluster whose log it is, 32 hex digits. */
  readonly identity: string;
}

/** The version of the layout: a floor may have to say more one day, such as who the members were. */
const LAYOUT = 1;
const IDENTITY_AT = 1 + POINT_BYTES;
const TRIM_BYTES = IDENTITY_AT + IDENTITY_BYTES;

/** A trim as it stands in its entry: layout (1 byte), floor ({@link encodePoint}), identity (16). */
export function encodeTrim({ floor, identity }: Trim): Buffer {
  return Buffer.concat([Buffer.of(LAYOUT), encodePoint(floor), Buffer.from(identity, 'hex')]);
}

/** @throws MalformedEntryError when the bytes are no trim. */
export function decodeTrim(content: Buffer): Trim {
  if (content.length !== TRIM_BYTES || content[0] !== LAYOUT)
    throw new MalformedEntryError(`a trim of ${content.length} bytes and layout ${String(content[0])}`);
  const floor = decodePoint(content.subarray(1));
  if (floor.index === 0) throw new MalformedEntryError('a trim that forgets nothing');
  return { floor, identity: content.toString('hex', IDENTITY_AT) };
}
