/** What is known when a node says why nothing can be committed now. */
export interface Standing {
  readonly membership: 'none' | 'rejoining' | 'voter';
  readonly hasLeader: boolean;
  readonly size: number;
  readonly quorum: number;
  /** Members that a forming cluster waits for. */
  readonly missing: readonly string[];
  /** Peers without a link, each with the reason and since when (ms ago) where known. */
  readonly unreachable: readonly { name: string; reason: string | undefined; forMs: number }[];
}

/** One sentence that says why nothing can be committed now and what to do, or null when it can. */
export function describeProblem(standing: Standing): string | null {
  if (standing.hasLeader) return null;
  const { unreachable } = standing;
  if (standing.membership === 'none')
    return `A new cluster forms when all its members have met; still missing: ${list(standing.missing)}. Start them.`;
  const reachable = standing.size - unreachable.length;
  if (reachable < standing.quorum) {
    const names = unreachable.map(
      ({ name, reason, forMs }) =>
        `${name} (for ${Math.round(forMs / 1000)} s${reason === undefined ? '' : `: ${reason}`})`,
    );
    return `${reachable} of ${standing.size} members are reachable and ${standing.quorum} are needed; not reachable: ${list(names)}. Start them or mend the network.`;
  }
  if (standing.membership === 'rejoining')
    return 'This node lost its data and waits for a leader to catch up from; a majority of the others must be up.';
  return 'No leader is elected yet; an election takes below a second. If it lasts, too many members may have lost their data.';
}

function list(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.join(', ');
}
