import {
  buildPartialSignature,
  buildPublicKeysRoot,
  buildPublicKeysRootForTerm,
  buildSharedPublicKeyX,
  partialSignatureVerify,
  verify,
} from 'mokka/dist/consensus/utils/cryptoUtils';

/** Rounds after which the arithmetic is compiled: the first candidacy took 56 ms without them, 10 ms with them. */
const ROUNDS = 6;

/** Between two rounds, ms: a round takes up to 80 ms at first, and heartbeats are due meanwhile. */
const ROUND_EVERY_MS = 250;

/**
 * Uses Mokka's arithmetic of votes and proofs until it is fast. Elections are rare, so that without this every one of
 * a node would be its first (HAZARDS, mokka 11). Returns a function that ends it.
 */
export function warmUpVoting(privateKey: string, publicKey: string): () => void {
  let rounds = 0;
  const timer = setInterval(() => {
    voteForOneself(privateKey, publicKey);
    if (++rounds === ROUNDS) clearInterval(timer);
  }, ROUND_EVERY_MS);
  voteForOneself(privateKey, publicKey);
  return () => clearInterval(timer);
}

function voteForOneself(privateKey: string, publicKey: string): void {
  const term = 1;
  const nonce = 1;
  const root = buildPublicKeysRootForTerm(buildPublicKeysRoot([publicKey]), term, nonce, publicKey);
  const shared = buildSharedPublicKeyX([publicKey], term, nonce, root);
  const signature = buildPartialSignature(privateKey, term, nonce, root);
  partialSignatureVerify(signature, publicKey, nonce, term, root);
  verify(signature, shared);
}
