import { ECDH, createECDH, createHash } from 'node:crypto';
import { inspect } from 'node:util';
import nacl from 'tweetnacl';
import { StartError, invariant } from '../errors';

/** Ed25519 seed and public key, 64 bytes, in hex. */
export const SECRET_KEY_HEX_LENGTH = 128;

/** Compressed secp256k1 voting key (33 bytes) and Ed25519 public key (32 bytes), in hex. */
export const PUBLIC_KEY_HEX_LENGTH = 130;

const VOTING_PUBLIC_KEY_HEX_LENGTH = 66;
const SEED_BYTES = 32;
const VOTING_KEY_DOMAIN = 'mokka-vote-v1\0';

/** Order n of secp256k1's group (SEC 2, 2.4.1): private keys are 1 to n - 1. */
const SECP256K1_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

/**
 * A node's identity. The secrets are readable by name only: neither JSON.stringify, util.inspect, a spread nor a
 * log record shows them. So they are `#secretKey` and `#votingKey`, where the rest of the code has `private`.
 */
export class NodeKeys {
  /** Compressed voting key and Ed25519 public key, 130 hex digits: the node's name everywhere. */
  readonly publicKey: string;
  readonly #secretKey: string;
  readonly #votingKey: string;

  constructor(publicKey: string, secretKey: string, votingKey: string) {
    this.publicKey = publicKey;
    this.#secretKey = secretKey;
    this.#votingKey = votingKey;
  }

  /** tweetnacl's 64-byte Ed25519 secret (seed and public key), 128 hex digits: signs for the node's links. */
  get secretKey(): string {
    return this.#secretKey;
  }

  /** secp256k1 private key, 64 hex digits, for Mokka's `privateKey`. Votes reveal it (HAZARDS, mokka 1). */
  get votingKey(): string {
    return this.#votingKey;
  }

  [inspect.custom](): string {
    return `NodeKeys { publicKey: '${this.publicKey}' }`;
  }
}

/**
 * The identity that a secret stands for (src/README.md, Words). Hex digits of either case are read; all keys of the
 * result are lower case.
 *
 * @throws StartError BAD_KEY, without the secret in its message, when it is not a tweetnacl signing secret.
 */
export function keyPairFromSecret(secretKey: string): NodeKeys {
  if (!/^[0-9a-f]*$/i.test(secretKey) || secretKey.length !== SECRET_KEY_HEX_LENGTH)
    throw new StartError(
      'BAD_KEY',
      `a secretKey is ${SECRET_KEY_HEX_LENGTH} hex digits (this one has ${secretKey.length} characters): ` +
        'make one with npx mokka-cluster gen-keys',
    );
  const secret = Buffer.from(secretKey, 'hex');
  const pair = nacl.sign.keyPair.fromSeed(secret.subarray(0, SEED_BYTES));
  if (!secret.equals(pair.secretKey))
    throw new StartError(
      'BAD_KEY',
      'the two halves of the secretKey do not belong together, so a digit is wrong: ' +
        'copy it again, or make one with npx mokka-cluster gen-keys',
    );
  return fromSigningPair(pair);
}

/** A fresh identity, from the system's secure randomness. */
export function generateKeyPair(): NodeKeys {
  return fromSigningPair(nacl.sign.keyPair());
}

/** Whether a text, in lower case, can be a node's publicKey: its length, its digits, a voting key on the curve. */
export function isPublicKey(text: string): boolean {
  if (!/^0[23][0-9a-f]{128}$/.test(text)) return false;
  try {
    ECDH.convertKey(votingPublicKey(text), 'secp256k1', 'hex');
    return true;
  } catch {
    return false;
  }
}

/** Whether two nodes' publicKeys have a key in common, the voting or the signing one: then they are one identity. */
export function shareAKey(publicKey: string, other: string): boolean {
  return (
    votingPublicKey(publicKey) === votingPublicKey(other) ||
    publicKey.slice(VOTING_PUBLIC_KEY_HEX_LENGTH) === other.slice(VOTING_PUBLIC_KEY_HEX_LENGTH)
  );
}

function votingPublicKey(publicKey: string): string {
  return publicKey.slice(0, VOTING_PUBLIC_KEY_HEX_LENGTH);
}

function fromSigningPair(pair: nacl.SignKeyPair): NodeKeys {
  const votingKey = deriveVotingKey(pair.secretKey.subarray(0, SEED_BYTES));
  const curve = createECDH('secp256k1');
  curve.setPrivateKey(votingKey, 'hex');
  const publicKey = curve.getPublicKey('hex', 'compressed') + Buffer.from(pair.publicKey).toString('hex');
  invariant(publicKey.length === PUBLIC_KEY_HEX_LENGTH, () => `a public key of ${publicKey.length} digits`);
  return new NodeKeys(publicKey, Buffer.from(pair.secretKey).toString('hex'), votingKey);
}

/** One way, since a vote reveals the result; domain-separated, so that it is no other use's hash of the seed. */
function deriveVotingKey(seed: Uint8Array): string {
  const digest = createHash('sha512').update(VOTING_KEY_DOMAIN).update(seed).digest('hex');
  const scalar = (BigInt(`0x${digest}`) % (SECP256K1_ORDER - 1n)) + 1n;
  return scalar.toString(16).padStart(64, '0');
}
