import { createHash } from 'node:crypto';
import * as cryptoUtils from 'mokka/dist/consensus/utils/cryptoUtils';

/** Order of secp256k1's group. */
const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

/**
 * Puts cheap arithmetic in the place of Mokka's: a point of the curve is written as its own discrete logarithm, so
 * that sums and products are those of numbers. The algebra, and so which votes and proofs hold, stays the same; an
 * election takes 0.1 ms instead of 15 to 180 (HAZARDS, mokka 11). A share of the schedules runs with Mokka's own.
 *
 * @param votingKeys the private voting key of each public key.
 * @returns what puts Mokka's own back.
 */
export function replaceArithmetic(votingKeys: ReadonlyMap<string, string>): () => void {
  const logarithms = new Map([...votingKeys].map(([name, key]) => [name, BigInt(`0x${key}`)]));
  const logarithm = (publicKey: string): bigint => {
    const known = logarithms.get(publicKey);
    if (known === undefined) throw new Error(`an unknown voting key ${publicKey}`);
    return known;
  };
  const sum = (publicKeys: readonly string[]): bigint =>
    publicKeys.reduce((total, publicKey) => total + logarithm(publicKey), 0n);
  const cheap: { [Name in keyof typeof cryptoUtils]?: unknown } = {
    buildPublicKeysRoot: (publicKeys: string[]) => point(sum(publicKeys)),
    buildPublicKeysRootForTerm: (root: string, term: number, nonce: number | string, candidate: string) =>
      point(scalar(root) * hash(`${nonce}:${term}:${candidate}`)),
    buildSharedPublicKeyX: (publicKeys: string[], term: number, nonce: number | string, root: string) =>
      point(sum(publicKeys) * hash(`${nonce}:${term}:${root}`)),
    partialSignatureVerify: (
      signature: string,
      publicKey: string,
      nonce: number,
      term: number,
      root: string,
    ) => point(BigInt(`0x${signature}`)) === point(logarithm(publicKey) * hash(`${nonce}:${term}:${root}`)),
    buildPartialSignature: (privateKey: string, term: number, nonce: number, root: string) =>
      ((BigInt(`0x${privateKey}`) * hash(`${nonce}:${term}:${root}`)) % ORDER).toString(16),
    buildSharedSignature: (signatures: string[]) =>
      signatures.reduce((total, signature) => total + BigInt(`0x${signature}`), 0n).toString(16),
    verify: (signature: string, sharedPublicKey: string) =>
      point(BigInt(`0x${signature}`)) === sharedPublicKey,
  };
  return replace(cheap);
}

/**
 * Leaves Mokka's arithmetic, and remembers its results: all nodes of a schedule compute the same sums.
 *
 * @returns what puts Mokka's own back.
 */
export function rememberArithmetic(): () => void {
  const names = [
    'buildPublicKeysRoot',
    'buildPublicKeysRootForTerm',
    'buildSharedPublicKeyX',
    'buildPartialSignature',
    'partialSignatureVerify',
    'verify',
  ] as const;
  const own = { ...cryptoUtils };
  const remembered = names.map((name) => {
    const results = new Map<string, unknown>();
    const compute = own[name] as (...parameters: unknown[]) => unknown;
    const lookUp = (...parameters: unknown[]): unknown => {
      const key = parameters.join();
      if (!results.has(key)) results.set(key, compute(...parameters));
      return results.get(key);
    };
    return [name, lookUp];
  });
  return replace(Object.fromEntries(remembered) as object);
}

function replace(functions: object): () => void {
  const own = { ...cryptoUtils };
  Object.assign(cryptoUtils, functions);
  return () => {
    Object.assign(cryptoUtils, own);
  };
}

function point(logarithm: bigint): string {
  return `02${(logarithm % ORDER).toString(16).padStart(64, '0')}`;
}

function scalar(point: string): bigint {
  return BigInt(`0x${point.slice(2)}`);
}

function hash(text: string): bigint {
  return BigInt(`0x${createHash('sha256').update(text).digest('hex')}`);
}
