import { RequestError } from '../../../src/errors';
import type { ClusterNode, MemberStatus, NodeInfo, PushOptions, Trimmed } from '../../../src/api';
import type { LogEntry } from '../../../src/entry/Entry';
import { CALM_INFO } from '../calmInfo';

/** A node that answers at once, or, while it is `holding`, when it is let go. */
export class FakeNode implements ClusterNode {
  readonly entries: LogEntry[] = [];
  /** What was called, in order: `push KEY`, `get INDEX`, `info`. */
  readonly calls: string[] = [];
  /** What each push was made with. */
  readonly options: PushOptions[] = [];
  info: NodeInfo = CALM_INFO;
  status: readonly MemberStatus[] = [];
  /** Set to make every call fail. */
  failure: Error | null = null;
  #holding = false;
  #held: (() => void)[] = [];

  /** From now on calls wait for {@link letGo}. */
  hold(): void {
    this.#holding = true;
  }

  /** Answers the calls that wait, in this order of their numbers (all, oldest first, when none is given). */
  letGo(order: readonly number[] = this.#held.map((_, at) => at)): void {
    const held = this.#held;
    this.#held = held.filter((_, at) => !order.includes(at));
    for (const at of order) held[at]?.();
  }

  get waiting(): number {
    return this.#held.length;
  }

  async trim(index: number): Promise<Trimmed> {
    this.calls.push(`trim ${index}`);
    await this.#answer();
    return { floor: index };
  }

  readonly logApi = {
    push: async (
      key: string,
      value: { value: string; nonce?: number },
      options: PushOptions = {},
    ): Promise<LogEntry> => {
      this.calls.push(`push ${key}`);
      this.options.push(options);
      await this.#answer();
      const index = this.entries.length + 1;
      const entry: LogEntry = {
        index,
        term: 1,
        hash: 'ab'.repeat(32),
        createdAt: 1_700_000_000_000 + index,
        log: { key, value: { value: value.value, nonce: value.nonce ?? 999 + index } },
      };
      this.entries.push(entry);
      return entry;
    },
  };

  getDb(): ReturnType<ClusterNode['getDb']> {
    return {
      getEntry: () => ({
        get: async (index) => {
          this.calls.push(`get ${index}`);
          await this.#answer();
          return this.entries[index - 1] ?? null;
        },
        latest: async (key) => {
          this.calls.push(`latest ${key}`);
          await this.#answer();
          return this.entries.findLast(({ log }) => log.key === key) ?? null;
        },
        history: async (key, { limit = 1000, before = Infinity } = {}) => {
          this.calls.push(`history ${key}`);
          await this.#answer();
          const all = this.entries.filter(({ index, log }) => log.key === key && index < before).reverse();
          const logs = all.slice(0, limit);
          return { logs, next: logs.length < all.length ? (logs.at(-1)?.index ?? null) : null };
        },
      }),
      getState: () => ({
        getInfo: async () => {
          this.calls.push('info');
          await this.#answer();
          return { ...this.info, index: this.entries.length, committedIndex: this.entries.length };
        },
        getStatus: async () => {
          this.calls.push('status');
          await this.#answer();
          return this.status;
        },
      }),
    };
  }

  async #answer(): Promise<void> {
    if (this.#holding) await new Promise<void>((resolve) => this.#held.push(resolve));
    if (this.failure !== null) throw this.failure;
  }
}

/** What a node without a leader throws. */
export const noLeader = (): RequestError => new RequestError('NO_LEADER', 'no leader was found: try again');
