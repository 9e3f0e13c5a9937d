import { entryHash, EntryKind, HASH_BYTES, type Entry } from '../../entry/Entry';
import type { LogStore } from '../../storage/LogStore';
import type { MemberStatus, NodeInfo, PeerInfo } from '../../api';
import type { Clock } from '../log/Clock';
import { quorumOf } from '../log/quorum';
import { describeProblem, describeRoom, type DivergedHistory } from './problem';
import type { Lags } from './LagQuestions';
import type { ReplicatedLog } from '../log/ReplicatedLog';
import type { AnsweredLogs } from '../pushes/AnsweredLogs';

/** Whether a peer is linked, and if not, why not. */
export interface LinkState {
  readonly connected: boolean;
  readonly reason?: string;
  /** Whether the peer's data are of another cluster that had the same keys. */
  readonly isForeign?: boolean;
  /** Whether the peer has connected to this node, where that is known. */
  readonly reachesThis?: boolean;
}

/** What the election knows now. */
export interface ElectionView {
  readonly term: number;
  /** The leader's public key. */
  readonly leader: string | null;
  readonly state: NodeInfo['state'];
  /** Members that a forming cluster waits for. */
  readonly missing: readonly string[];
  /** A leader that another member said lately that it follows, or is. */
  readonly leaderOfOthers: { readonly publicKey: string; readonly heardBy: string } | null;
  /** Peers that said lately that they cannot vote. */
  readonly nonVoters: readonly string[];
  /** The member whose writes to disk take the longest, and how long, ms; 0 where they are quick. */
  readonly slowestWrites: { readonly member: string; readonly ms: number };
}

/** What a view reads. Members are named by their public keys. */
export interface NodeViewOptions {
  readonly self: string;
  /** All members, in the order of their numbers. */
  readonly members: readonly string[];
  readonly address: string;
  /** The peers that have joined. */
  readonly nodes: ReadonlyMap<string, { readonly address: string }>;
  readonly store: LogStore;
  readonly replicatedLog: ReplicatedLog;
  readonly election: () => ElectionView;
  readonly links: { linkState(publicKey: string): LinkState };
  readonly answered: AnsweredLogs;
  readonly clock: Clock;
  /** Settings, ms. */
  readonly heartbeat: number;
  readonly electionTimeout: number;
}

/** How long after its start a node does not wonder that its peers have not connected to it yet, ms. */
const GREETED_WITHIN_MS = 2000;

/** What a node tells of itself and of its peers: `info` and `status`. It changes nothing. */
export class NodeView {
  private readonly downSince = new Map<string, number>();
  private readonly clockOffsets = new Map<string, number>();
  private readonly startedAt: number;

  constructor(private readonly options: NodeViewOptions) {
    this.startedAt = options.clock.now();
  }

  /** A link came up or went down. */
  linkChanged(publicKey: string, connected: boolean): void {
    if (connected) this.downSince.delete(publicKey);
    else this.downSince.set(publicKey, this.options.clock.now());
  }

  /** A member's wall clock less this node's, ms. */
  clockSeen(publicKey: string, offset: number): void {
    this.clockOffsets.set(publicKey, offset);
  }

  /** A member's INDEX. */
  memberIndex(publicKey: string): number {
    return this.options.members.indexOf(publicKey);
  }

  info(): NodeInfo {
    const { self, store } = this.options;
    const { log } = this.options.replicatedLog;
    const { term, leader, state } = this.options.election();
    const lastLog = this.lastLog();
    // Of a last log that is trimmed the floor is what is left; it does not say when the log was made.
    const known = lastLog ?? log.floor;
    const isNone = known.logNumber === 0;
    return {
      index: known.logNumber,
      hash: isNone ? '0'.repeat(2 * HASH_BYTES) : entryHash(known).toString('hex'),
      term: isNone ? 0 : known.term,
      createdAt: lastLog?.createdAt ?? 0,
      committedIndex: log.committedLogNumber,
      floor: log.floor.logNumber,
      node: this.memberIndex(self),
      state,
      leader: leader === null ? null : this.memberIndex(leader),
      currentTerm: term,
      membership: store.membership,
      peers: this.peers.map((publicKey) => this.peerInfo(publicKey)),
      problem: this.problem(),
    };
  }

  /** `lags`: what the leader says of the members' logs, in the order of their public keys; null where it does not. */
  status(lags: Lags | null): MemberStatus[] {
    const { self, nodes, members } = this.options;
    const behind = new Map(this.sortedMembers.map((publicKey, at) => [publicKey, lags?.[at] ?? null]));
    return members
      .filter((publicKey) => publicKey === self || nodes.has(publicKey))
      .map((publicKey) =>
        this.memberStatus(publicKey, this.entriesBehind(publicKey) ?? behind.get(publicKey) ?? null),
      );
  }

  /** On the leader: what it says of the members' logs. */
  get lags(): Lags {
    return this.sortedMembers.map((publicKey) => this.entriesBehind(publicKey) ?? 0);
  }

  /** The peers that have joined, in the order of their numbers. */
  private get peers(): string[] {
    const { members, nodes } = this.options;
    return members.filter((publicKey) => nodes.has(publicKey));
  }

  private get sortedMembers(): string[] {
    const { self, nodes } = this.options;
    return [self, ...nodes.keys()].sort();
  }

  private lastLog(): Entry | null {
    const { store } = this.options;
    const { log } = this.options.replicatedLog;
    const { last } = log;
    if (last === null || last.kind === EntryKind.Log) return last;
    const index = store.indexOfLog(last.logNumber);
    return index === null ? null : log.entryAt(index);
  }

  private peerInfo(publicKey: string): PeerInfo {
    const { replicatedLog, nodes, links } = this.options;
    const { connected, reason } = links.linkState(publicKey);
    const held = replicatedLog.matchIndexOf(publicKey);
    // People count logs alone.
    const matchIndex = held === null ? undefined : replicatedLog.log.logNumberAt(held);
    return {
      node: this.memberIndex(publicKey),
      address: nodes.get(publicKey)?.address ?? '',
      connected,
      ...(connected || reason === undefined ? {} : { reason }),
      ...(matchIndex === undefined ? {} : { matchIndex }),
    };
  }

  private memberStatus(publicKey: string, behind: number | null): MemberStatus {
    const { self, address, nodes, links } = this.options;
    const isSelf = publicKey === self;
    const { connected, reason } = isSelf ? { connected: true } : links.linkState(publicKey);
    return {
      node: this.memberIndex(publicKey),
      address: (isSelf ? address : nodes.get(publicKey)?.address) ?? '',
      role: this.roleOf(publicKey, connected),
      reachable: connected,
      ...(connected || reason === undefined ? {} : { reason }),
      behind,
      clockOffset: isSelf ? 0 : connected ? (this.clockOffsets.get(publicKey) ?? null) : null,
    };
  }

  private roleOf(publicKey: string, connected: boolean): MemberStatus['role'] {
    const { leader, state } = this.options.election();
    if (publicKey === leader) return 'leader';
    if (publicKey === this.options.self) return state === 'candidate' ? 'candidate' : 'follower';
    return connected && leader !== null ? 'follower' : 'unknown';
  }

  private entriesBehind(publicKey: string): number | null {
    const { self, replicatedLog, election } = this.options;
    const { log, clusterCommitIndex } = replicatedLog;
    const { leader, state } = election();
    if (publicKey === leader) return 0;
    if (state === 'leader') return log.lastIndex - (replicatedLog.matchIndexOf(publicKey) ?? 0);
    if (publicKey !== self || leader === null) return null;
    return clusterCommitIndex - log.commitIndex;
  }

  private problem(): string | null {
    const { self, address, nodes, store, election, links, heartbeat, electionTimeout } = this.options;
    const { leader, missing, leaderOfOthers, nonVoters, slowestWrites } = election();
    const name = (publicKey: string): string =>
      publicKey === self ? 'this node' : `node ${this.memberIndex(publicKey)}`;
    const size = nodes.size + 1;
    const lost = store.membership === 'rejoining' ? [self, ...nonVoters] : nonVoters;
    const peers = this.peers.map((publicKey) => ({ publicKey, link: links.linkState(publicKey) }));
    const greeted = this.options.clock.now() - this.startedAt < GREETED_WITHIN_MS;
    const problem = describeProblem({
      membership: store.membership,
      hasLeader: leader !== null,
      size,
      quorum: quorumOf(size),
      address,
      missing: missing.map(name),
      foreign: peers.filter(({ link }) => link.isForeign === true).map(({ publicKey }) => name(publicKey)),
      diverged: this.diverged(name),
      unreachable: peers
        .filter(({ link }) => !link.connected)
        .map(({ publicKey, link: { reason } }) => ({
          name: name(publicKey),
          reason,
          forMs: this.downFor(publicKey),
        })),
      // What a member said before its link went down may have ended with it.
      leaderOfOthers:
        leaderOfOthers === null || !links.linkState(leaderOfOthers.heardBy).connected
          ? null
          : { name: name(leaderOfOthers.publicKey), heardBy: name(leaderOfOthers.heardBy) },
      lost: lost.map(name),
      notReaching: peers
        .filter(({ link }) => link.connected && link.reachesThis === false && !greeted)
        .map(({ publicKey }) => name(publicKey)),
      slowDisk:
        slowestWrites.ms === 0
          ? null
          : {
              whose:
                slowestWrites.member === self
                  ? `${store.place}, this node's disk,`
                  : `the disk of ${name(slowestWrites.member)}`,
              writeMs: slowestWrites.ms,
              heartbeat,
              electionTimeout,
            },
    });
    return problem ?? this.lag() ?? this.room(name) ?? store.archiveProblem;
  }

  private room(name: (publicKey: string) => string): string | null {
    const { store, replicatedLog } = this.options;
    return describeRoom({
      place: store.place,
      isFull: store.room !== 'some',
      fill: store.fill,
      fullFollowers: replicatedLog.fullFollowers.map(name),
      refusesAdds: replicatedLog.fullness === 'quorum',
    });
  }

  /** This node acknowledged a log that it does not hold yet: it is committed, on other nodes. */
  private lag(): string | null {
    const { replicatedLog, answered } = this.options;
    const { lacking } = answered;
    if (lacking === null) return null;
    return `This node is catching up: it holds the logs up to ${replicatedLog.log.committedLogNumber}, and has acknowledged log ${lacking}, which others hold. Nothing is lost: wait, or ask another node.`;
  }

  private diverged(name: (publicKey: string) => string): DivergedHistory | null {
    const { log, divergedFrom, divergedFollowers } = this.options.replicatedLog;
    const indexes = divergedFollowers.map(({ index }) => index - 1);
    const names = divergedFollowers.map(({ peer }) => name(peer));
    if (divergedFrom?.isFound === true) {
      indexes.push(divergedFrom.sharedIndex);
      names.push(name(divergedFrom.leader));
    }
    if (names.length === 0) return null;
    return { names, from: log.logNumberAt(Math.min(...indexes)) + 1 };
  }

  private downFor(publicKey: string): number {
    return this.options.clock.now() - (this.downSince.get(publicKey) ?? this.startedAt);
  }
}
