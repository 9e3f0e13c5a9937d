/** How many of `size` members are a majority (Raft, 5.1). */
export function quorumOf(size: number): number {
  return Math.floor(size / 2) + 1;
}

/**
 * The highest index that at least `quorum` members hold; 0 when fewer members than that are given.
 *
 * @param matchIndexes of the members that count.
 */
export function quorumIndex(matchIndexes: readonly number[], quorum: number): number {
  const descending = [...matchIndexes].sort((a, b) => b - a);
  return descending[quorum - 1] ?? 0;
}
