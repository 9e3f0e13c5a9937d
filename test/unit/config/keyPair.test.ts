import { createECDH, createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import { format, inspect } from 'node:util';
import bunyan from 'bunyan';
import fc from 'fast-check';
import {
  buildPartialSignature,
  partialSignatureVerify,
  pubKeyToPoint,
} from 'mokka/dist/consensus/utils/cryptoUtils';
import nacl from 'tweetnacl';
import {
  generateKeyPair,
  isPublicKey,
  keyPairFromSecret,
  type NodeKeys,
  shareAKey,
} from '../../../src/config/keyPair';
import { StartError } from '../../../src/errors';

/** What the tests use of elliptic's points, which mokka's types call any. */
interface CurvePoint {
  getX(): { toString(base: 16, length: number): string };
  getY(): { toString(base: 16, length: number): string };
}

const PROPERTY_SEED = 20_240_607;

/** Of all seeds 0, 1, 2, …: the first whose voting point has an X, or whose voting key has a value, of 31 bytes. */
const SEED_WITH_SHORT_X = 212;
const SEED_WITH_SHORT_VOTING_KEY = 14;

function keysOfSeed(seed: Uint8Array): NodeKeys {
  return keyPairFromSecret(Buffer.from(nacl.sign.keyPair.fromSeed(seed).secretKey).toString('hex'));
}

function numberedSeed(number: number): Uint8Array {
  const seed = Buffer.alloc(32);
  seed.writeUInt32BE(number, 28);
  return seed;
}

function startErrorOf(act: () => unknown): StartError {
  try {
    act();
  } catch (thrown) {
    if (thrown instanceof StartError) return thrown;
    throw thrown;
  }
  throw new Error('no StartError was thrown');
}

/** mokka must read the point that Node's own arithmetic gives for the voting key. */
function expectMokkaToReadThePoint(keys: NodeKeys): void {
  const curve = createECDH('secp256k1');
  curve.setPrivateKey(keys.votingKey, 'hex');
  const point = pubKeyToPoint(Buffer.from(keys.publicKey, 'hex')) as CurvePoint;
  expect(`04${point.getX().toString(16, 64)}${point.getY().toString(16, 64)}`).toBe(
    curve.getPublicKey('hex', 'uncompressed'),
  );
}

describe('identity from a secret', () => {
  test('mokka reads every public key as the right point', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (seed) => {
        const keys = keysOfSeed(seed);
        expect(keys.publicKey).toMatch(/^0[23][0-9a-f]{128}$/);
        expect(keys.votingKey).toMatch(/^[0-9a-f]{64}$/);
        expect(isPublicKey(keys.publicKey)).toBe(true);
        expectMokkaToReadThePoint(keys);
      }),
      { numRuns: 25, seed: PROPERTY_SEED },
    );
  });

  test('leading zeros stay, of X and of the voting key, and mokka verifies its votes', () => {
    const shortX = keysOfSeed(numberedSeed(SEED_WITH_SHORT_X));
    const shortVotingKey = keysOfSeed(numberedSeed(SEED_WITH_SHORT_VOTING_KEY));
    expect(shortX.publicKey).toMatch(/^0[23]00[0-9a-f]{126}$/);
    expect(shortVotingKey.votingKey).toMatch(/^00[0-9a-f]{62}$/);
    for (const keys of [shortX, shortVotingKey]) {
      expectMokkaToReadThePoint(keys);
      const signature = buildPartialSignature(keys.votingKey, 3, 7, 'root');
      expect(partialSignatureVerify(signature, keys.publicKey, 7, 3, 'root')).toBe(true);
    }
  });

  test('the last 32 bytes of publicKey verify what the secret signs in node:crypto', () => {
    const keys = generateKeyPair();
    const privateKey = createPrivateKey({
      key: Buffer.from(`302e020100300506032b657004220420${keys.secretKey.slice(0, 64)}`, 'hex'),
      format: 'der',
      type: 'pkcs8',
    });
    const publicKey = createPublicKey({
      key: Buffer.from(`302a300506032b6570032100${keys.publicKey.slice(66)}`, 'hex'),
      format: 'der',
      type: 'spki',
    });
    const text = Buffer.from('a vote');
    expect(verify(null, text, publicKey, sign(null, text, privateKey))).toBe(true);
  });

  test('hex of either case is one identity, in lower case', () => {
    const keys = generateKeyPair();
    const upper = keyPairFromSecret(keys.secretKey.toUpperCase());
    expect(upper.publicKey).toBe(keys.publicKey);
    expect(upper.secretKey).toBe(keys.secretKey);
    expect(upper.votingKey).toBe(keys.votingKey);
  });

  test('fresh pairs differ', () => {
    const publicKeys = Array.from({ length: 20 }, () => generateKeyPair().publicKey);
    expect(new Set(publicKeys).size).toBe(20);
  });
});

describe('a secret that is none', () => {
  const good = keysOfSeed(numberedSeed(1)).secretKey;
  const otherHalf = keysOfSeed(numberedSeed(2)).secretKey.slice(64);
  const flippedFirstDigit = (good.startsWith('f') ? '0' : 'f') + good.slice(1);

  test.each([
    ['empty', '', /128 hex digits \(this one has 0 characters\)/],
    ['a digit short', good.slice(1), /this one has 127 characters/],
    ['a digit long', `${good}0`, /this one has 129 characters/],
    ['not hex', `${good.slice(0, -1)}g`, /128 hex digits/],
    ['with a line end', `${good}\n`, /this one has 129 characters/],
    ['with another pair’s public half', good.slice(0, 64) + otherHalf, /two halves/],
    ['with one digit of the seed wrong', flippedFirstDigit, /two halves/],
  ])('%s: BAD_KEY, in one line, without the secret', (_name, secret, message) => {
    const error = startErrorOf(() => keyPairFromSecret(secret));
    expect(error.code).toBe('BAD_KEY');
    expect(error.exitStatus).toBe(2);
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain('\n');
    for (const part of [secret.slice(0, 16), secret.slice(-16)])
      if (part !== '') expect(inspect(error)).not.toContain(part);
  });
});

describe('secrets stay hidden', () => {
  const keys = keysOfSeed(numberedSeed(3));
  const node = { index: 0, keys };

  function logged(): string {
    const lines: string[] = [];
    const stream = { write: (line: unknown) => void lines.push(String(line)) };
    bunyan
      .createLogger({ name: 'test', streams: [{ stream }] })
      .info({ keys, node }, 'starting with %j', keys);
    return lines.join('');
  }

  test.each([
    ['JSON.stringify', () => JSON.stringify(node)],
    ['util.inspect', () => inspect(node)],
    [
      'util.inspect with all it can show',
      () => inspect(node, { showHidden: true, depth: null, getters: true }),
    ],
    ['a format string', () => format('%o %O %j %s', keys, keys, keys, keys)],
    ['a copy of its fields', () => JSON.stringify(Object.assign({}, keys))],
    ['a bunyan record', logged],
  ])('in %s', (_name, show) => {
    const text = show();
    expect(text).not.toContain(keys.secretKey.slice(0, 32));
    expect(text).not.toContain(keys.votingKey.slice(0, 32));
  });

  test('while the public key is shown', () => {
    expect(inspect(node)).toContain(keys.publicKey);
    expect(JSON.stringify(node)).toContain(keys.publicKey);
  });
});

describe('public keys', () => {
  const { publicKey, secretKey } = keysOfSeed(numberedSeed(4));

  test.each([
    ['a digit short', publicKey.slice(0, -1)],
    ['a digit long', `${publicKey}0`],
    ['no hex', `${publicKey.slice(0, -1)}g`],
    ['upper case', publicKey.toUpperCase()],
    ['not a compressed point', `04${publicKey.slice(2)}`],
    ['an X that is on no point', `02${'0'.repeat(62)}05${publicKey.slice(66)}`],
    ['an X outside the field', `02${'f'.repeat(64)}${publicKey.slice(66)}`],
    ['a secretKey', secretKey],
  ])('refused: %s', (_name, text) => expect(isPublicKey(text)).toBe(false));

  test('two with either half in common are one identity', () => {
    const other = keysOfSeed(numberedSeed(5)).publicKey;
    expect(shareAKey(publicKey, publicKey)).toBe(true);
    expect(shareAKey(publicKey, publicKey.slice(0, 66) + other.slice(66))).toBe(true);
    expect(shareAKey(publicKey, other.slice(0, 66) + publicKey.slice(66))).toBe(true);
    expect(shareAKey(publicKey, other)).toBe(false);
  });
});
