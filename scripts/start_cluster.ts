/**
 * `npm start`: three nodes with the demo keys in three processes, and one prompt, node 0's. This process only starts
 * them, watches them and ends them: `exit` or the end of the input at the prompt, SIGTERM or SIGINT stop all three,
 * with status 0. When it is killed itself, its nodes notice and stop.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { ProcessLife } from '../src/cli/ProcessLife';
import { Stderr } from '../src/cli/Stderr';
import { parseNodeMessage, type SupervisorMessage } from '../src/cli/supervision';
import { STOP_MS_MAX } from '../src/limits';
import { compileSources } from './compile_sources';

const NODES = 3;
const ROOT = resolve(__dirname, '..');

/** Lines of its stderr with which a node that died is shown. */
const LAST_WORDS_MAX = 5;

/** A node that has not ended so long after SIGTERM is killed, ms: it cuts its own stop before that. */
const KILL_MS = STOP_MS_MAX - 500;

/** bunyan's level of an error. */
const ERROR = 50;

const logRecord = z.object({ level: z.number(), msg: z.string(), event: z.string().optional() });

const stderr = new Stderr(process.stderr);
const life = new ProcessLife(stderr);
const inTerminal = process.stdin.isTTY && process.stdout.isTTY;

/** One of the three processes. */
class StartedNode {
  readonly process: ChildProcess;
  readonly ended: Promise<void>;
  readonly lastWords: string[] = [];

  constructor(readonly index: number) {
    // Node 0 has this terminal, or this process's pipes; the others have none.
    const prompt = index === 0 ? 'inherit' : 'ignore';
    this.process = spawn(
      process.execPath,
      ['-r', 'ts-node/register/transpile-only', join(ROOT, 'src', 'cluster_node.ts')],
      {
        env: { LOG_LEVEL: inTerminal ? 'warn' : 'info', ...process.env, INDEX: String(index) },
        stdio: [prompt, prompt, index === 0 && inTerminal ? 'inherit' : 'pipe', 'ipc'],
      },
    );
    this.ended = new Promise((done) => this.process.once('close', () => done()));
    this.process.on('message', (message) => onMessage(this, message));
    this.process.once('close', () => onEnd(this));
    this.process.once('error', (error) => life.fail(error));
    if (this.process.stderr !== null)
      createInterface({ input: this.process.stderr }).on('line', (line) => this.#onStderr(line));
  }

  get running(): boolean {
    return this.process.exitCode === null && this.process.signalCode === null;
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
    if (record === null || record.level >= ERROR) this.lastWords.push(record?.msg ?? line);
    if (this.lastWords.length > LAST_WORDS_MAX) this.lastWords.shift();
    if (!inTerminal) stderr.writeLine(line);
    // All three have the demo keys: node 0's own record says so.
    else if (record?.event !== 'demo_keys') show(`node ${this.index}: ${record?.msg ?? line}`);
  }
}

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
  // The others have no input from the start.
  if (event === 'input-ended' && node.index === 0) void life.stop();
};

/** A node has ended: by the prompt's exit, or by itself, which is told. */
const onEnd = (node: StartedNode): void => {
  if (stopping) return;
  const { exitCode, signalCode } = node.process;
  if (node.index === 0 && exitCode === 0) {
    void life.stop();
    return;
  }
  const how = signalCode === null ? `ended with status ${exitCode ?? 1}` : `was killed by ${signalCode}`;
  const words = node.lastWords.map((line) => `\n  ${line}`).join('');
  // Its prompt is gone, or the cluster cannot form without it: then all ends.
  if (node.index === 0 || !formed) void giveUp(`node ${node.index} ${how}${words}`, exitCode ?? 1);
  else show(`node ${node.index} ${how}, the others go on${words}`);
};

const giveUp = async (reason: string, status: number): Promise<void> => {
  // A node that was killed has left the terminal as its prompt had set it.
  if (inTerminal) spawnSync('stty', ['sane'], { stdio: 'inherit' });
  stderr.writeLine(reason);
  await stopAll();
  process.exit(status);
};

/** Shows a line to whoever is at the prompt, or else on stderr. */
const show = (line: string): void => {
  const [first] = nodes;
  const notice: SupervisorMessage = { notice: line };
  if (inTerminal && first?.process.connected === true) first.process.send(notice, () => undefined);
  else stderr.writeLine(line);
};

/** A line of a node's log; null when it is something else. */
const parseRecord = (line: string): z.infer<typeof logRecord> | null => {
  try {
    return logRecord.parse(JSON.parse(line));
  } catch {
    return null;
  }
};

life.beforeExit(stopAll);
compileSources();
for (let index = 0; index < NODES; index++) nodes.push(new StartedNode(index));
