import { clusterFingerprint } from '../config/clusterFingerprint';
import { ProtocolError } from '../errors';

/**
 * Versions of what nodes say to each other that this release speaks. A link speaks the highest that both ends know, so
 * that releases which share one can run in one cluster.
 */
export const PROTOCOL_VERSION = 7;
export const PROTOCOL_VERSION_LOWEST = 7;

/** The first frame in both directions of a link: which cluster its sender belongs to. */
export interface Hello {
  /** {@link PROTOCOL_VERSION} */
  readonly protocolVersion: number;
  /** {@link PROTOCOL_VERSION_LOWEST} */
  readonly lowestVersion: number;
  readonly clusterSize: number;
  /** {@link clusterFingerprint} */
  readonly fingerprint: string;
  /** Which cluster of all that had these members, 32 hex digits; null: the sender knows of none yet. */
  readonly identity: string | null;
}

const MAGIC = Buffer.from('\x02mokka');
const VERSION_AT = MAGIC.length;
const SIZE_AT = VERSION_AT + 2;
const FINGERPRINT_AT = SIZE_AT + 1;
/** Where the hello of protocol versions up to 3 ends: they speak only the one version that they name. */
const LOWEST_AT = FINGERPRINT_AT + 32;
const IDENTITY_AT = LOWEST_AT + 2;
const HELLO_BYTES = IDENTITY_AT + 16;
const NO_IDENTITY = '0'.repeat(32);

/** The hello of a node whose cluster has these members, itself included, and this identity. */
export function helloOf(publicKeys: readonly string[], identity: string | null): Hello {
  return {
    protocolVersion: PROTOCOL_VERSION,
    lowestVersion: PROTOCOL_VERSION_LOWEST,
    clusterSize: publicKeys.length,
    fingerprint: clusterFingerprint(publicKeys),
    identity,
  };
}

/** A hello as the one argument of its frame. */
export function encodeHello(hello: Hello): Buffer {
  const bytes = Buffer.alloc(HELLO_BYTES);
  MAGIC.copy(bytes);
  bytes.writeUInt16BE(hello.protocolVersion, VERSION_AT);
  bytes.writeUInt8(hello.clusterSize, SIZE_AT);
  bytes.write(hello.fingerprint, FINGERPRINT_AT, 'hex');
  bytes.writeUInt16BE(hello.lowestVersion, LOWEST_AT);
  bytes.write(hello.identity ?? NO_IDENTITY, IDENTITY_AT, 'hex');
  return bytes;
}

/** Whether a frame is a hello, and no request or answer: those end with an id. */
export function isHello(args: readonly Buffer[]): boolean {
  return args.length === 1 && args[0]?.subarray(0, MAGIC.length).equals(MAGIC) === true;
}

/**
 * Reads a hello; a later version's may be longer, an earlier one's shorter, so that it can be refused by name.
 *
 * @throws ProtocolError when the frame is no hello.
 */
export function decodeHello(args: readonly Buffer[]): Hello {
  const [bytes] = args;
  if (bytes === undefined || bytes.length < LOWEST_AT || !isHello(args))
    throw new ProtocolError('the first frame is no hello');
  const protocolVersion = bytes.readUInt16BE(VERSION_AT);
  const head = {
    protocolVersion,
    clusterSize: bytes.readUInt8(SIZE_AT),
    fingerprint: bytes.toString('hex', FINGERPRINT_AT, LOWEST_AT),
  };
  if (bytes.length === LOWEST_AT) return { ...head, lowestVersion: protocolVersion, identity: null };
  if (bytes.length < HELLO_BYTES) throw new ProtocolError('the hello is cut short');
  const identity = bytes.toString('hex', IDENTITY_AT, HELLO_BYTES);
  return {
    ...head,
    lowestVersion: bytes.readUInt16BE(LOWEST_AT),
    identity: identity === NO_IDENTITY ? null : identity,
  };
}

/** The highest protocol version that both ends of a link speak; null when there is none. */
export function commonVersion(own: Hello, theirs: Hello): number | null {
  const highest = Math.min(own.protocolVersion, theirs.protocolVersion);
  return highest >= Math.max(own.lowestVersion, theirs.lowestVersion) ? highest : null;
}

/** Why two nodes must refuse each other, naming the field that differs; null when their configurations agree. */
export function helloMismatch(own: Hello, theirs: Hello): string | null {
  if (commonVersion(own, theirs) === null)
    return `protocol version ${theirs.protocolVersion} there, ${own.protocolVersion} here: run releases that know a common one on all nodes`;
  if (own.clusterSize !== theirs.clusterSize)
    return `cluster size ${theirs.clusterSize} there, ${own.clusterSize} here: give all nodes the same configuration`;
  if (own.fingerprint !== theirs.fingerprint)
    return (
      `members' public keys differ (fingerprint ${theirs.fingerprint.slice(0, 16)} there, ` +
      `${own.fingerprint.slice(0, 16)} here): give all nodes the same configuration`
    );
  return null;
}

/** Why a node with the same configuration must be refused all the same: its data are another cluster's. Else null. */
export function identityMismatch(own: Hello, theirs: Hello): string | null {
  if (own.identity === null || theirs.identity === null || own.identity === theirs.identity) return null;
  return (
    `its data are of another cluster that had the same keys (identity ${theirs.identity.slice(0, 16)} there, ` +
    `${own.identity.slice(0, 16)} here): info says what to do`
  );
}
