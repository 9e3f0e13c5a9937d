import type { FlushRequests } from './pushes/FlushRequests';

/** Flushes once for all who ask in a turn of the event loop. */
export class FlushTurn implements FlushRequests {
  private isScheduled = false;

  constructor(private readonly flush: () => void) {}

  want(): void {
    if (this.isScheduled) return;
    this.isScheduled = true;
    setImmediate(this.run);
  }

  private readonly run = (): void => {
    this.isScheduled = false;
    this.flush();
  };
}
