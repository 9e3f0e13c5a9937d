import type { Effect } from '../commands/CommandTable';

/** A line's command, as far as the start of others depends on it. */
export interface OrderedLine {
  /** None where the line is no command. */
  readonly effect: Effect | null;
  readonly started: boolean;
  readonly answered: boolean;
}

/** How many lines stand before one, and what they are. */
export class LinesBefore {
  private lines = 0;
  private openWrites = 0;
  private unstartedWrites = 0;
  private openBarriers = 0;

  /** Whether a command with this effect may start after them. */
  allow(effect: Effect): boolean {
    if (this.openBarriers > 0) return false;
    if (effect === 'write') return this.unstartedWrites === 0;
    if (effect === 'read') return this.openWrites === 0;
    return this.lines === 0;
  }

  /** Counts one more line, or (-1) one no more. */
  count({ effect, started, answered }: OrderedLine, by: 1 | -1 = 1): void {
    this.lines += by;
    if (answered || effect === null) return;
    if (effect === 'write') {
      this.openWrites += by;
      if (!started) this.unstartedWrites += by;
    } else if (effect === 'control' || effect === 'exit') this.openBarriers += by;
  }
}
