/** What the client takes and gives. It is what HTTP has, as src/http/README.md describes it. */

/** A committed log. It never changes. */
export interface LogEntry {
  readonly index: number;
  readonly term: number;
  /** Covers this log and all before it; 64 hex digits. */
  readonly hash: string;
  /** By its leader's clock, ms since 1970. */
  readonly createdAt: number;
  readonly log: {
    readonly key: string;
    readonly value: { readonly value: string; readonly nonce: number };
  };
}

/** Some logs of a key, the latest first. */
export interface LogHistory {
  /** At most `limit` of them and 1 MiB of entries, but one at least if there is one. */
  readonly logs: readonly LogEntry[];
  /** The index before which to go on; null: there are no more. */
  readonly next: number | null;
}

/** Logs one after the other. */
export interface LogPage {
  readonly logs: readonly LogEntry[];
  /** The index to go on from. */
  readonly next: number;
  /** True: there were no more, as a quorum confirmed. */
  readonly upToDate: boolean;
}

/** What a trim has left. */
export interface Trimmed {
  /** Index of the last log that is forgotten; the log begins behind it. */
  readonly floor: number;
}

/** What a node says of itself. */
export interface NodeInfo {
  /** Of the last log that the node holds; 0: none. */
  readonly index: number;
  readonly hash: string;
  readonly term: number;
  readonly createdAt: number;
  /** Of the last log that the node knows to be committed. */
  readonly committedIndex: number;
  /** Of the last log that is forgotten: the log begins behind it. 0: none is. */
  readonly floor: number;
  readonly node: number;
  readonly state: 'leader' | 'follower' | 'candidate';
  /** The leader's number; null: none is known. */
  readonly leader: number | null;
  readonly currentTerm: number;
  readonly membership: 'voter' | 'rejoining' | 'none';
  readonly peers: readonly PeerInfo[];
  /** Why nothing can be committed, or what the node lacks; null: all is well. */
  readonly problem: string | null;
}

/** What a node says of another. */
export interface PeerInfo {
  readonly node: number;
  readonly address: string;
  readonly connected: boolean;
  readonly reason?: string;
  readonly matchIndex?: number;
}

/** Where a cluster is, and how it is asked. */
export interface ConnectOptions {
  /** The nodes' addresses, like `http://127.0.0.1:2100`; one is enough, all of them let the client go round. */
  readonly endpoints: readonly string[];
  readonly token?: string;
  /** Any text: the appends of all that give it are of one session, and each brings its own nonce and since. */
  readonly session?: string;
  /** How long each request is tried, ms; 60,000 by default. Infinity: as long as its signal lets it. */
  readonly deadline?: number;
  /** A connection on which nothing comes for so long, ms, is given up; 20,000 by default. */
  readonly idle?: number;
  /** Requests under way at once; 64 by default. More wait for their turn. */
  readonly underWay?: number;
  /** In place of the global one: a test's, or one that trusts certificates of your own. */
  readonly fetch?: typeof fetch;
}

/** When a request is given up. */
export interface RequestOptions {
  /** Ends the request: it rejects with the signal's reason, and an append may have been stored, a log trimmed. */
  readonly signal?: AbortSignal;
  /** In place of that of `connect`, ms. */
  readonly deadline?: number;
}

/** On what condition an append is made, and which it is. */
export interface AppendOptions extends RequestOptions {
  /** Append only behind the log with this index, 0 for the first; else ConditionFailedError. */
  readonly ifLast?: number;
  /** Append only if the log with this index is the last one of this key, 0: if there is none; else ConditionFailedError, with the index of that key's last; TrimmedError where none is left of a trimmed log, unless this is its `floor`. */
  readonly ifKeyLast?: number;
  /** With a session of `connect` only: a whole number, another for each append of the session. */
  readonly nonce?: number;
  /** With a session of `connect` only: what `since()` gave before the first try, the same for each try. */
  readonly since?: string;
}

/** Which logs are followed. */
export interface FollowOptions extends RequestOptions {
  /** Index of the first log; 1 by default. It need not exist yet. */
  readonly from?: number;
}

/** Which logs of a key {@link LogClient.history} gives. */
export interface HistoryOptions extends RequestOptions {
  /** Only those before the log with this index; all by default. */
  readonly before?: number;
  /** At most so many, 1 to 1000; 100 by default. */
  readonly limit?: number;
}

/** Which logs a page has. */
export interface EntriesOptions extends RequestOptions {
  /** Index of the first log; 1 by default. */
  readonly from?: number;
  /** At most so many, up to 1000; 100 by default. */
  readonly limit?: number;
}
