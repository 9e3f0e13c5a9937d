import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { eachLine } from '../../../src/cli/lines/eachLine';
import { LineReader } from '../../../src/lines/LineReader';
import type { NodeInfo } from '../../../src/api';
import type { LogEntry } from '../../../src/entry/Entry';
import type { Mode } from '../options';
import type { RunLife } from '../RunLife';

const ROOT = resolve(__dirname, '..', '..', '..');
const PROGRAM_OF_MODE: Record<Mode, readonly string[]> = {
  pipe: [join(ROOT, 'dist', 'cluster_node.js')],
  library: ['-r', 'ts-node/register', join(ROOT, 'scripts', 'bench', 'cluster', 'libraryNode.ts')],
};

/** Lines of a node's stderr that are shown when it ends unasked. */
const LAST_WORDS_MAX = 5;

/** What a node was started with. */
export interface BenchNodeOptions {
  readonly index: number;
  readonly clusterFile: string;
  readonly dataDirectory: string;
  readonly mode: Mode;
  /** Where it serves HTTP; null: nowhere. */
  readonly httpPort: number | null;
}

const answerSchema = z.union([
  z.object({ ok: z.literal(true), result: z.unknown() }),
  z.object({ ok: z.literal(false), error: z.object({ code: z.string(), message: z.string() }) }),
]);

interface Waiting {
  readonly resolve: (line: string) => void;
  readonly reject: (error: Error) => void;
}

/** Who reads a node's answers. */
export interface AnswerConsumer {
  readonly onChunk: (chunk: Buffer) => void;
  readonly onEnd: (error: Error) => void;
}

/** One node process, reached by lines on its stdin and stdout as any user's program would. */
export class BenchNode {
  readonly process: ChildProcessWithoutNullStreams;
  readonly ended: Promise<void>;
  #error: Error | null = null;
  readonly #lastWords: string[] = [];
  readonly #waiting: Waiting[] = [];
  #corked = false;
  readonly #reader = new LineReader();
  readonly #commands: AnswerConsumer = {
    onChunk: (chunk) => this.#readAnswers(chunk),
    onEnd: (error) => this.#rejectAll(error),
  };
  #consumer = this.#commands;

  constructor(
    readonly options: BenchNodeOptions,
    life: RunLife,
  ) {
    const { index, clusterFile, dataDirectory, mode, httpPort } = options;
    this.process = spawn(process.execPath, PROGRAM_OF_MODE[mode], {
      cwd: ROOT,
      env: {
        ...process.env,
        // Set in the user's shell, for nodes of his own.
        START_PORT: undefined,
        NODE_KEY_FILE: undefined,
        INDEX: String(index),
        CLUSTER_CONFIG: clusterFile,
        DATA_DIR: dataDirectory,
        LOG_LEVEL: 'warn',
        HTTP_PORT: httpPort === null ? 'off' : String(httpPort),
      },
      // IPC: should this process be killed, its nodes notice and stop.
      stdio: ['pipe', 'pipe', 'pipe', 'ipc'],
    }) as ChildProcessWithoutNullStreams;
    life.track(this.process, { lastWords: this.#lastWords });
    this.ended = new Promise((done) => this.process.once('close', () => done()));
    this.process.once('close', () => this.#end());
    this.process.once('error', (error) => life.fail(error));
    this.process.stdin.on('error', () => undefined);
    this.process.stdout.on('data', (chunk: Buffer) => this.#consumer.onChunk(chunk));
    eachLine(this.process.stderr, (line) => {
      this.#lastWords.push(line);
      if (this.#lastWords.length > LAST_WORDS_MAX) this.#lastWords.shift();
    });
  }

  get index(): number {
    return this.options.index;
  }

  get running(): boolean {
    return this.#error === null;
  }

  /**
   * Sends a line and resolves with the `result` of its answer. Lines of one tick go in one write.
   *
   * @throws Error when the answer is not ok, or the node ends first.
   */
  async command(line: string): Promise<unknown> {
    const answer = answerSchema.parse(JSON.parse(await this.#answerTo(line)));
    if (answer.ok) return answer.result;
    const { code, message } = answer.error;
    throw new Error(`node ${this.index} answered ${code} to ${line.slice(0, 32)}: ${message}`);
  }

  async info(): Promise<NodeInfo> {
    return (await this.command('info')) as NodeInfo;
  }

  async entry(index: number): Promise<LogEntry> {
    return (await this.command(`get_log ${index}`)) as LogEntry;
  }

  /** Gives all answers from now on, unparsed, to `consumer`, until the returned function is called. */
  takeOver(consumer: AnswerConsumer): () => void {
    if (this.#waiting.length > 0) throw new Error('a load needs a node whose commands are all answered');
    if (this.#error !== null) throw this.#error;
    this.#consumer = consumer;
    return () => (this.#consumer = this.#commands);
  }

  write(lines: Buffer): void {
    this.process.stdin.write(lines);
  }

  async kill(): Promise<void> {
    this.process.kill('SIGKILL');
    await this.ended;
  }

  #answerTo(line: string): Promise<string> {
    return new Promise((resolve, reject) => {
      if (this.#error !== null) {
        reject(this.#error);
        return;
      }
      this.#waiting.push({ resolve, reject });
      const { stdin } = this.process;
      if (!this.#corked) {
        this.#corked = true;
        stdin.cork();
        setImmediate(() => {
          this.#corked = false;
          stdin.uncork();
        });
      }
      stdin.write(`${line}\n`);
    });
  }

  #readAnswers(chunk: Buffer): void {
    this.#reader.push(chunk);
    for (let line = this.#reader.next(); line !== null; line = this.#reader.next()) {
      const waiting = this.#waiting.shift();
      if (typeof line === 'string') waiting?.resolve(line);
      else waiting?.reject(line.error);
    }
  }

  #end(): void {
    const { exitCode, signalCode } = this.process;
    const words = this.#lastWords.map((line) => ` | ${line}`).join('');
    this.#error = new Error(`node ${this.index} ended (${signalCode ?? `status ${exitCode ?? 1}`})${words}`);
    this.#consumer.onEnd(this.#error);
    if (this.#consumer !== this.#commands) this.#rejectAll(this.#error);
  }

  #rejectAll(error: Error): void {
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}
