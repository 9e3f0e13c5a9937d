import type { Entry, LogEntry, LogPoint } from './entry/Entry';
import type { Membership } from './storage/LogStore';

/** What `info` shows: the tutorial's five fields, of the last log that this node holds, then the node's own. */
export interface NodeInfo {
  /** Index of the last log, 0 when there is none. */
  readonly index: number;
  /** Its hash, zeros when there is none; where it is trimmed, the hash that the first entry left follows on. */
  readonly hash: string;
  /** Its term, 0 when there is none. */
  readonly term: number;
  /** When its leader made it, ms since 1970; 0 when there is none, or it is trimmed. */
  readonly createdAt: number;
  /** Index of the last log that this node knows to be committed. */
  readonly committedIndex: number;
  /** Index of the last log that is forgotten: the log begins behind it. 0 where it is whole. */
  readonly floor: number;
  /** This node's INDEX. */
  readonly node: number;
  readonly state: 'leader' | 'follower' | 'candidate';
  /** The leader's INDEX, or null when none is known. */
  readonly leader: number | null;
  /** The node's term (the election's, not the last log's). */
  readonly currentTerm: number;
  /** `voter`: a full member; `rejoining`: it lost its data and is catching up; `none`: it waits for its cluster. */
  readonly membership: Membership;
  readonly peers: readonly PeerInfo[];
  /** Why nothing can be committed now, or what this node lacks, and what to do, in few words; null when all is well. */
  readonly problem: string | null;
}

/** One of the other members, as this node sees it. */
export interface PeerInfo {
  readonly node: number;
  readonly address: string;
  readonly connected: boolean;
  /** Why it is not connected, where that is known. */
  readonly reason?: string;
  /** On the leader: index of the last log that the peer is known to hold. */
  readonly matchIndex?: number;
}

/** One member of the cluster, as this node sees it. A follower asks its leader for what only the leader knows. */
export interface MemberStatus {
  readonly node: number;
  readonly address: string;
  readonly role: 'leader' | 'follower' | 'candidate' | 'unknown';
  /** Whether this node is it or has a link to it. */
  readonly reachable: boolean;
  /** Why it is not reachable, where that is known. */
  readonly reason?: string;
  /** How many entries of the leader's log it does not hold yet; null while no leader answers. */
  readonly behind: number | null;
  /** Its wall clock less this node's, ms, to within a packet's way; null while nothing was heard of it. */
  readonly clockOffset: number | null;
}

/** How a push may be made. */
export interface PushOptions {
  /** 16 hex digits. A caller that names its own session may retry a push across its own restarts. */
  readonly session?: string;
  /** How long the node tries by itself, ms. Default 10,000. */
  readonly deadline?: number;
  /**
   * What `logApi.since` was, on any node, before the push was first made; it goes with a session. With it a push that is
   * tried again is never appended twice, however long that takes: when too much was appended since to know, it is refused
   * as STALE_NONCE.
   */
  readonly since?: string;
  /** Appends only behind the log with this index, 0 for an empty log; else it is refused as CONDITION_FAILED. */
  readonly ifLast?: number;
  /**
   * Appends only if the log with this index is the last one of the same key, 0: if there is none yet; else it is refused as
   * CONDITION_FAILED, with the index of that key's last log. Where the log was trimmed, and none of the key is left, it is
   * refused as TRIMMED (a TrimmedError), unless this is that error's `floor`. Not together with `ifLast`.
   */
  readonly ifKeyLast?: number;
}

/** `logApi` of the tutorial. */
export interface PushApi {
  /**
   * Appends a log and resolves with the committed entry, on whatever node it is called. Tried again by itself,
   * with the same session and nonce, until its deadline; never appended twice. Without a nonce the node picks one.
   *
   * @throws RequestError NO_LEADER, BUSY (more wait than this node or its leader can take), NODE_UNREACHABLE (this node
   * is not connected), each promising that nothing was stored; UNKNOWN_OUTCOME (it may have been); TOO_LARGE,
   * BAD_ARGUMENT, STALE_NONCE, NONCE_REUSED; CONDITION_FAILED (a ConditionFailedError, with the index of the last log).
   */
  push(key: string, value: { value: string; nonce?: number }, options?: PushOptions): Promise<LogEntry>;
}

/** What a node's `logApi` also knows. */
export interface PushMarks {
  /** For pushes that are first made from now on: see {@link PushOptions.since}. null before the cluster has formed. */
  readonly since: string | null;
}

/** `getDb()` of the tutorial. */
export interface Db {
  getEntry(): {
    /**
     * The committed log with this index, or null when there is none: a miss is confirmed by the leader with a
     * quorum, so that it is never stale.
     *
     * @throws RequestError NO_LEADER when a miss cannot be confirmed in time, BUSY when too many wait for that;
     * NODE_UNREACHABLE when this node is not connected; BAD_ARGUMENT for what is no number.
     */
    get(index: number): Promise<LogEntry | null>;
    /**
     * The last committed log of a key, or null when there is none: never a stale one, as the leader confirms with a quorum
     * what is committed before the own log is searched.
     *
     * @throws RequestError as `get`, and TOO_LARGE.
     */
    latest(key: string): Promise<LogEntry | null>;
    /** The last committed logs of a key, the latest first; as fresh as `latest`. @throws RequestError as `latest` */
    history(key: string, options?: HistoryOptions): Promise<LogHistory>;
  };
  getState(): {
    /** Waits shortly for the own log to hold what this node has acknowledged, so that whoever was answered sees it. */
    getInfo(): Promise<NodeInfo>;
    /** All members, in the order of their numbers. Waits as `getInfo` does. */
    getStatus(): Promise<readonly MemberStatus[]>;
  };
}

/** Which logs of a key are read. */
export interface HistoryOptions {
  /** Only those before the log with this index; all by default. */
  readonly before?: number;
  /** At most so many, 1 to 1000; 1000 by default. */
  readonly limit?: number;
}

/** Some logs of a key, the latest first. */
export interface LogHistory {
  /** At most `limit` of them and 1 MiB of entries, but one at least if there is one. */
  readonly logs: readonly LogEntry[];
  /** The index before which to go on; null: there are no more. */
  readonly next: number | null;
}

/** Which logs are followed. */
export interface FollowOptions {
  /** Index of the first one; 1 by default. It may be one that does not exist yet. */
  readonly from?: number;
  /** Ends the following. */
  readonly signal?: AbortSignal;
}

/** Which logs are read. */
export interface PageOptions {
  /** Index of the first one; 1 by default. */
  readonly from?: number;
  /** At most so many, 1 to 1000; 1000 by default. */
  readonly limit?: number;
}

/** Some logs, one after the other. */
export interface LogPage {
  /** At most `limit` of them and 1 MiB of entries, but one at least if there is one. */
  readonly logs: readonly LogEntry[];
  /** The index to go on from. */
  readonly next: number;
  /** Whether there were no more: the leader has confirmed it with a quorum. */
  readonly upToDate: boolean;
}

/** Reads the log in order. Logs are committed ones: what was told never changes. */
export interface LogReader {
  /**
   * Logs from an index on, each once and without a gap, then those that come, until `signal` is aborted. They are read in
   * pages as they are taken: who takes none costs a page of memory.
   *
   * @throws RequestError with the first log that is asked for: BAD_ARGUMENT, BUSY (64 follow); with any: NODE_UNREACHABLE
   * (this node has stopped, or is not connected yet), HISTORIES_DIFFER.
   */
  follow(options?: FollowOptions): AsyncGenerator<LogEntry, void, undefined>;

  /**
   * A page of logs; none is missing that was committed before the call.
   *
   * @throws RequestError NO_LEADER when the end of the log cannot be confirmed in time; BAD_ARGUMENT, BUSY,
   * NODE_UNREACHABLE, HISTORIES_DIFFER.
   */
  entries(options?: PageOptions): Promise<LogPage>;
}

/** A {@link LogPage} of logs as they are stored. */
export interface StoredPage extends Omit<LogPage, 'logs'> {
  readonly entries: readonly Entry[];
}

/** A {@link LogHistory} of logs as they are stored. */
export interface StoredHistory extends Omit<LogHistory, 'logs'> {
  readonly entries: readonly Entry[];
}

/**
 * Committed logs as they are stored, for who sends them on: of a long one no text is made. Limits and errors are those of
 * {@link LogReader} and {@link Db}.
 */
export interface StoredLogs {
  get(index: number): Promise<Entry | null>;
  page(options?: PageOptions): Promise<StoredPage>;
  latest(key: string): Promise<Entry | null>;
  history(key: string, options?: HistoryOptions): Promise<StoredHistory>;
  /** A page at a time: at least one log in each. `hasPlace`: the caller has taken one. */
  follow(
    options?: FollowOptions & { readonly hasPlace?: boolean },
  ): AsyncGenerator<readonly Entry[], void, undefined>;
  /**
   * A place among those who follow, for who ends one following and begins the next. Returns what gives it back, to be
   * called once.
   *
   * @throws RequestError BUSY when too many follow.
   */
  takePlace(): () => void;
}

/** What of a log is committed. */
export interface CommittedRange {
  /** What the first entry follows on: all up to it is forgotten. */
  readonly floor: LogPoint;
  readonly last: Entry;
  /** Which cluster it is, 32 hex digits; null where the node does not know yet. */
  readonly identity: string | null;
}

/** The committed log as it is stored, the empty entries of leaders included: what a backup copies. */
export interface CommittedLog {
  /**
   * What this node holds and knows to be committed, or null when that is nothing. `confirmed`: by the leader with a
   * quorum, so that nothing is missing that was committed before the call.
   *
   * @throws RequestError NO_LEADER when that cannot be confirmed in time.
   */
  head(confirmed: boolean): Promise<CommittedRange | null>;
  /**
   * Committed entries from an index on, Raft's, which counts empty entries too: as many as the limits of a backup's page
   * allow, but one at least if there is one.
   *
   * @throws TrimmedError when they are forgotten.
   */
  read(from: number): Promise<Entry[]>;
}

/** What a trim has left. */
export interface Trimmed {
  /** Index of the last log that is forgotten; the log begins behind it. */
  readonly floor: number;
}

/** What of its log a cluster keeps: what one of these does not keep is forgotten, in whole files. */
export interface Retain {
  /** So many logs. */
  readonly logs?: number;
  /** So many bytes of files, a file (16 MiB) more at most. */
  readonly bytes?: number;
  /** Those of so many days. */
  readonly days?: number;
}

/** Lets the log forget its beginning. */
export interface TrimApi {
  /**
   * Forgets, on every node and for ever, the logs up to this index, with it; resolves when this node has. Whoever asks for
   * them is told TRIMMED. What is forgotten already is not trimmed again.
   *
   * @throws RequestError BAD_ARGUMENT; NOT_FOUND (there is no such log yet), NO_LEADER, BUSY, NODE_UNREACHABLE, each
   * promising that nothing was trimmed; UNKNOWN_OUTCOME.
   */
  trim(index: number): Promise<Trimmed>;
}

/** What the commands need of a node. */
export interface ClusterNode extends TrimApi {
  readonly logApi: PushApi;
  getDb(): Db;
}
