import { COMMANDS_TURN_MS } from '../../limits';

/**
 * Shares the event loop among the prompts of a process and the rest of the node: in one turn of the loop all prompts
 * together work for COMMANDS_TURN_MS, and what is left waits, first come first served, for the next one.
 */
export class Turns {
  private waiting: (() => void)[] = [];
  private scheduled = false;
  private endsAt: number | null = null;

  /** Whether the prompts have had their time in this turn. What cannot be divided may take longer, once. */
  get over(): boolean {
    this.schedule();
    this.endsAt ??= performance.now() + COMMANDS_TURN_MS;
    return performance.now() >= this.endsAt;
  }

  /** Has work done in the next turn that has time for it. */
  soon(work: () => void): void {
    this.waiting.push(work);
    this.schedule();
  }

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(() => this.begin());
  }

  private begin(): void {
    this.scheduled = false;
    this.endsAt = null;
    const waiting = this.waiting;
    this.waiting = [];
    let done = 0;
    while (done < waiting.length && !this.over) waiting[done++]?.();
    this.waiting = [...waiting.slice(done), ...this.waiting];
  }
}
