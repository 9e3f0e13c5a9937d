import { REFUSAL_LOG_MS } from '../limits';

/** All strangers count as one, so that what is remembered is bounded by the members. */
const STRANGER = 'strangers';

/** Tells of each refused peer once a minute, not once a try, and how many tries there were. */
export class RefusalLog {
  private readonly seen = new Map<string, { loggedAt: number; unlogged: number }>();

  /** @param now a monotonic clock, ms. */
  constructor(
    private readonly write: (message: string) => void,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** A member was refused, or refused this node. */
  member(publicKey: string, message: string): void {
    this.note(publicKey, message);
  }

  /** Somebody who is no member was refused. */
  stranger(message: string): void {
    this.note(STRANGER, message);
  }

  private note(who: string, message: string): void {
    const last = this.seen.get(who);
    if (last !== undefined && this.now() - last.loggedAt < REFUSAL_LOG_MS) {
      last.unlogged++;
      return;
    }
    const more =
      last === undefined || last.unlogged === 0 ? '' : ` (and ${last.unlogged} times since the last line)`;
    this.seen.set(who, { loggedAt: this.now(), unlogged: 0 });
    this.write(message + more);
  }
}
