import { z } from 'zod';
import { AnswerScanner } from './AnswerScanner';
import type { BenchNode } from '../cluster/BenchNode';
import {
  PROGRESS_MS,
  requestsOf,
  SILENCE_MS_MAX,
  type Load,
  type LoadResult,
  type OnProgress,
  type SampledEntry,
} from './load';
import { rounded } from '../report/percentiles';
import type { Requests } from './requests';
import { Window } from './Window';

const entryAnswer = z.object({
  result: z.object({ index: z.number(), hash: z.string(), log: z.object({ key: z.string() }) }),
});

/** What takes lines and answers each with a line, in their order. */
export type LoadedNode = Pick<BenchNode, 'index' | 'takeOver' | 'write'>;

/**
 * A closed loop over a node's stdin and stdout, or what is like them. It shares two cores with what it measures, so it does little for a
 * request: a line from a template, all lines of one tick in one write, and one clock reading a chunk of answers.
 * Answers come in the order of the lines, so that a ring of sending times is all it remembers.
 *
 * Rejects at the first answer that is not ok: what it then measured would not be what it says.
 */
export class PipeLoad {
  readonly result: Promise<LoadResult>;
  readonly #requests: Requests;
  readonly #window: Window;
  readonly #scanner: AnswerScanner;
  readonly #sentAt: Float64Array;
  readonly #mask: number;
  readonly #sample: SampledEntry[] = [];
  #now = performance.now();
  #sent = 0;
  #answered = 0;
  #cpuAtStart = process.cpuUsage();
  #resolve: (result: LoadResult) => void = () => undefined;
  #reject: (error: Error) => void = () => undefined;

  constructor(
    private readonly node: LoadedNode,
    load: Load,
    private readonly onProgress: OnProgress,
  ) {
    this.#requests = requestsOf(load);
    this.#window = new Window(load.length, this.#now);
    this.#scanner = new AnswerScanner(load.command, (ok, line) => this.#onAnswer(ok, line));
    const capacity = 2 ** Math.ceil(Math.log2(load.inflight + 1));
    this.#sentAt = new Float64Array(capacity);
    this.#mask = capacity - 1;
    const settled = new Promise<LoadResult>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    const release = node.takeOver({
      onChunk: (chunk) => this.#onChunk(chunk),
      onEnd: (error) => this.#reject(error),
    });
    const timer = setInterval(() => this.#onTimer(), PROGRESS_MS);
    this.result = settled.finally(() => {
      clearInterval(timer);
      release();
    });
    this.#send(load.inflight);
  }

  #send(wanted: number): void {
    const count = this.#window.take(wanted, this.#now);
    if (count === 0) return;
    this.node.write(this.#requests.lines(this.#sent, count));
    for (let nth = 0; nth < count; nth++) this.#sentAt[this.#sent++ & this.#mask] = this.#now;
  }

  #onChunk(chunk: Buffer): void {
    this.#now = performance.now();
    const before = this.#answered;
    this.#scanner.push(chunk);
    if (this.#answered > before) this.#send(this.#answered - before);
    if (this.#answered === this.#sent) this.#finish();
  }

  #onAnswer(ok: boolean, line: string | null): void {
    const sentAt = this.#sentAt[this.#answered++ & this.#mask];
    if (sentAt === undefined || this.#answered > this.#sent)
      this.#reject(new Error(`node ${this.node.index} gave an answer that nobody asked for`));
    else if (!ok)
      this.#reject(new Error(`node ${this.node.index} refused a ${this.#requests.command}: ${line ?? ''}`));
    else this.#window.answered(this.#now, sentAt);
    if (ok && line !== null) this.#keep(line);
  }

  #keep(line: string): void {
    const { data } = entryAnswer.safeParse(JSON.parse(line));
    if (data === undefined) this.#reject(new Error(`node ${this.node.index} answered no entry: ${line}`));
    else this.#sample.push({ index: data.result.index, hash: data.result.hash, key: data.result.log.key });
  }

  #onTimer(): void {
    const progress = this.#window.progress;
    if (progress.elapsedMs < PROGRESS_MS) this.#cpuAtStart = process.cpuUsage();
    if (performance.now() - this.#now > SILENCE_MS_MAX)
      this.#reject(new Error(`node ${this.node.index} has not answered for ${SILENCE_MS_MAX / 1000} s`));
    this.onProgress(progress);
  }

  #finish(): void {
    const { user, system } = process.cpuUsage(this.#cpuAtStart);
    const window = this.#window.result();
    this.#resolve({
      ...window,
      client_cores: rounded((user + system) / 1e6 / window.seconds, 2),
      sample: this.#sample,
    });
  }
}
