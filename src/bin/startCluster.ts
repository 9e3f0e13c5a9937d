/**
 * `mokka-cluster start`: three nodes with the demo keys in three processes, and one prompt. In a terminal the prompt is
 * this process's, and its commands go to the node in use, through that node's socket; `use`, `kill` and `start` choose,
 * kill and start nodes. Elsewhere the prompt is node 0's. This process starts the nodes, watches them and ends them:
 * `exit` or the end of the input at the prompt, SIGTERM or SIGINT stop all three, with status 0. When it is killed
 * itself, its nodes notice and stop.
 */
import { dirname, join, resolve } from 'node:path';
import { ClusterPrompt } from '../cli/cluster/ClusterPrompt';
import { majorityOf } from '../cli/cluster/clusterCommands';
import { ProcessLife } from '../cli/process/ProcessLife';
import { Stderr } from '../cli/process/Stderr';
import { parseNodeMessage } from '../cli/cluster/supervision';
import { takeNoArguments } from '../cli/shell/scriptUsage';
import { readConfig } from '../config/ClusterConfig';
import { requireWorkingDirectory } from '../config/workingDirectory';
import { escapeControls } from '../escapeControls';
import { pageLine } from '../http/pageLine';
import { DirectoryLock } from '../storage/directory/DirectoryLock';
import { makeDirectory } from '../storage/directory/durableFile';
import { asStoreFailed } from '../storage/unusable';
import { type LogRecord, StartedNode } from './StartedNode';

const USAGE = `npx mokka-cluster start, or in a clone npm start

Three nodes with the demo keys on this machine and one prompt for them, where help lists the commands. It takes no
arguments, the environment chooses:
  DATA_DIR     where the nodes' data are (default data)
  START_PORT   the first of three ports (default 2000); HTTP is on the three from it + 100
  HTTP_PORT    the first of three other ports for HTTP; off: none
  LOG_LEVEL    which records are written (default info; warn in a terminal)`;

const NODES = 3;

export async function run(args: readonly string[]): Promise<void> {
  takeNoArguments(USAGE, args);
  const stderr = new Stderr(process.stderr);
  const life = new ProcessLife(stderr);
  const cluster = new StartedCluster(stderr, life);
  life.beforeExit(() => cluster.stop());
  try {
    await refuseUsedData();
    await cluster.start();
  } catch (thrown) {
    life.fail(thrown);
  }
}

/** Before anything is started: another cluster's states would be shown as this one's. */
async function refuseUsedData(): Promise<void> {
  const given = process.env['DATA_DIR'] ?? 'data';
  requireWorkingDirectory(given);
  const dataDirectory = resolve(given);
  for (let index = 0; index < NODES; index++) {
    const directory = join(dataDirectory, `node-${index}`);
    await DirectoryLock.check(directory).catch((error: unknown) => {
      throw asStoreFailed(error, `cannot use ${directory}`);
    });
  }
}

/** Where a browser finds node 0; null where it serves no HTTP, or cannot start: then it says itself why. */
function pageOfNode0(): string | null {
  try {
    const { http, dataDirectory } = readConfig({ ...process.env, INDEX: '0' });
    if (http === null) return null;
    makeDirectory(dirname(dataDirectory));
    return pageLine(http);
  } catch {
    return null;
  }
}

/** The three nodes, and in a terminal their prompt. */
class StartedCluster {
  private readonly inTerminal = process.stdin.isTTY && process.stdout.isTTY;
  private readonly nodes: StartedNode[] = [];
  private prompt: ClusterPrompt | null = null;
  private formed = false;
  private stopping = false;
  private toldOfDemoKeys = false;

  constructor(
    private readonly stderr: Stderr,
    private readonly life: ProcessLife,
  ) {}

  /** Starts all; in a terminal resolves when the prompt has ended. */
  async start(): Promise<void> {
    for (let index = 0; index < NODES; index++) this.startNode(index);
    if (this.inTerminal) await this.openPrompt();
  }

  async stop(): Promise<void> {
    this.stopping = true;
    await Promise.all(this.nodes.map((node) => node.stop()));
  }

  private startNode(index: number): void {
    const node = new StartedNode(
      index,
      { input: this.hasInput(index), logLevel: this.inTerminal ? 'warn' : 'info' },
      {
        onMessage: (message) => this.onMessage(index, message),
        onEnd: () => this.onEnd(node),
        onError: (error) => this.life.fail(error),
        onStderr: (line, record) => this.onStderr(index, line, record),
      },
    );
    this.nodes[index] = node;
  }

  /** Node 0 has this process's pipes; a terminal is this process's own. */
  private hasInput(index: number): boolean {
    return index === 0 && !this.inTerminal;
  }

  private async openPrompt(): Promise<void> {
    const prompt = new ClusterPrompt(this.stderr, {
      size: NODES,
      start: (index) => this.startNode(index),
      kill: async (index) => this.nodes[index]?.kill(),
      isRunning: (index) => this.nodes[index]?.running === true,
    });
    this.prompt = prompt;
    const page = pageOfNode0();
    if (page !== null) prompt.notify(page);
    this.life.beforeExit(() => prompt.stop(0));
    await prompt.ended;
    await this.life.stop();
  }

  private onMessage(index: number, message: unknown): void {
    const event = parseNodeMessage(message)?.event;
    if (event === 'leads') this.formed = true;
    // The others, and in a terminal all, have no input from the start.
    if (event === 'input-ended' && this.hasInput(index)) void this.life.stop();
  }

  /** A node has ended: by the prompt's exit, or by itself, which is told. */
  private onEnd(node: StartedNode): void {
    if (this.stopping) return;
    const { exitCode, signalCode } = node.process;
    const hasPrompt = this.hasInput(node.index);
    if (hasPrompt && exitCode === 0) {
      void this.life.stop();
      return;
    }
    const how = signalCode === null ? `ended with status ${exitCode ?? 1}` : `was killed by ${signalCode}`;
    const words = node.lastWords.map((line) => `\n  ${line}`).join('');
    // Its prompt is gone, or the cluster cannot form without it: then all ends.
    if (hasPrompt || !this.formed) void this.giveUp(`node ${node.index} ${how}${words}`, exitCode ?? 1);
    else {
      const others = this.hasMajority() ? 'the others go on' : 'the others are no majority';
      this.show(`node ${node.index} ${how}, ${others}${words}`);
    }
  }

  private hasMajority(): boolean {
    return this.nodes.filter(({ running }) => running).length >= majorityOf(NODES);
  }

  private async giveUp(reason: string, status: number): Promise<void> {
    await this.prompt?.stop(0);
    this.stderr.writeLine(reason);
    await this.stop();
    process.exit(status);
  }

  private onStderr(index: number, line: string, record: LogRecord): void {
    if (!this.inTerminal) this.stderr.writeLine(line);
    // All have the demo keys, and one of them says so once.
    else if (record?.event !== 'demo_keys')
      this.show(`node ${index}: ${escapeControls(record?.msg ?? line)}`);
    else if (!this.toldOfDemoKeys) this.show(record.msg);
    if (record?.event === 'demo_keys') this.toldOfDemoKeys = true;
  }

  /** Shows a line to whoever is at the prompt, or else on stderr. */
  private show(line: string): void {
    if (this.prompt === null) this.stderr.writeLine(line);
    else this.prompt.notify(line);
  }
}
