import { COMMAND_BYTES_IN_FLIGHT_MAX, COMMAND_BYTES_OWN } from '../../limits';

/**
 * What the commands of all prompts of a process may hold together, bytes: values of adds that are under way, and
 * answers that are being made or that nobody has read. Each prompt has COMMAND_BYTES_OWN of its own; more it takes from
 * what all share, as long as there is some. So a program that does not read can slow others down, but not stop them.
 */
export class AnswerBudget {
  private shared = 0;
  private readonly waiting = new Set<() => void>();

  /** A prompt's part. `onRoom` is called, once, when there may be room again after a refusal. */
  open(onRoom: () => void): BudgetPart {
    return new BudgetPart(
      (bytes) => this.take(bytes),
      () => this.waiting.add(onRoom),
    );
  }

  /** False, with nothing taken, where that is more than is left; what is given back (negative) always goes. */
  private take(bytes: number): boolean {
    if (bytes > 0 && this.shared + bytes > COMMAND_BYTES_IN_FLIGHT_MAX) return false;
    this.shared += bytes;
    if (bytes < 0) this.wake();
    return true;
  }

  private wake(): void {
    const waiting = [...this.waiting];
    this.waiting.clear();
    for (const onRoom of waiting) onRoom();
  }
}

/** What one prompt holds of the budget. */
export class BudgetPart {
  /** Bytes held, and those of them that no budget counts, as they had to be had. */
  private held = 0;
  private forced = 0;

  constructor(
    private readonly takeShared: (bytes: number) => boolean,
    private readonly wait: () => void,
  ) {}

  /** Takes bytes; false, with nothing taken, when neither its own part nor the shared one has them. */
  tryTake(bytes: number): boolean {
    if (this.takeShared(this.sharedAt(this.held + bytes) - this.sharedAt(this.held))) {
      this.held += bytes;
      return true;
    }
    this.wait();
    return false;
  }

  /** Takes bytes whether or not there are any: for what all else waits for. */
  take(bytes: number): void {
    if (this.tryTake(bytes)) return;
    this.held += bytes;
    this.forced += bytes;
  }

  /** Gives bytes back. */
  give(bytes: number): void {
    const before = this.sharedAt(this.held);
    this.held -= bytes;
    this.forced = Math.max(0, this.forced - bytes);
    this.takeShared(this.sharedAt(this.held) - before);
  }

  private sharedAt(held: number): number {
    return Math.max(0, held - this.forced - COMMAND_BYTES_OWN);
  }
}
