/**
 * `npm start`: three nodes with the demo keys in three processes, and one prompt. In a terminal the prompt is this
 * process's, and its commands go to the node in use, through that node's socket; `use`, `kill` and `start` choose, kill
 * and start nodes. Elsewhere the prompt is node 0's. This process starts the nodes, watches them and ends them: `exit`
 * or the end of the input at the prompt, SIGTERM or SIGINT stop all three, with status 0. When it is killed itself, its
 * nodes notice and stop.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { ClusterPrompt } from '../src/cli/cluster/ClusterPrompt';
import { majorityOf } from '../src/cli/cluster/clusterCommands';
import { eachLine } from '../src/cli/lines/eachLine';
import { ProcessLife } from '../src/cli/process/ProcessLife';
import { Stderr } from '../src/cli/process/Stderr';
import { parseNodeMessage } from '../src/cli/cluster/supervision';
import { takeNoArguments } from '../src/cli/shell/scriptUsage';
import { escapeControls } from '../src/escapeControls';
import { STOP_MS_MAX } from '../src/limits';
import { DirectoryLock } from '../src/storage/directory/DirectoryLock';
import { asStoreFailed } from '../src/storage/unusable';
import { compileSources } from './typescript/compile';

const USAGE = `npm start

Three nodes with the demo keys on this machine and one prompt for them, where help lists the commands. It takes no
arguments, the environment chooses:
  DATA_DIR     where the nodes' data are (default data)
  START_PORT   the first of three ports (default 2000)
  LOG_LEVEL    which records are written (default info; warn in a terminal)`;

const NODES = 3;
const ROOT = resolve(__dirname, '..');
const TYPESCRIPT = join(__dirname, 'typescript');

/** Lines of its stderr with which a node that died is shown. */
const LAST_WORDS_MAX = 5;

/** A node that has not ended so long after SIGTERM is killed, ms: it cuts its own stop before that. */
const KILL_MS = STOP_MS_MAX - 500;

/** bunyan's level of an error. */
const ERROR = 50;

const logRecord = z.object({ level: z.number(), msg: z.string(), event: z.string().optional() });

takeNoArguments(USAGE);
const stderr = new Stderr(process.stderr);
const life = new ProcessLife(stderr);
const inTerminal = process.stdin.isTTY && process.stdout.isTTY;

/** One of the three processes. */
class StartedNode {
  readonly process: ChildProcess;
  readonly ended: Promise<void>;
  readonly lastWords: string[] = [];

  constructor(readonly index: number) {
    // Node 0 has this process's pipes; the others have none. A terminal is this process's own.
    const prompt = index === 0 && !inTerminal ? 'inherit' : 'ignore';
    this.process = spawn(process.execPath, ['-r', TYPESCRIPT, join(ROOT, 'src', 'cluster_node.ts')], {
      env: { LOG_LEVEL: inTerminal ? 'warn' : 'info', ...process.env, INDEX: String(index) },
      stdio: [prompt, prompt, 'pipe', 'ipc'],
    });
    this.ended = new Promise((done) => this.process.once('close', () => done()));
    this.process.on('message', (message) => onMessage(this, message));
    this.process.once('close', () => onEnd(this));
    this.process.once('error', (error) => life.fail(error));
    if (this.process.stderr !== null) eachLine(this.process.stderr, (line) => this.#onStderr(line));
  }

  get running(): boolean {
    return this.process.exitCode === null && this.process.signalCode === null;
  }

  /** Ends it as kill -9 does. */
  async kill(): Promise<void> {
    this.process.kill('SIGKILL');
    await this.ended;
  }

  /** Stops it cleanly, or, when that takes too long, not. */
  async stop(): Promise<void> {
    if (!this.running) return;
    this.process.kill('SIGTERM');
    const timer = setTimeout(() => this.process.kill('SIGKILL'), KILL_MS);
    await this.ended;
    clearTimeout(timer);
  }

  #onStderr(line: string): void {
    const record = parseRecord(line);
    const words = escapeControls(record?.msg ?? line);
    if (record === null || record.level >= ERROR) this.lastWords.push(words);
    if (this.lastWords.length > LAST_WORDS_MAX) this.lastWords.shift();
    if (!inTerminal) stderr.writeLine(line);
    // All have the demo keys, and one of them says so once.
    else if (record?.event !== 'demo_keys') show(`node ${this.index}: ${words}`);
    else if (!toldOfDemoKeys) show(record.msg);
    if (record?.event === 'demo_keys') toldOfDemoKeys = true;
  }
}

let toldOfDemoKeys = false;
let prompt: ClusterPrompt | null = null;
let formed = false;
let stopping = false;
const nodes: StartedNode[] = [];

const stopAll = async (): Promise<void> => {
  stopping = true;
  await Promise.all(nodes.map((node) => node.stop()));
};

const onMessage = (node: StartedNode, message: unknown): void => {
  const event = parseNodeMessage(message)?.event;
  if (event === 'leads') formed = true;
  // The others, and in a terminal all, have no input from the start.
  if (event === 'input-ended' && node.index === 0 && !inTerminal) void life.stop();
};

/** A node has ended: by the prompt's exit, or by itself, which is told. */
const onEnd = (node: StartedNode): void => {
  if (stopping) return;
  const { exitCode, signalCode } = node.process;
  const hasPrompt = node.index === 0 && !inTerminal;
  if (hasPrompt && exitCode === 0) {
    void life.stop();
    return;
  }
  const how = signalCode === null ? `ended with status ${exitCode ?? 1}` : `was killed by ${signalCode}`;
  const words = node.lastWords.map((line) => `\n  ${line}`).join('');
  // Its prompt is gone, or the cluster cannot form without it: then all ends.
  if (hasPrompt || !formed) void giveUp(`node ${node.index} ${how}${words}`, exitCode ?? 1);
  else
    show(
      `node ${node.index} ${how}, ${hasMajority() ? 'the others go on' : 'the others are no majority'}${words}`,
    );
};

const hasMajority = (): boolean => nodes.filter(({ running }) => running).length >= majorityOf(NODES);

const giveUp = async (reason: string, status: number): Promise<void> => {
  await prompt?.stop(0);
  stderr.writeLine(reason);
  await stopAll();
  process.exit(status);
};

/** Shows a line to whoever is at the prompt, or else on stderr. */
const show = (line: string): void => {
  if (prompt === null) stderr.writeLine(line);
  else prompt.notify(line);
};

/** A line of a node's log; null when it is something else. */
const parseRecord = (line: string): z.infer<typeof logRecord> | null => {
  try {
    return logRecord.parse(JSON.parse(line));
  } catch {
    return null;
  }
};

/** Before anything is started: another cluster's states would be shown as this one's. */
const refuseUsedData = async (): Promise<void> => {
  const dataDirectory = resolve(process.env['DATA_DIR'] ?? 'data');
  for (let index = 0; index < NODES; index++) {
    const directory = join(dataDirectory, `node-${index}`);
    await DirectoryLock.check(directory).catch((error: unknown) => {
      throw asStoreFailed(error, `cannot use ${directory}`);
    });
  }
};

const start = (index: number): void => {
  nodes[index] = new StartedNode(index);
};

const startAll = async (): Promise<void> => {
  await refuseUsedData();
  compileSources('src');
  for (let index = 0; index < NODES; index++) start(index);
  if (inTerminal) await openPrompt();
};

const openPrompt = async (): Promise<void> => {
  prompt = new ClusterPrompt(stderr, {
    size: NODES,
    start,
    kill: async (index) => nodes[index]?.kill(),
    isRunning: (index) => nodes[index]?.running === true,
  });
  life.beforeExit(async () => prompt?.stop(0));
  await prompt.ended;
  await life.stop();
};

life.beforeExit(stopAll);
startAll().catch((error: unknown) => life.fail(error));
