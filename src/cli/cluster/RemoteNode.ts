import { setTimeout as pause } from 'node:timers/promises';
import { RequestError } from '../../errors';
import { LIST_ENTRIES_MAX, NODE_START_MS_MAX } from '../../limits';
import type { ClusterNode, Db, LogHistory, PushApi, MemberStatus, NodeInfo, Trimmed } from '../../api';
import type { LogEntry } from '../../entry/Entry';
import type { WatchedNode } from './ClusterWatch';
import { NodeClient, NodeUnreachableError } from '../client/NodeClient';
import { exactAddLine } from '../commands/addWords';
import { exactGetLine, exactHistoryLine } from '../commands/keyWords';

/** Between two tries to connect to a node that starts, ms. */
const CONNECT_AGAIN_MS = 50;

/** What is at fault when a node does not answer, and what to do. */
const NOT_RUNNING = 'the node of this prompt does not answer: start it, or use another';
const notStarted = (startMsMax: number): string =>
  `the node of this prompt has not started within ${startMsMax} ms: wait, or use another`;

/** A node of another process of this machine, through the socket in its data directory. */
export class RemoteNode implements ClusterNode, WatchedNode {
  /** A connection each: on one, `info` would be answered only after the reads before it, and these after the adds. */
  private readonly writes: Connection;
  private readonly reads: Connection;
  private readonly looks: Connection;

  /** `isRunning`: whether the node's process runs; while it starts, commands wait for it, `startMsMax` at most. */
  constructor(
    directory: string,
    readonly isRunning: () => boolean,
    startMsMax = NODE_START_MS_MAX,
  ) {
    this.writes = new Connection(directory, isRunning, startMsMax);
    this.reads = new Connection(directory, isRunning, startMsMax);
    this.looks = new Connection(directory, isRunning, startMsMax);
  }

  /** The node gives each push its nonce: one that is given here is not passed on. */
  readonly logApi: PushApi = {
    push: async (key, { value }, condition = {}) =>
      (await this.writes.ask(exactAddLine({ key, value, condition }), { writes: true })) as LogEntry,
  };

  async trim(index: number): Promise<Trimmed> {
    return (await this.writes.ask(`trim ${index} --yes`, { writes: true })) as Trimmed;
  }

  getDb(): Db {
    return {
      getEntry: () => ({
        get: (index) => this.read(`get_log ${index}`),
        latest: (key) => this.read(exactGetLine(key)),
        history: async (key, { limit = LIST_ENTRIES_MAX, before = null } = {}) =>
          (await this.reads.ask(exactHistoryLine({ key, count: limit, before }))) as LogHistory,
      }),
      getState: () => ({
        getInfo: async () => (await this.looks.ask('info')) as NodeInfo,
        getStatus: async () =>
          ((await this.looks.ask('status')) as { members: readonly MemberStatus[] }).members,
      }),
    };
  }

  /** As `getInfo`, but a node that starts is not waited for. */
  async lookAtInfo(): Promise<NodeInfo> {
    return (await this.looks.ask('info', { waits: false })) as NodeInfo;
  }

  close(): void {
    this.writes.close();
    this.reads.close();
    this.looks.close();
  }

  private async read(line: string): Promise<LogEntry | null> {
    try {
      return (await this.reads.ask(line)) as LogEntry;
    } catch (thrown) {
      if (thrown instanceof RequestError && thrown.code === 'NOT_FOUND') return null;
      throw thrown;
    }
  }
}

/** One connection, made when it is needed, and again after the node has gone. */
class Connection {
  private client: Promise<NodeClient> | null = null;

  constructor(
    private readonly directory: string,
    private readonly isRunning: () => boolean,
    private readonly startMsMax: number,
  ) {}

  async ask(line: string, { writes = false, waits = true } = {}): Promise<unknown> {
    try {
      return await (await this.connected(waits)).request(line);
    } catch (thrown) {
      if (!(thrown instanceof NodeUnreachableError)) throw thrown;
      if (writes && thrown.sent)
        throw new RequestError('UNKNOWN_OUTCOME', `${thrown.message}; it may be committed`, {
          cause: thrown,
        });
      const reason = !thrown.sent && this.isRunning() ? notStarted(this.startMsMax) : NOT_RUNNING;
      throw new RequestError('NODE_UNREACHABLE', reason, { cause: thrown });
    }
  }

  close(): void {
    void this.client?.then(
      (client) => client.close(),
      () => undefined,
    );
    this.client = null;
  }

  /** The connection, made anew when it has ended; while the node starts, tried again until it should have started. */
  private async connected(waits: boolean): Promise<NodeClient> {
    const deadlineAt = performance.now() + this.startMsMax;
    for (;;) {
      this.client ??= NodeClient.connect(this.directory);
      const tried = this.client;
      try {
        const client = await tried;
        if (!client.closed) return client;
        if (this.client === tried) this.client = null;
      } catch (thrown) {
        if (this.client === tried) this.client = null;
        if (!waits || !this.isRunning() || performance.now() > deadlineAt) throw thrown;
        await pause(CONNECT_AGAIN_MS);
      }
    }
  }
}
