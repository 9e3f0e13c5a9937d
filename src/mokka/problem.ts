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
  const withReason = new Map(unreachable.map((peer) => [peer.name, describePeer(peer)]));
  if (standing.membership === 'none')
    return `A new cluster forms when all its members have met; still missing: ${list(
      standing.missing.map((name) => withReason.get(name) ?? name),
    )}. Start them, or mend what keeps them away.`;
  const reachable = standing.size - unreachable.length;
  if (reachable < standing.quorum)
    return `${reachable} of ${standing.size} members are reachable and ${standing.quorum} are needed; not reachable: ${list(
      [...withReason.values()],
    )}. Start them, or mend what keeps them away.`;
  if (standing.membership === 'rejoining')
    return 'This node lost its data and waits for a leader to catch up from; a majority of the others must be up.';
  return 'No leader is elected yet; an election takes below a second. If it lasts, too many members may have lost their data.';
}

function describePeer({ name, reason, forMs }: Standing['unreachable'][number]): string {
  return `${name} (for ${Math.round(forMs / 1000)} s${reason === undefined ? '' : `: ${reason}`})`;
}

function list(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.join(', ');
}
