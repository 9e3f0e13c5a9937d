import { StartError, toError } from '../../errors';
import { escapeControls } from '../../escapeControls';
import { STOP_MS_MAX } from '../../limits';
import type { Stderr } from './Stderr';
import { watchNpm } from './watchNpm';

/**
 * A second signal within this time of the first is the same key press, ms: the terminal and npm each pass a
 * Ctrl-C on.
 */
const SAME_SIGNAL_MS = 500;

/** One thing to undo when the process stops. */
type StopStep = () => Promise<void> | void;

/**
 * How the process ends. Cleanly, with status 0: on SIGTERM, SIGINT, when npm or `npm start` is gone, or
 * when {@link stop} is called; what was set up is undone in reverse order, a stop that hangs is cut after
 * STOP_MS_MAX (status 1), a second signal ends it at once (status 1). By {@link fail}: at once, with the error's
 * status and one line on stderr.
 */
export class ProcessLife {
  private readonly steps: StopStep[] = [];
  private stopping = false;
  private firstSignalAt: number | null = null;
  private report: (error: Error) => void = () => undefined;

  constructor(private readonly stderr: Stderr) {
    process.on('SIGTERM', () => this.onSignal());
    process.on('SIGINT', () => this.onSignal());
    // A service outlives the terminal that started it; a prompt ends with its terminal by itself.
    process.on('SIGHUP', () => undefined);
    process.on('uncaughtException', (error) => this.fail(error));
    process.on('unhandledRejection', (reason) => this.fail(toError(reason)));
    // npm start watches its nodes over IPC; when it is gone, even by kill -9, they stop.
    process.on('disconnect', () => void this.stop());
    watchNpm(() => void this.stop());
  }

  /** Sets where the stack of an unexpected error goes. */
  reportTo(report: (error: Error) => void): void {
    this.report = report;
  }

  /** Adds what is to be done when the process stops cleanly, before what was added earlier. */
  beforeExit(step: StopStep): void {
    this.steps.unshift(step);
  }

  /** Stops cleanly. A second call does nothing. */
  async stop(): Promise<void> {
    if (this.stopping) return;
    this.stopping = true;
    setTimeout(() => {
      this.stderr.writeLine(`the stop took longer than ${STOP_MS_MAX} ms and was cut`);
      process.exit(1);
    }, STOP_MS_MAX);
    try {
      for (const step of this.steps) await step();
    } catch (thrown) {
      this.fail(thrown);
    }
    process.exit(0);
  }

  /** Ends the process now, because it cannot start or go on. */
  fail(thrown: unknown): never {
    const error = toError(thrown);
    if (error instanceof StartError) {
      this.stderr.writeLine(escapeControls(`${error.code}: ${error.message}`));
      process.exit(error.exitStatus);
    }
    this.report(error);
    this.stderr.writeLine(escapeControls(`INTERNAL: ${error.message}`));
    process.exit(1);
  }

  private onSignal(): void {
    const now = performance.now();
    this.firstSignalAt ??= now;
    if (now - this.firstSignalAt > SAME_SIGNAL_MS) process.exit(1);
    void this.stop();
  }
}
