/**
 * Makes the prompt's nonces: max(now in ms, last + 1), so that they increase even within one millisecond and when
 * the clock goes back.
 */
export function createNonces(now: () => number): () => number {
  let last = 0;
  return () => (last = Math.max(now(), last + 1));
}
