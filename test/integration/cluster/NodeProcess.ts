import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { NodeInfo } from '../../../src/api';
import type { LogEntry } from '../../../src/entry/Entry';
import { eachLine } from '../../../src/cli/lines/eachLine';
import { childOf } from '../../linuxProcesses';

export const REPOSITORY = path.resolve(__dirname, '../../..');

/** One line of JSON that a node answers a line with. */
export interface Answer {
  readonly command: string;
  readonly ok: boolean;
  readonly result?: unknown;
  readonly error?: { readonly code: string; readonly message: string };
}

export interface NodeProcessOptions {
  readonly index: number;
  /** Without it the environment names a cluster file. */
  readonly startPort?: number;
  readonly dataDirectory: string;
  readonly env?: NodeJS.ProcessEnv;
  /** What npm runs; the node's own script if left out. */
  readonly script?: string;
}

/** Lines of stderr that are kept to be shown when a test fails. */
const KEPT_LINES = 40;

/** A node, or three by `npm start`, as a user starts it, through its npm script, in a process group of its own. */
export class NodeProcess {
  readonly child: ChildProcess;
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** Lines of stdout that no command asked for; a node must not print any. */
  readonly unasked: string[] = [];
  private readonly waiting: ((answer: Answer | Error) => void)[] = [];
  private readonly lastLines: string[] = [];
  private ended = false;

  constructor(readonly options: NodeProcessOptions) {
    const { index, startPort, dataDirectory, env, script = `node:${index}` } = options;
    this.child = spawn('npm', ['run', '--silent', script], {
      cwd: REPOSITORY,
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
      env: {
        ...process.env,
        ...(startPort === undefined ? {} : { START_PORT: String(startPort) }),
        DATA_DIR: dataDirectory,
        ...env,
      },
    });
    this.exited = once(this.child, 'close').then(([code, signal]) => {
      this.ended = true;
      for (const answer of this.waiting.splice(0))
        answer(new Error(`node ${index} ended: ${this.lastWords}`));
      return { code: code as number | null, signal: signal as NodeJS.Signals | null };
    });
    if (this.child.stdout === null || this.child.stderr === null || this.child.stdin === null)
      throw new Error('no pipes');
    eachLine(this.child.stdout, (line) => {
      const answer = this.waiting.shift();
      if (answer === undefined) this.unasked.push(line);
      else answer(JSON.parse(line) as Answer);
    });
    eachLine(this.child.stderr, (line) => {
      this.lastLines.push(line);
      if (this.lastLines.length > KEPT_LINES) this.lastLines.shift();
    });
    // A node that was killed takes no more lines; who waits for an answer is told by `exited`.
    this.child.stdin.on('error', () => undefined);
  }

  get lastWords(): string {
    return this.lastLines.join('\n');
  }

  /** The process of the node itself, below npm and its shells. */
  get pid(): number {
    let pid = this.child.pid;
    for (;;) {
      if (pid === undefined) throw new Error(`node ${this.options.index} has no process`);
      const child = childOf(pid);
      if (child === null) return pid;
      pid = child;
    }
  }

  get hasEnded(): boolean {
    return this.ended;
  }

  /** Types a line and waits for its answer; rejects when the node ends first. */
  command(line: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.ended) {
        reject(new Error(`node ${this.options.index} has ended`));
        return;
      }
      this.waiting.push((answer) => {
        if (answer instanceof Error) reject(answer);
        else resolve(answer);
      });
      this.child.stdin?.write(`${line}\n`);
    });
  }

  /** An answer that must be ok. */
  async expectOk(line: string): Promise<unknown> {
    const answer = await this.command(line);
    if (!answer.ok) throw new Error(`node ${this.options.index}: ${line}: ${JSON.stringify(answer)}`);
    return answer.result;
  }

  async addLog(key: string, value: string): Promise<LogEntry> {
    return (await this.expectOk(`add_log ${key} ${value}`)) as LogEntry;
  }

  async getLog(index: number): Promise<LogEntry> {
    return (await this.expectOk(`get_log ${index}`)) as LogEntry;
  }

  async info(): Promise<NodeInfo> {
    return (await this.expectOk('info')) as NodeInfo;
  }

  /** Sends a signal to npm and all that it started. */
  signalGroup(signal: NodeJS.Signals): void {
    if (this.child.pid === undefined || this.ended) return;
    try {
      process.kill(-this.child.pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }

  async kill(): Promise<void> {
    this.signalGroup('SIGKILL');
    await this.exited;
  }
}
