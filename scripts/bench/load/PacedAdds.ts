import type { BenchNode } from '../cluster/BenchNode';
import type { Payloads } from './requests';

/** How often adds are sent, ms: those that are due since the last time. */
const SEND_EVERY_MS = 5;

/** Adds at a steady rate, whatever the answers: what goes on while something else is measured. */
export class PacedAdds {
  /** When each add was answered, ms. */
  readonly answeredAt: number[] = [];
  readonly #timer: NodeJS.Timeout;
  readonly #startedAt = performance.now();
  #sent = 0;
  #pending = new Set<Promise<void>>();
  #failure: unknown = null;

  /** @param firstNumber of the payloads. */
  constructor(
    private readonly node: BenchNode,
    private readonly payloads: Payloads,
    private readonly perSecond: number,
    private readonly firstNumber: number,
  ) {
    this.#timer = setInterval(() => this.#sendDue(), SEND_EVERY_MS);
  }

  /** The longest time without any answer between two moments, ms. */
  longestGap(from: number, to: number): number {
    const moments = [from, ...this.answeredAt.filter((at) => at > from && at < to), to];
    return moments.reduce((longest, at, nth) => Math.max(longest, at - (moments[nth - 1] ?? at)), 0);
  }

  /** Answers between two moments. */
  answered(from: number, to: number): number {
    return this.answeredAt.filter((at) => at > from && at < to).length;
  }

  /**
   * Sends no more, and waits for the answers.
   *
   * @throws Error when an add was refused.
   */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#pending);
    if (this.#failure !== null) throw this.#failure as Error;
  }

  #sendDue(): void {
    const due = Math.floor(((performance.now() - this.#startedAt) * this.perSecond) / 1000);
    for (; this.#sent < due; this.#sent++) {
      const number = this.firstNumber + this.#sent;
      const add = this.node
        .command(`add_log ${this.payloads.key(number)} ${this.payloads.value(number)}`)
        .then(
          () => void this.answeredAt.push(performance.now()),
          (error: unknown) => void (this.#failure ??= error),
        );
      this.#pending.add(add);
      void add.finally(() => this.#pending.delete(add));
    }
  }
}
