import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';

const ROOT = resolve(__dirname, '..');

/** How a program ended, and all that it wrote. */
export interface Ending {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Those of spawn, without what it reads and writes. `input`: whether its stdin is a pipe; else it has none. */
type Options = Omit<SpawnOptions, 'stdio'> & { readonly input?: boolean };

/** A program that a test runs, in the repository's folder where nothing else is said. A node is a NodeProcess. */
export class StartedProgram {
  readonly child: ChildProcess;
  readonly ended: Promise<Ending>;
  stdout = '';
  stderr = '';

  constructor([command = '', ...args]: readonly string[], { input = false, ...options }: Options = {}) {
    this.child = spawn(command, args, {
      cwd: ROOT,
      killSignal: 'SIGKILL',
      ...options,
      stdio: [input ? 'pipe' : 'ignore', 'pipe', 'pipe'],
    });
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    // One that has enough of it ends before it has read all.
    this.child.stdin?.on('error', () => undefined);
    this.ended = once(this.child, 'close').then(([status, signal]) => ({
      status: status as number | null,
      signal: signal as NodeJS.Signals | null,
      stdout: this.stdout,
      stderr: this.stderr,
    }));
  }

  /** The lines of stdout that are whole. */
  get lines(): string[] {
    return this.stdout.split('\n').slice(0, -1);
  }

  /** All that it wrote, to be shown when a test fails. */
  get printed(): string {
    return this.stdout + this.stderr;
  }
}

/** Runs a program to its end. */
export function runToEnd(command: readonly string[], options: Options = {}): Promise<Ending> {
  return new StartedProgram(command, options).ended;
}
