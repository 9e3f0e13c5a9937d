import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { eachLine } from '../../../src/cli/lines/eachLine';
import { freePorts } from '../cluster/freePorts';
import type { Run } from '../Run';
import { GrpcClient } from './grpc';
import { bytesField, fieldOf } from './protobuf';

const SIZE = 3;
const STARTS_MS = 30_000;
const LOOK_MS = 50;

const PUT = '/etcdserverpb.KV/Put';
const RANGE = '/etcdserverpb.KV/Range';
const STATUS = '/etcdserverpb.Maintenance/Status';

/** One process of etcd. */
export class EtcdMember {
  private process: ChildProcess | null = null;
  private client: GrpcClient | null = null;
  private readonly lastWords: string[] = [];

  constructor(
    private readonly server: string,
    private readonly args: readonly string[],
    readonly port: number,
    private readonly run: Run,
  ) {}

  start(): void {
    const child = spawn(this.server, this.args, { stdio: ['ignore', 'ignore', 'pipe'] });
    this.run.life.track(child, { lastWords: this.lastWords });
    eachLine(child.stderr, (line) => this.lastWords.splice(0, Infinity, line));
    this.process = child;
    this.client = new GrpcClient(this.port);
  }

  /** Ends it as kill -9 does. */
  async kill(): Promise<void> {
    const child = this.process;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('close', resolve));
    child.kill('SIGKILL');
    await ended;
    this.client?.close();
  }

  /** Resolves when it is on the disks of a majority. */
  async put(key: string, value: string): Promise<void> {
    await this.call(PUT, Buffer.concat([bytesField(1, Buffer.from(key)), bytesField(2, Buffer.from(value))]));
  }

  /** A linearizable read. */
  async get(key: string): Promise<string | null> {
    const pair = fieldOf(await this.call(RANGE, bytesField(1, Buffer.from(key))), 2);
    const value = Buffer.isBuffer(pair) ? fieldOf(pair, 5) : null;
    return Buffer.isBuffer(value) ? value.toString() : null;
  }

  /** Its own id and that of the leader that it knows, 0 for none. */
  async status(): Promise<{ id: bigint; leader: bigint }> {
    const status = await this.call(STATUS, Buffer.alloc(0));
    const header = fieldOf(status, 1);
    const [id, leader] = [Buffer.isBuffer(header) ? fieldOf(header, 2) : null, fieldOf(status, 4)];
    return { id: typeof id === 'bigint' ? id : -1n, leader: typeof leader === 'bigint' ? leader : 0n };
  }

  private call(method: string, message: Buffer): Promise<Buffer> {
    if (this.client === null) throw new Error('etcd has not started');
    return this.client.call(method, message);
  }
}

/** Three members of etcd with data of their own, which end with the run. */
export class EtcdCluster {
  private constructor(
    readonly members: readonly EtcdMember[],
    private readonly run: Run,
    private readonly directory: string,
  ) {}

  static async start(run: Run, server: string): Promise<EtcdCluster> {
    const directory = run.life.temporaryDirectory(run.directory);
    const ports = await freePorts(2 * SIZE);
    const urlOf = (at: number): string => `http://127.0.0.1:${ports[at] ?? 0}`;
    const indexes = Array.from({ length: SIZE }, (_, index) => index);
    const all = indexes.map((index) => `m${index}=${urlOf(SIZE + index)}`).join(',');
    const members = indexes.map((index) => {
      const [client, peer] = [urlOf(index), urlOf(SIZE + index)];
      const args = [
        ...['--name', `m${index}`, '--data-dir', join(directory, `m${index}`)],
        ...['--listen-client-urls', client, '--advertise-client-urls', client],
        ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer],
        ...['--initial-cluster', all, '--logger', 'zap', '--log-outputs', 'stderr'],
      ];
      return new EtcdMember(server, args, ports[index] ?? 0, run);
    });
    for (const member of members) member.start();
    return new EtcdCluster(members, run, directory);
  }

  /** The member that all of them take for the leader. */
  async leader(): Promise<EtcdMember> {
    const end = performance.now() + STARTS_MS;
    for (;;) {
      const all = await Promise.all(this.members.map((member) => member.status())).catch(() => []);
      const [first] = all;
      if (first !== undefined && all.every(({ leader }) => leader === first.leader)) {
        const leader = this.members[all.findIndex(({ id }) => id === first.leader)];
        if (leader !== undefined) return leader;
      }
      if (performance.now() > end) throw new Error(`etcd has no leader within ${STARTS_MS} ms`);
      await pause(LOOK_MS);
    }
  }

  async end(): Promise<void> {
    await Promise.all(this.members.map((member) => member.kill()));
    this.run.life.remove(this.directory);
  }
}
