import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const REPOSITORY = resolve(__dirname, '..', '..');

/** What commands need of the repository. Data and keys that they write land in the workspace. */
const LINKED = ['src', 'scripts', 'test', 'dist', 'node_modules', 'package.json', 'tsconfig.json'];

/** Where a reader of the README may think the commands to run: no path of this machine is shown. */
const SHOWN_HOME = '/home/me';

/** What follows an address that opens the page: another in every cluster. */
const TOKEN = /#token=[\w-]+/g;

/** A temporary directory in which npm's commands work as in a fresh clone. */
export class Workspace {
  private readonly home = realpathSync(mkdtempSync(join(tmpdir(), 'mokka-transcript-')));
  /** As a clone is named. */
  readonly directory = join(this.home, 'mokka-cluster');

  constructor() {
    mkdirSync(this.directory);
    for (const name of LINKED) symlinkSync(join(REPOSITORY, name), join(this.directory, name));
  }

  /** The socket of this workspace's own tmux server. */
  get tmuxSocket(): string {
    return join(this.home, 'tmux.sock');
  }

  /** A text that commands printed, without the workspace's path and tokens. */
  shown(text: string): string {
    return text.replaceAll(this.home, SHOWN_HOME).replaceAll(TOKEN, '#token=…');
  }

  remove(): void {
    rmSync(this.home, { recursive: true, force: true });
  }
}
