import { setImmediate as nextTurn } from 'node:timers/promises';

/** Lets what takes some ms be done once in a turn of the event loop, whoever asks for it: heartbeats go on between. */
export class PageTurns {
  private last = Promise.resolve();

  /** Resolves in a turn that nobody else has. */
  take(): Promise<void> {
    this.last = this.last.then(() => nextTurn());
    return this.last;
  }
}
