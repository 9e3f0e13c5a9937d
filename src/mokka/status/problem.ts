import { FILLS_UP_FROM } from '../../storage/room/StoreRoom';

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
  /** This node's own. */
  readonly address: string;
  /** The leader that another member hears, or says that it is. */
  readonly leaderOfOthers: { readonly name: string; readonly heardBy: string } | null;
  /** Members that lost their data, this node among them where it did: they cannot vote. */
  readonly lost: readonly string[];
  /** Peers with a link from this node that have none to it. */
  readonly notReaching: readonly string[];
  /** The disk with the slowest writes, where they are not quick; times in ms. */
  readonly slowDisk: {
    readonly whose: string;
    readonly writeMs: number;
    readonly heartbeat: number;
    readonly electionTimeout: number;
  } | null;
}

/** Names of members, and from which log on their committed logs are others. */
export interface DivergedHistory {
  readonly names: readonly string[];
  /** Number of the first log that differs. */
  readonly from: number;
}

/** One cause: its sentence, or null where it is not the case. */
type Cause = (standing: Standing) => string | null;

/** Causes that a person must decide about, whether a leader is known or not. */
const ALWAYS: readonly Cause[] = [twoClusters, twoHistories];

/** Causes while no leader is known; the first that is the case is named. */
const WITHOUT_LEADER: readonly Cause[] = [
  notFormed,
  leaderUnheard,
  majorityLost,
  tooFewReachable,
  tooFewVoters,
  unreached,
  rejoining,
  slowDisk,
];

const DECIDE =
  'A data directory is an old copy, or from before all data were lost. Decide which history to keep (npx mokka-cluster backup ' +
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
  return 'No leader is elected yet; an election takes below a second. If it lasts, see the logs of all nodes.';
}

/** What is known of the room on disks. */
export interface DiskRoom {
  /** Where this node's store stands. */
  readonly place: string;
  readonly isFull: boolean;
  /** Which part of what it may take the store takes, 0 to 1. */
  readonly fill: number;
  /** On the leader: names of the followers whose disks are full. */
  readonly fullFollowers: readonly string[];
  /** Whether adds are refused, as a leader knows. */
  readonly refusesAdds: boolean;
}

const MAKE_ROOM =
  'Trim the log (trim INDEX --yes, or settings.retain), make room on the disk, or raise settings.storeBytesMax.';

/** One sentence that says which disks are full, or this node's soon, and what to do; null while there is room. */
export function describeRoom({ place, isFull, fill, fullFollowers, refusesAdds }: DiskRoom): string | null {
  const full = [...(isFull ? [`this node (${place})`] : []), ...fullFollowers];
  if (full.length > 0) {
    const effect = refusesAdds ? 'nothing can be added' : 'adds go on while a quorum of the nodes has room';
    return `No room for more logs on ${list(full)}: ${effect}; reads, elections and trims go on. ${MAKE_ROOM}`;
  }
  if (fill < FILLS_UP_FROM) return null;
  return `${place} takes ${Math.floor(100 * fill)} % of what it may. ${MAKE_ROOM}`;
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

/** The others have a leader: this node alone is cut off from it, one way or both. */
function leaderUnheard({ leaderOfOthers, unreachable, address }: Standing): string | null {
  if (leaderOfOthers === null || leaderOfOthers.name === 'this node') return null;
  const { name, heardBy } = leaderOfOthers;
  const leads = `${capital(name)} leads, as ${heardBy === name ? 'it' : heardBy} says`;
  const cut = unreachable.find((peer) => peer.name === name);
  return cut === undefined
    ? `${leads}, and is reached from here, but does not reach this node at ${address}: see that this is this node's address in every member's cluster.json, and that no firewall is before it. The other nodes take adds.`
    : `${leads}, but this node has no link to it: ${describePeer(cut)}. Mend what is between the two; the other nodes take adds.`;
}

function majorityLost({ size, quorum, lost }: Standing): string | null {
  if (size - lost.length >= quorum) return null;
  return `${lost.length} of ${size} members lost their data (${list(lost)}), too many for a leader: what only they held is gone. Bring the data directory of one of them back, or save what is left with npx mokka-cluster backup --unconfirmed on each node that has data, and restore all members from the longest (README, Backup).`;
}

/** With those that lost their data, and cannot vote before a leader has brought them up to date, too few are left. */
function tooFewVoters({ size, quorum, lost, unreachable }: Standing): string | null {
  const voters = size - new Set([...lost, ...unreachable.map(({ name }) => name)]).size;
  if (voters >= quorum || lost.length === 0) return null;
  return `${voters} of ${size} members can vote and ${quorum} are needed: ${list(lost)} lost the data and cannot vote before a leader has brought it back; not reachable: ${list(
    unreachable.map(describePeer),
  )}. Start them, or mend what keeps them away.`;
}

/** Links go two ways: a node that nobody can connect to hears no answer to what others begin. */
function unreached({ size, quorum, unreachable, notReaching, address }: Standing): string | null {
  if (size - unreachable.length - notReaching.length >= quorum) return null;
  return `${capital(list(notReaching))} can be reached from here, but cannot reach this node at ${address}: see that this is this node's address in every member's cluster.json, and that no firewall is before it.`;
}

function slowDisk({ slowDisk: slow }: Standing): string | null {
  if (slow === null) return null;
  const { whose, writeMs, heartbeat, electionTimeout } = slow;
  return `No leader is elected yet; elections take long, since ${whose} takes ${writeMs} ms for a write, with electionTimeout ${electionTimeout} ms and heartbeat ${heartbeat} ms. If it lasts, use a faster disk, or raise both settings.`;
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

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function list(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.join(', ');
}
