import { ProtocolError } from '../errors';
import { clusterFingerprint } from '../config/clusterFingerprint';

/** Version of what nodes say to each other. Nodes of different versions refuse each other. */
export const PROTOCOL_VERSION = 4;

/** The first frame in both directions of a link: which cluster its sender belongs to. */
export interface Hello {
  /** {@link PROTOCOL_VERSION} */
  readonly protocolVersion: number;
  readonly clusterSize: number;
  /** {@link clusterFingerprint} */
  readonly fingerprint: string;
}

const MAGIC = Buffer.from('\x02mokka');
const VERSION_AT = MAGIC.length;
const SIZE_AT = VERSION_AT + 2;
const FINGERPRINT_AT = SIZE_AT + 1;
const HELLO_BYTES = FINGERPRINT_AT + 32;

/** The hello of a node whose cluster has these members, itself included. */
export function helloOf(publicKeys: readonly string[]): Hello {
  return {
    protocolVersion: PROTOCOL_VERSION,
    clusterSize: publicKeys.length,
    fingerprint: clusterFingerprint(publicKeys),
  };
}

/** A hello as the one argument of its frame. */
export function encodeHello(hello: Hello): Buffer {
  const bytes = Buffer.alloc(HELLO_BYTES);
  MAGIC.copy(bytes);
  bytes.writeUInt16BE(hello.protocolVersion, VERSION_AT);
  bytes.writeUInt8(hello.clusterSize, SIZE_AT);
  bytes.write(hello.fingerprint, FINGERPRINT_AT, 'hex');
  return bytes;
}

/** @throws ProtocolError when the frame is no hello. A later version's may be longer, so that it can be refused by name. */
export function decodeHello(args: readonly Buffer[]): Hello {
  const [bytes] = args;
  if (bytes === undefined || bytes.length < HELLO_BYTES || !bytes.subarray(0, MAGIC.length).equals(MAGIC))
    throw new ProtocolError('the first frame is no hello');
  return {
    protocolVersion: bytes.readUInt16BE(VERSION_AT),
    clusterSize: bytes.readUInt8(SIZE_AT),
    fingerprint: bytes.toString('hex', FINGERPRINT_AT, HELLO_BYTES),
  };
}

/** Why two nodes must refuse each other, naming the field that differs; null when they belong together. */
export function helloMismatch(own: Hello, theirs: Hello): string | null {
  if (own.protocolVersion !== theirs.protocolVersion)
    return `protocol version ${theirs.protocolVersion} there, ${own.protocolVersion} here: run the same release on all nodes`;
  if (own.clusterSize !== theirs.clusterSize)
    return `cluster size ${theirs.clusterSize} there, ${own.clusterSize} here: give all nodes the same configuration`;
  if (own.fingerprint !== theirs.fingerprint)
    return (
      `members' public keys differ (fingerprint ${theirs.fingerprint.slice(0, 16)} there, ` +
      `${own.fingerprint.slice(0, 16)} here): give all nodes the same configuration`
    );
  return null;
}
