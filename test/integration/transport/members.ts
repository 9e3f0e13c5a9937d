import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { generateKeyPair, type NodeKeys } from '../../../src/config/keyPair';
import type { Command, Report } from './memberProcess';
import { TCPMokka, type TCPMokkaSettings } from '../../../src/TCPMokka';
import { BY_TS_NODE } from '../../programs';

/** A member of a test's cluster: its keys and where it listens. */
export interface TestMember {
  readonly keys: Pick<NodeKeys, 'publicKey' | 'secretKey'>;
  readonly port: number;
}

/** What a member logged. */
export interface TestLog {
  readonly errors: string[];
}

/** A port that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** Members with keys and ports of their own. */
export async function makeMembers(count: number): Promise<TestMember[]> {
  const members: TestMember[] = [];
  for (let i = 0; i < count; i++) {
    const { publicKey, secretKey } = generateKeyPair();
    members.push({ keys: { publicKey, secretKey }, port: await freePort() });
  }
  return members;
}

/** Mokka's address of a member. */
export function addressOf(member: TestMember): string {
  return `tcp://127.0.0.1:${member.port}/${member.keys.publicKey}`;
}

/**
 * A member's node, connected to the others as the tutorial does it: connect, then join. The test or program has to
 * put FakeReplicatedMokka in the place of ReplicatedMokka first.
 */
export function startMember(
  self: TestMember,
  members: readonly TestMember[],
  log: TestLog = { errors: [] },
): TCPMokka {
  const settings = {
    address: addressOf(self),
    privateKey: '1'.repeat(64),
    secretKey: self.keys.secretKey,
    logger: {
      info: () => undefined,
      trace: () => undefined,
      error: (message: string) => log.errors.push(message),
    },
  };
  const mokka = new TCPMokka(settings as unknown as TCPMokkaSettings);
  mokka.connect();
  for (const peer of members) if (peer !== self) mokka.nodeApi.join(addressOf(peer));
  return mokka;
}

/** A program that ts-node compiles is ready in seconds; on a machine that is slow or busy it may take so long, ms. */
const READY_MS = 240_000;

/** What happens in milliseconds may take so long on a machine that is slow or busy, ms. */
const WITHIN_MS = 30_000;

/** Waits until a condition holds, and fails by its name if that takes too long. */
export async function until(name: string, condition: () => boolean, deadlineMs = WITHIN_MS): Promise<void> {
  const end = performance.now() + deadlineMs;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`not within ${deadlineMs} ms: ${name}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Waits until both nodes have a link to each other. */
export async function untilLinked(...nodes: TCPMokka[]): Promise<void> {
  await until('all links are up', () =>
    nodes.every((node) => [...node.nodes.keys()].every((key) => node.linkState(key).connected)),
  );
}

/** {@link memberProcess} of a member; the caller has to kill it. */
export class MemberProcess {
  readonly reports: Report[] = [];
  stderr = '';
  private readonly child: ChildProcess;
  private readonly ended: Promise<number | null>;

  constructor() {
    // Not a StartedProgram: it is told what to do by messages.
    this.child = fork(join(__dirname, 'memberProcess.ts'), {
      execArgv: [...BY_TS_NODE],
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
    });
    this.child.on('message', (message) => this.reports.push(message as Report));
    this.child.stderr?.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
    // Its pipes are closed too then: nothing of it holds up the end of jest's worker.
    this.ended = new Promise((resolve) => this.child.once('close', resolve));
  }

  /** Ready to start: its program is loaded. */
  async ready(): Promise<void> {
    await until('the process is ready', () => this.reports.some(({ is }) => is === 'ready'), READY_MS);
  }

  get pid(): number {
    const { pid } = this.child;
    if (pid === undefined) throw new Error('the process has not started');
    return pid;
  }

  tell(command: Command): void {
    this.child.send(command);
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Kills it, if it still runs. */
  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.ended;
  }

  /** Its exit status when it ends by itself. */
  async end(): Promise<number | null> {
    let status: number | null | undefined;
    void this.ended.then((code) => (status = code));
    await until('the process has ended by itself', () => status !== undefined);
    return status ?? null;
  }
}
