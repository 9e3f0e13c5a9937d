import type { ClusterNode } from '../../../src/api';
import { toError } from '../../../src/errors';
import { type LogEntry } from '../../../src/entry/Entry';
import { PROGRESS_MS, type Load, type LoadResult, type OnProgress, type SampledEntry } from './load';
import { Payloads, randomIndex } from './requests';
import { Window } from './Window';

/** One answer of so many is kept to be compared with other nodes. */
const SAMPLE_EVERY = 1024;

/** A closed loop of `logApi.push`, or of gets, inside a node's process. */
export class LibraryLoad {
  readonly #payloads: Payloads;
  readonly #window: Window;
  readonly #sample: SampledEntry[] = [];
  #sent = 0;

  constructor(
    private readonly node: ClusterNode,
    private readonly load: Load,
  ) {
    this.#payloads = new Payloads(load.keyBytes, load.valueBytes);
    this.#window = new Window(load.length, performance.now());
  }

  async run(onProgress: OnProgress): Promise<LoadResult> {
    const timer = setInterval(() => onProgress(this.#window.progress), PROGRESS_MS);
    try {
      await Promise.all(Array.from({ length: this.load.inflight }, () => this.#loop()));
    } finally {
      clearInterval(timer);
    }
    return { ...this.#window.result(), client_cores: null, sample: this.#sample };
  }

  /** One request after another, until the window takes no more. */
  async #loop(): Promise<void> {
    for (;;) {
      const sentAt = performance.now();
      if (this.#window.take(1, sentAt) === 0) return;
      const entry = await this.#request(this.#sent++);
      this.#window.answered(performance.now(), sentAt);
      if (this.#sent % SAMPLE_EVERY === 0)
        this.#sample.push({ index: entry.index, hash: entry.hash, key: entry.log.key });
    }
  }

  #request(number: number): Promise<LogEntry> {
    const { command, entries } = this.load;
    if (command === 'get_log') return this.#get(randomIndex(entries));
    const payload = entries + number;
    return this.node.logApi.push(this.#payloads.key(payload), { value: this.#payloads.value(payload) });
  }

  async #get(index: number): Promise<LogEntry> {
    const entry = await this.node.getDb().getEntry().get(index);
    if (entry === null) throw toError(`there is no log ${index}`);
    return entry;
  }
}
