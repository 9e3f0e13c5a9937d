/** The little of Protocol Buffers that calls of etcd need: fields of bytes and of whole numbers. */

const VARINT = 0;
const BYTES = 2;

/** A field of bytes. */
export function bytesField(number: number, bytes: Buffer): Buffer {
  return Buffer.concat([varint((number << 3) | BYTES), varint(bytes.length), bytes]);
}

/** The first value of a field: bytes, or a whole number as a bigint; null when the message has none. */
export function fieldOf(message: Buffer, number: number): Buffer | bigint | null {
  let at = 0;
  const readVarint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = message.readUInt8(at++);
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < message.length) {
    const tag = Number(readVarint());
    const kind = tag & 7;
    let value: Buffer | bigint;
    if (kind === VARINT) value = readVarint();
    else if (kind === BYTES) {
      const length = Number(readVarint());
      value = message.subarray(at, at + length);
      at += length;
    } else throw new Error(`a field of kind ${kind} is not known here`);
    if (tag >> 3 === number) return value;
  }
  return null;
}

function varint(number: number): Buffer {
  const bytes: number[] = [];
  let left = number;
  for (; left > 0x7f; left >>>= 7) bytes.push((left & 0x7f) | 0x80);
  return Buffer.from([...bytes, left]);
}
