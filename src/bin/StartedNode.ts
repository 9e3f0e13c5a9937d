import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { z } from 'zod';
import { eachLine } from '../cli/lines/eachLine';
import { escapeControls } from '../escapeControls';
import { LINE_BYTES_MAX, STOP_MS_MAX } from '../limits';

const PROGRAM = join(__dirname, '..', 'cluster_node.js');

/** Lines of its stderr with which a node that died is shown. */
const LAST_WORDS_MAX = 5;

/** A node that has not ended so long after SIGTERM is killed, ms: it cuts its own stop before that. */
const KILL_MS = STOP_MS_MAX - 500;

/** bunyan's level of an error. */
const ERROR = 50;

const logRecord = z.object({ level: z.number(), msg: z.string(), event: z.string().optional() });

/** A line of a node's log; null when it is something else. */
export type LogRecord = z.infer<typeof logRecord> | null;

/** What is told of a node's process. */
interface Listeners {
  readonly onMessage: (message: unknown) => void;
  readonly onEnd: () => void;
  readonly onError: (error: Error) => void;
  readonly onStderr: (line: string, record: LogRecord) => void;
}

/** One of the processes of `mokka-cluster start`. */
export class StartedNode {
  readonly process: ChildProcess;
  readonly ended: Promise<void>;
  readonly lastWords: string[] = [];

  /** `input`: its stdin and stdout are this process's own; else it has none. */
  constructor(
    readonly index: number,
    { input, logLevel }: { readonly input: boolean; readonly logLevel: string },
    private readonly listeners: Listeners,
  ) {
    const prompt = input ? 'inherit' : 'ignore';
    this.process = spawn(process.execPath, [PROGRAM], {
      env: { LOG_LEVEL: logLevel, ...process.env, INDEX: String(index) },
      stdio: [prompt, prompt, 'pipe', 'ipc'],
    });
    this.ended = new Promise((done) => this.process.once('close', () => done()));
    this.process.on('message', listeners.onMessage);
    this.process.once('close', listeners.onEnd);
    this.process.once('error', listeners.onError);
    if (this.process.stderr !== null)
      eachLine(this.process.stderr, (line) => this.onStderr(line), LINE_BYTES_MAX);
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

  private onStderr(line: string): void {
    const record = parseRecord(line);
    if (record === null || record.level >= ERROR) this.lastWords.push(escapeControls(record?.msg ?? line));
    if (this.lastWords.length > LAST_WORDS_MAX) this.lastWords.shift();
    this.listeners.onStderr(line, record);
  }
}

function parseRecord(line: string): LogRecord {
  try {
    return logRecord.parse(JSON.parse(line));
  } catch {
    return null;
  }
}
