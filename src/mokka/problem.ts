/** What is known when a node says why nothing can be committed now. */
export interface Standing {
  readonly membership: 'none' | 'rejoining' | 'voter';
  readonly hasLeader: boolean;
  readonly size: number;
  readonly quorum: number;
  /** Members that a forming cluster waits for. */
  readonly missing: readonly string[];
  /** Peers whose data are of another cluster that had the same keys. */
  readonly foreign: readonly string[];
  /** Where this node and its leader, or this leader and its followers, hold different logs for committed. */
  readonly diverged: DivergedHistory | null;
  /** Peers without a link, each with the reason and since when (ms ago) where known. */
  readonly unreachable: readonly { name: string; reason: string | undefined; forMs: number }[];
}

/** Names of members, and from which log on their committed logs are others. */
export interface DivergedHistory {
  readonly names: readonly string[];
  /** Index of the first log that differs. */
  readonly from: number;
}

/** One cause: its sentence, or null where it is not the case. */
type Cause = (standing: Standing) => string | null;

/** Causes that a person must decide about, whether a leader is known or not. */
const ALWAYS: readonly Cause[] = [twoClusters, twoHistories];

/** Causes while no leader is known; the first that is the case is told. */
const WITHOUT_LEADER: readonly Cause[] = [notFormed, tooFewReachable, rejoining];

const DECIDE =
  'A data directory is an old copy, or from before all data were lost. Decide which history to keep (npm run backup -- ' +
  '--unconfirmed saves a node’s own first), stop the nodes of the other, move their data directories away, and start ' +
  'them again: they get the log from those that stayed.';

/** One sentence that says why nothing can be committed now and what to do, or null when it can. */
export function describeProblem(standing: Standing): string | null {
  const causes = standing.hasLeader ? ALWAYS : [...ALWAYS, ...WITHOUT_LEADER];
  for (const cause of causes) {
    const sentence = cause(standing);
    if (sentence !== null) return sentence;
  }
  if (standing.hasLeader) return null;
  return 'No leader is elected yet; an election takes below a second. If it lasts, too many members may have lost their data.';
}

function twoClusters({ foreign }: Standing): string | null {
  if (foreign.length === 0) return null;
  return `${list(foreign)} and this node hold the data of two clusters that had the same keys, and refuse each other. ${DECIDE}`;
}

function twoHistories({ diverged }: Standing): string | null {
  if (diverged === null) return null;
  return `${list(diverged.names)} and this node know different logs to be committed, from log ${diverged.from} on. ${DECIDE}`;
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
