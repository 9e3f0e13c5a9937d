import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hasTerminals } from '../../../scripts/transcripts/Terminal';
import { freeStartPort, isFree } from '../cluster/Cluster';
import { unless } from '../cluster/disturbances';
import { REPOSITORY } from '../cluster/NodeProcess';
import { withoutNotices } from '../cluster/notices';
import { until } from '../cluster/until';

/** `npm start` as a person sees it: a real terminal, tmux's. */

const WITHIN_MS = 120_000;

/** What `npm start` tells of the leader: on a busy machine there may be an election at any time. */
const LEADER_NOTICE = /^(?:node \d leads, term \d+|no leader)$\n?/gm;

/** A prompt with an empty line, and the status line under it, as the last two rows that have something. */
const idle = (status: RegExp): RegExp => new RegExp(`\nenter command >\n${status.source}$`);

/** `npm start` in a terminal of a number of columns. */
class Terminal {
  readonly #directory = mkdtempSync(join(tmpdir(), 'mokka-prompt-'));

  private constructor(readonly port: number) {}

  static async open(columns: number, env = ''): Promise<Terminal> {
    const terminal = new Terminal(await freeStartPort());
    const variables = `DATA_DIR=${terminal.#directory}/data START_PORT=${terminal.port} ${env}`;
    const command = `${variables} npm start; echo ended with $?; exec sleep 600`;
    terminal.#tmux('new-session', '-d', '-x', `${columns}`, '-y', '50', '-c', REPOSITORY, command);
    terminal.#tmux('set-option', 'status', 'off');
    return terminal;
  }

  /** Types a line. */
  type(line: string): void {
    this.press('-l', line);
    this.press('Enter');
  }

  /** Presses keys, by tmux's names. */
  press(...keys: string[]): void {
    this.#tmux('send-keys', ...keys);
  }

  /** Waits until the screen shows this. */
  async shows(text: RegExp): Promise<void> {
    await this.#waitFor(text, () => this.screen);
  }

  /** Waits until it shows what a node may tell at any time. */
  async showsNotice(text: RegExp): Promise<void> {
    await this.#waitFor(text, () => this.#allRows);
  }

  /** The rows that have something, as they are shown, less what nodes may tell at any time. */
  get screen(): string {
    return withoutNotices(this.#allRows).replace(LEADER_NOTICE, '');
  }

  /** As {@link screen}, with what its colours are told with. */
  get colored(): string {
    return this.#tmux('capture-pane', '-p', '-e');
  }

  /** The process that `npm start` runs. */
  get pid(): number {
    const found = execFileSync('pgrep', ['-f', 'mokkaCluster.js start'], { encoding: 'utf8' }).trim();
    const pane = this.#tmux('display-message', '-p', '#{pane_pid}').trim();
    const pid = found.split('\n').find((each) => sessionOf(each) === sessionOf(pane) && isNode(each));
    if (pid === undefined) throw new Error('npm start does not run');
    return Number(pid);
  }

  close(): void {
    spawnSync('tmux', ['-S', join(this.#directory, 'tmux.sock'), 'kill-server']);
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async #waitFor(text: RegExp, rows: () => string): Promise<void> {
    const look = (): true | undefined => (text.test(rows()) ? true : undefined);
    await until(WITHIN_MS, `${String(text)} on the screen`, look, () => this.#allRows);
  }

  get #allRows(): string {
    const rows = this.#tmux('capture-pane', '-p', '-S', '-200').split('\n');
    return rows
      .map((row) => row.trimEnd())
      .join('\n')
      .trimEnd();
  }

  #tmux(...given: string[]): string {
    const command = ['-f', '/dev/null', '-S', join(this.#directory, 'tmux.sock'), ...given];
    return execFileSync('tmux', command, { encoding: 'utf8' });
  }
}

const ps = (pid: string, field: string): string =>
  execFileSync('ps', ['-o', `${field}=`, '-p', pid], { encoding: 'utf8' }).trim();
const sessionOf = (pid: string): string => ps(pid, 'sid');
/** By how it was started: the name of the process is its main thread's on later versions of Node.js. */
const isNode = (pid: string): boolean => /^(\S*\/)?node /.test(ps(pid, 'args'));

const it = unless(hasTerminals() ? null : 'the prompt of npm start, since tmux is not installed');
let terminal: Terminal;
afterEach(() => terminal.close());

it('a failover, watched: add, kill the node in use, use another, start it again', async () => {
  terminal = await Terminal.open(120);
  await terminal.shows(idle(/node 0 \w+er {2}node 1 \w+er {2}node 2 \w+er {2}term \d+ {2}0 logs/));
  terminal.type('add_log super test');
  await terminal.shows(/^index +1$[^]*^value +test$/m);
  await terminal.shows(idle(/node 0 \w+er {2}node 1 \w+er {2}node 2 \w+er {2}term \d+ {2}1 log/));
  terminal.type('kill 0');
  await terminal.shows(/node 0 was killed by SIGKILL, the others go on\n/);
  await terminal.shows(idle(/node 0 stopped {2}node 1 \w+er {2}node 2 \w+er {2}term \d+ {2}1 log/));
  terminal.type('add_log lost test');
  await terminal.shows(/NODE_UNREACHABLE: the node of this prompt does not answer/);
  terminal.type('use 1');
  terminal.type('add_log after failover');
  await terminal.shows(/^index +2$[^]*^value +failover$/m);
  terminal.press('-l', 'add_log being typed');
  await terminal.shows(/\nenter command > add_log being typed\nnode 0 stopped .* {2}2 logs$/);
  terminal.press('C-c');
  terminal.type('start 0');
  terminal.type('use 0');
  // Typed while the node still starts: it waits for it.
  terminal.type('info');
  await terminal.shows(/^node +0 \((follower|candidate)\)$/m);
  await terminal.shows(idle(/node 0 follower {2}node 1 \w+er {2}node 2 \w+er {2}term \d+ {2}2 logs/));
  terminal.type('list 1');
  await terminal.shows(/1 {2}\S+ \S+ {2}super {2}test\n2 {2}\S+ \S+ {2}after {2}failover/);
  expect(terminal.screen.match(/ {2}term \d+/g)).toHaveLength(1);
  terminal.type('exit');
  await terminal.shows(/\nenter command > exit\nended with 0$/);
  for (const offset of [0, 1, 2]) expect(await isFree(terminal.port + offset)).toBe(true);
});

it('at 40 columns the status line takes one row, under lines, lists and history; Ctrl-C twice leaves nothing', async () => {
  terminal = await Terminal.open(40, 'NO_COLOR=1');
  const status = /0 \w+er 1 \w+er 2 \w+er term \d+/;
  await terminal.shows(idle(status));
  expect(terminal.colored).not.toContain('\x1b[');
  const rows = ['add_log key a long line ', 'that goes over three rows of a terminal ', 'as narrow'];
  const long = new RegExp(
    `\nenter command > ${rows.map((row) => row.trimEnd()).join('\n')}\n${status.source}$`,
  );
  terminal.press('-l', rows.join(''));
  await terminal.shows(long);
  terminal.press('Enter');
  await terminal.shows(/^index +1$/m);
  terminal.press('Up');
  await terminal.shows(long);
  terminal.press('C-c');
  await terminal.shows(idle(status));
  terminal.press('-l', 'get_');
  terminal.press('Tab');
  await terminal.shows(new RegExp(`\nenter command > get_log\n${status.source}$`));
  terminal.type('1');
  // The second time: the first is the add's answer.
  await terminal.shows(/(?:^value +a long line that goes over th$[^]*){2}/m);
  await terminal.shows(idle(status));
  terminal.press('C-c');
  terminal.press('C-c');
  await terminal.shows(/\nCtrl-C again, Ctrl-D or exit stops the\nnode\nended with 0$/);
  expect(terminal.screen).not.toMatch(status);
});

it('SIGTERM leaves nothing of it', async () => {
  terminal = await Terminal.open(80);
  await terminal.shows(
    idle(/(?=.*leader)node 0 \w+er {2}node 1 \w+er {2}node 2 \w+er {2}term \d+ {2}0 logs/),
  );
  expect(terminal.colored).toContain('\x1b[36mnode');
  process.kill(terminal.pid, 'SIGTERM');
  await terminal.shows(/\nended with 0$/);
  expect(terminal.screen).not.toContain('follower');
});

it('a terminal whose cursor cannot be moved has none', async () => {
  terminal = await Terminal.open(80, 'TERM=dumb');
  await terminal.showsNotice(/node \d leads, term \d+\n/);
  terminal.type('get_log 1');
  await terminal.shows(/^NOT_FOUND/m);
  expect(terminal.screen).not.toContain('follower');
});
