import type { ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { watchNpm } from '../../src/cli/process/watchNpm';
import { toError } from '../../src/errors';

/** How long a process that was asked to end may clean up after itself, ms; then it is killed. */
const CLEAN_UP_MS = 5000;

/** Status of a process that a signal ended, as shells count it. */
const STATUS_OF_SIGNAL = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

/** How a process is treated at the end of the run. */
interface ChildCare {
  /** It is asked to end (SIGTERM) and cleans up after itself; others are killed at once. */
  readonly cleansUp?: boolean;
  /** The last lines of its stderr, shown when the run fails. */
  readonly lastWords?: readonly string[];
}

/**
 * The end of a run: whatever way it ends (its last row, an error, Ctrl-C, npm gone), each process that it started
 * ends with it, and its data are removed.
 */
export class RunLife {
  readonly #children = new Map<ChildProcess, ChildCare>();
  readonly #directories = new Set<string>();
  #ending = false;

  constructor() {
    for (const [signal, status] of Object.entries(STATUS_OF_SIGNAL))
      process.on(signal, () => void this.end(status));
    process.on('uncaughtException', (error) => this.fail(error));
    process.on('unhandledRejection', (reason) => this.fail(reason));
    // A reader of the rows that has gone wants no more of them.
    process.stdout.on('error', () => void this.end(1));
    process.on('exit', () => this.#removeAll());
    watchNpm(() => void this.end(1));
  }

  /** A directory that is removed when the run ends or {@link remove} is called. */
  temporaryDirectory(parent: string): string {
    mkdirSync(parent, { recursive: true });
    const directory = mkdtempSync(join(parent, 'bench-'));
    this.#directories.add(directory);
    return directory;
  }

  remove(directory: string): void {
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
    this.#directories.delete(directory);
  }

  /** Takes care of a process. */
  track(child: ChildProcess, care: ChildCare): void {
    this.#children.set(child, care);
    child.once('close', () => this.#children.delete(child));
    child.once('error', () => this.#children.delete(child));
  }

  /** Ends the run for an error, with the last words of what still runs; not for those that the end itself causes. */
  fail(thrown: unknown): void {
    if (this.#ending) return;
    process.stderr.write(`bench: ${toError(thrown).message}\n`);
    for (const { lastWords = [] } of this.#children.values())
      for (const line of lastWords) process.stderr.write(`  ${line}\n`);
    void this.end(1);
  }

  async end(status: number): Promise<void> {
    if (this.#ending) return;
    this.#ending = true;
    await Promise.all([...this.#children].map(([child, { cleansUp = false }]) => endChild(child, cleansUp)));
    // 'exit' removes the rest.
    process.exit(status);
  }

  #removeAll(): void {
    for (const child of this.#children.keys()) child.kill('SIGKILL');
    for (const directory of this.#directories) this.remove(directory);
  }
}

function endChild(child: ChildProcess, cleansUp: boolean): Promise<void> {
  return new Promise((resolve) => {
    child.once('close', () => resolve());
    child.kill(cleansUp ? 'SIGTERM' : 'SIGKILL');
    if (cleansUp) setTimeout(() => child.kill('SIGKILL'), CLEAN_UP_MS);
  });
}
