import { execFileSync, spawnSync } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import type { Workspace } from './Workspace';

/** Wide enough that no line of the README's is shortened. */
const COLUMNS = 110;
const ROWS = 50;

/** Lines above the screen that are kept. */
const HISTORY_LINES = 2000;

/** What a node or npm would take from the environment that this runs in. */
const NODE_VARIABLES = [
  'INDEX',
  'DATA_DIR',
  'START_PORT',
  'CLUSTER_CONFIG',
  'NODE_KEY_FILE',
  'LOG_LEVEL',
  'HTTP_PORT',
  'NO_COLOR',
  'npm_config_loglevel',
];

const SHELL_PROMPT = '$';
const NODE_PROMPT = 'enter command >';

/** How long one command may take, ms: many may run on a slow machine. */
const COMMAND_MS_MAX = 120_000;
const LOOK_MS = 50;

/** Whether terminals can be had. */
export function hasTerminals(): boolean {
  return spawnSync('tmux', ['-V']).status === 0;
}

/** A shell in a real terminal (tmux's), into which commands are typed as a person types them. */
export class Terminal {
  private constructor(
    private readonly workspace: Workspace,
    private readonly name: string,
  ) {}

  /** Opens one with a shell in the workspace's directory; its environment has `env` too. */
  static async open(
    workspace: Workspace,
    name: string,
    env: Readonly<Record<string, string>> = {},
  ): Promise<Terminal> {
    const terminal = new Terminal(workspace, name);
    const unset = NODE_VARIABLES.map((variable) => `-u ${variable}`);
    const set = Object.entries(env).map(([variable, value]) => `${variable}=${value}`);
    const shell = ['exec env', ...unset, ...set, `PS1='${SHELL_PROMPT} '`, 'sh -i'].join(' ');
    const size = ['-x', String(COLUMNS), '-y', String(ROWS)];
    terminal.tmux('new-session', '-d', '-s', name, ...size, '-c', workspace.directory, shell);
    terminal.tmux('set-option', '-t', name, 'status', 'off');
    await terminal.shows(/^\$$/m);
    return terminal;
  }

  /** Types a line. */
  type(line: string): void {
    this.tmux('send-keys', '-t', this.name, '-l', line);
    this.tmux('send-keys', '-t', this.name, 'Enter');
  }

  /** Waits until the screen shows this. @throws Error with the screen, when it does not in time. */
  async shows(text: RegExp): Promise<RegExpExecArray> {
    const end = performance.now() + COMMAND_MS_MAX;
    for (;;) {
      const screen = this.screen();
      const found = text.exec(screen);
      if (found !== null) return found;
      if (performance.now() > end) throw new Error(`no ${String(text)} in ${COMMAND_MS_MAX} ms:\n${screen}`);
      await pause(LOOK_MS);
    }
  }

  /** Types a command at the shell and waits until its prompt is there again. */
  async run(command: string): Promise<void> {
    const before = this.screen().split('\n').filter(isShellLine).length;
    this.type(command);
    const end = performance.now() + COMMAND_MS_MAX;
    for (;;) {
      const lines = this.screen().split('\n');
      if (lines.at(-1) === SHELL_PROMPT && lines.filter(isShellLine).length > before) return;
      if (performance.now() > end) throw new Error(`${command} takes too long:\n${this.screen()}`);
      await pause(LOOK_MS);
    }
  }

  /** Types a command at a node's prompt, and waits until its answer stands below, and `status` under the next prompt. */
  async ask(command: string, answer: RegExp, status?: RegExp): Promise<void> {
    this.type(command);
    const end = status === undefined ? '' : `\n${status.source}`;
    await this.shows(
      new RegExp(`${NODE_PROMPT} ${command}\n(?:.*\n)*?${answer.source}\n(?:.*\n)*${NODE_PROMPT}${end}$`),
    );
  }

  /** All that was typed and shown, without the prompt at its end. */
  transcript(): string {
    const lines = this.screen().split('\n');
    const prompts: readonly (string | undefined)[] = [SHELL_PROMPT, NODE_PROMPT];
    while (prompts.includes(lines.at(-1)) || lines.at(-1) === '') lines.pop();
    return this.workspace.shown(lines.join('\n'));
  }

  /** Ends all terminals of a workspace, and what runs in them. */
  static closeAll(workspace: Workspace): void {
    spawnSync('tmux', ['-S', workspace.tmuxSocket, 'kill-server']);
  }

  private screen(): string {
    const text = this.tmux('capture-pane', '-p', '-J', '-t', this.name, '-S', `-${HISTORY_LINES}`);
    return text.replace(/[ \t]+$/gm, '').trimEnd();
  }

  private tmux(...given: string[]): string {
    const command = ['-f', '/dev/null', '-S', this.workspace.tmuxSocket, ...given];
    return execFileSync('tmux', command, { encoding: 'utf8' });
  }
}

function isShellLine(line: string): boolean {
  return line === SHELL_PROMPT || line.startsWith(`${SHELL_PROMPT} `);
}
