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

/** One cause: its sentence, or null where it is not the case. */
type Cause = (standing: Standing) => string | null;

/** Causes while no leader is known; the first that is the case is told. */
const WITHOUT_LEADER: readonly Cause[] = [notFormed, tooFewReachable, rejoining];

/** One sentence that says why nothing can be committed now and what to do, or null when it can. */
export function describeProblem(standing: Standing): string | null {
  if (standing.hasLeader) return null;
  for (const cause of WITHOUT_LEADER) {
    const sentence = cause(standing);
    if (sentence !== null) return sentence;
  }
  return 'No leader is elected yet; an election takes below a second. If it lasts, too many members may have lost their data.';
}

function notFormed({ membership, missing, unreachable }: Standing): string | null {
  if (membership !== 'none') return null;
  const withReason = new Map(unreachable.map((peer) => [peer.name, describePeer(peer)]));
  return `A new cluster forms when all its members have met; still missing: ${list(
    missing.map((name) => withReason.get(name) ?? name),
  )}. Start them, or mend what keeps them away.`;
}

function tooFewReachable({ size, quorum, unreachable }: Standing): string | null {
  const reachable = size - unreachable.length;
  if (reachable >= quorum) return null;
  return `${reachable} of ${size} members are reachable and ${quorum} are needed; not reachable: ${list(
    unreachable.map(describePeer),
  )}. Start them, or mend what keeps them away.`;
}

function rejoining({ membership }: Standing): string | null {
  if (membership !== 'rejoining') return null;
  return 'This node lost its data and waits for a leader to catch up from; a majority of the others must be up.';
}

function describePeer({ name, reason, forMs }: Standing['unreachable'][number]): string {
  return `${name} (for ${Math.round(forMs / 1000)} s${reason === undefined ? '' : `: ${reason}`})`;
}

function list(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.join(', ');
}
