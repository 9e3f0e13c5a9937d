import { clearScreenDown, createInterface, moveCursor, type Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { ClusterNode, NodeInfo } from '../../api';
import { LINE_BYTES_MAX } from '../../limits';
import { RequestError, toError } from '../../errors';
import { escapeControls } from '../../escapeControls';
import type { LogEntry } from '../../entry/Entry';
import { CommandQueue, type Answer } from '../lines/CommandQueue';
import type { CommandContext } from '../commands/CommandTable';
import { complete, RecentKeys } from './completion';
import { followLogs, sourceOf } from '../commands/logLists';
import { RefusedLine, type InputLine } from '../../lines/LineReader';
import type { Prompt, PromptEnd } from '../lines/Prompt';
import type { PromptHistory } from './PromptHistory';
import { paint, renderError, wrap, type Style } from '../render/render';
import { renderLogs } from '../render/renderTables';
import { InterruptibleNode } from '../commands/InterruptibleNode';
import { interceptKeys, repairPaste, rowsAboveCursor, rowsBelowCursor, type Key } from './readlineInternals';
import { StatusTerminal, type CursorPlace, type TerminalOutput } from './StatusTerminal';

const PROMPT = 'enter command > ';

/** How often the terminal looks who leads, ms. */
const LEADER_LOOK_MS = 250;

/** After a stop by Ctrl-Z the terminal is taken back so soon, ms of the process's time: it must have stopped by then. */
const TAKE_BACK_MS = 50;

/** What a terminal's prompt reads, writes and reports to. */
export interface TerminalEnvironment {
  readonly input: Readable & { setRawMode?(raw: boolean): unknown };
  readonly output: TerminalOutput;
  readonly history: PromptHistory;
  /** Whether colours are wanted. */
  readonly color: boolean;
  /** Told of errors that are answered as INTERNAL. */
  readonly unexpected: (error: Error) => void;
  /** What the node tells of itself now, null when it does not answer: who leads is taken from it. Its `info` if left out. */
  readonly look?: () => NodeInfo | null;
  /** Stops the job that runs in the terminal, until the shell continues it. By SIGTSTP if left out. */
  readonly stopJob?: () => void;
}

type State =
  /** A line can be typed. */
  | { readonly is: 'typing' }
  /** The same, and the last key was a Ctrl-C: a second one stops the node. */
  | { readonly is: 'interrupted' }
  /** Logs are shown as they come, until a key is pressed. */
  | { readonly is: 'following'; readonly end: AbortController }
  /** No line can be typed any more; the lines that were are still run, and `exit` after them. */
  | { readonly is: 'closing' }
  /** No line is run any more; those that were begun are answered. */
  | { readonly is: 'stopped' };

/**
 * The prompt for people. Answers, notices and log records are written above the line being typed, which is then drawn
 * again, so that it is always the last one; only a status line may stand below it. Ctrl-C ends the wait for adds, or
 * clears the line; twice, or Ctrl-D on an empty line, is `exit`. Ctrl-Z stops the job.
 */
export class TerminalPrompt implements Prompt {
  readonly ended: Promise<PromptEnd>;
  private readonly environment: TerminalEnvironment;
  private readonly terminal: StatusTerminal;
  private readonly interface: Interface;
  private readonly node: ClusterNode;
  private readonly adds: InterruptibleNode;
  private readonly queue: CommandQueue;
  private readonly keys = new RecentKeys();
  /** Lines that wait for room in the queue: a paste of many. */
  private readonly lines: InputLine[] = [];
  private readonly leaderLook: NodeJS.Timeout;
  private resolveEnded: (end: PromptEnd) => void = () => undefined;
  private leader: string | null = null;
  private state: State = { is: 'typing' };

  constructor(context: CommandContext, environment: TerminalEnvironment) {
    this.ended = new Promise((resolve) => (this.resolveEnded = resolve));
    this.environment = environment;
    this.node = context.node;
    const tell = (text: string): void => this.notify(text);
    this.adds = new InterruptibleNode(context.node, () => this.info(), tell);
    this.queue = new CommandQueue(
      { ...context, node: this.adds },
      {
        deliver: (answer) => this.show(answer),
        progress: () => this.pump(),
        unexpected: environment.unexpected,
      },
    );
    this.terminal = new StatusTerminal(environment.output, () => this.cursorPlace());
    const history = environment.history.load();
    for (const line of [...history].reverse()) this.keys.note(line);
    this.interface = createInterface({
      input: environment.input,
      output: this.terminal,
      terminal: true,
      prompt: PROMPT,
      history,
      removeHistoryDuplicates: true,
      completer: (line: string) => complete(line, this.keys, context.commands),
    });
    interceptKeys(this.interface, (key) => this.endsFollowing(key));
    this.listen();
    this.leaderLook = setInterval(() => void this.lookForLeader(), LEADER_LOOK_MS).unref();
    this.interface.prompt();
  }

  async stop(deadline: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise((resolve) => (timer = setTimeout(resolve, deadline)));
    this.takeNoMore();
    await Promise.race([this.ended, late]);
    clearTimeout(timer);
  }

  notify(text: string): void {
    this.write(paint(wrap(text, this.style.columns), 'cyan', this.style));
  }

  /** Shows in the status line what `render` gives, until the prompt ends. */
  showStatus(render: (style: Style) => string): void {
    if (this.open) this.terminal.showStatus((columns) => render({ ...this.style, columns }));
  }

  /** Writes lines (to stdout or stderr, the same terminal) above the line being typed. */
  writeAbove(stream: Writable, text: string): void {
    if (!this.open) {
      stream.write(`${text}\n`);
      return;
    }
    this.eraseLine();
    // readline goes up so many rows before it draws the line: what was written must stand above them.
    stream.write(`${text}\n${'\n'.repeat(rowsAboveCursor(this.interface))}`);
    this.interface.prompt(true);
  }

  private write(text: string): void {
    this.writeAbove(this.terminal, text);
  }

  private listen(): void {
    const { input, history } = this.environment;
    this.interface.on('line', (line) => {
      this.keys.note(line);
      if (line.trim() !== '') history.add(line);
      this.lines.push(checkLength(line));
      this.interface.prompt();
      this.pump();
    });
    this.interface.on('SIGINT', () => this.interrupt());
    this.interface.on('SIGTSTP', () => this.suspend());
    this.interface.on('close', () => this.onClose());
    input.prependListener('keypress', (_text, key?: Key) => repairPaste(this.interface, key));
    input.on('keypress', (_text, key?: Key) => {
      const isCtrlC = key?.name === 'c' && key.ctrl === true;
      if (this.state.is === 'interrupted' && !isCtrlC) this.enter({ is: 'typing' });
    });
    // The terminal went away. readline emits the error of its input once more itself.
    input.on('error', () => undefined);
    this.interface.on('error', () => this.interface.close());
    this.environment.output.on('error', () => this.interface.close());
  }

  /** Whether a line can be typed. */
  private get open(): boolean {
    return this.state.is !== 'closing' && this.state.is !== 'stopped';
  }

  private enter(state: State): void {
    if (this.state.is === 'following') this.state.end.abort();
    this.state = state;
  }

  private pump(): void {
    this.queue.advance();
    while (this.state.is !== 'stopped' && this.queue.hasRoom) {
      const line = this.lines.shift();
      if (line === undefined) break;
      this.queue.offer(line);
    }
    if (this.queue.exited && this.state.is !== 'stopped') this.takeNoMore();
    if (this.state.is === 'stopped' && this.queue.idle) this.resolveEnded('exit');
    if (this.open && this.lines.length > 0) this.interface.pause();
    else if (this.open) this.interface.resume();
  }

  private show(answer: Answer): void {
    const style = this.style;
    const text =
      'result' in answer ? answer.command.render(answer.result, style) : renderError(answer.error, style);
    if (text !== '') this.write(text);
    if (!('result' in answer)) return;
    const { command, result } = answer;
    const note = command.note?.(result) ?? null;
    if (note !== null) this.notify(note);
    if (command.follow !== undefined) void this.follow(command.follow(result));
  }

  /** Shows logs as they are committed, until a key is pressed. Not where a key was already: a line is begun or waits. */
  private async follow(from: number): Promise<void> {
    if (!this.open || !this.queue.idle || this.lines.length > 0 || this.interface.line !== '') return;
    const following: State = { is: 'following', end: new AbortController() };
    this.enter(following);
    this.notify('more logs follow here as they come; press any key to end this');
    const show = (logs: readonly LogEntry[]): void => this.write(renderLogs(logs, this.style));
    try {
      await followLogs(sourceOf(this.node), from, show, following.end.signal);
    } catch (thrown) {
      this.notify(escapeControls(`no more logs are shown: ${toError(thrown).message}`));
    }
    if (this.state === following) this.enter({ is: 'typing' });
  }

  /** Any key ends it and is not typed; only Ctrl-Z stops the job as always, and the logs go on when it does. */
  private endsFollowing(key: Key | undefined): boolean {
    const isCtrlZ = key?.name === 'z' && key.ctrl === true;
    if (this.state.is !== 'following' || isCtrlZ) return false;
    this.enter({ is: 'typing' });
    return true;
  }

  private interrupt(): void {
    // The Ctrl-C that ends a wait ends nothing else.
    if (this.adds.interrupt()) return;
    if (this.state.is === 'interrupted') {
      this.takeNoMore();
      return;
    }
    this.enter({ is: 'interrupted' });
    this.interface.write(null, { ctrl: true, name: 'e' });
    this.interface.write(null, { ctrl: true, name: 'u' });
    this.notify('Ctrl-C again, Ctrl-D or exit stops the node');
  }

  /**
   * Stops all processes of the job, npm included. readline would stop this one alone; the shell, which waits for npm, would
   * not notice, and nobody could type.
   */
  private suspend(): void {
    const { input, stopJob = stopProcessGroup } = this.environment;
    this.eraseLine();
    input.setRawMode?.(false);
    stopJob();
    // Runs when the job goes on, or at once where the signal stopped nothing, since no shell controls jobs there.
    setTimeout(() => {
      if (!this.open) return;
      input.setRawMode?.(true);
      this.interface.prompt(true);
    }, TAKE_BACK_MS);
  }

  /** Called once: at the end of the input or by {@link takeNoMore}. The end of the input is as a last line `exit`. */
  private onClose(): void {
    if (this.open) this.enter({ is: 'closing' });
    clearInterval(this.leaderLook);
    this.terminal.hideStatus();
    // An empty prompt is taken away; a line being typed stays as it stands.
    if (this.interface.line === '') this.eraseLine();
    else this.terminal.write('\n');
    if (this.state.is === 'closing') this.lines.push('exit');
    this.pump();
  }

  private takeNoMore(): void {
    this.enter({ is: 'stopped' });
    this.lines.length = 0;
    this.interface.close();
    this.pump();
  }

  /** Clears the line being typed from the screen; the cursor is then where it started. */
  private eraseLine(): void {
    const { rows, cols } = this.interface.getCursorPos();
    moveCursor(this.terminal, -cols, -rows);
    clearScreenDown(this.terminal);
  }

  /** Where the cursor stands in the prompt and the line being typed. */
  private cursorPlace(): CursorPlace {
    return { rowsBelow: rowsBelowCursor(this.interface), column: this.interface.getCursorPos().cols };
  }

  private async lookForLeader(): Promise<void> {
    const info = await this.look();
    if (info === null) return;
    const text = info.leader === null ? 'no leader' : `node ${info.leader} leads, term ${info.currentTerm}`;
    if (text === this.leader || !this.open) return;
    const first = this.leader === null;
    this.leader = text;
    // Before the first election there is nothing to tell.
    if (!(first && info.leader === null)) this.notify(text);
  }

  private async look(): Promise<NodeInfo | null> {
    if (this.environment.look !== undefined) return this.environment.look();
    try {
      return await this.info();
    } catch {
      return null;
    }
  }

  private info(): Promise<NodeInfo> {
    return this.node.getDb().getState().getInfo();
  }

  private get style(): Style {
    return { columns: this.terminal.columns, color: this.environment.color };
  }
}

function stopProcessGroup(): void {
  process.kill(0, 'SIGTSTP');
}

function checkLength(line: string): InputLine {
  if (Buffer.byteLength(line) <= LINE_BYTES_MAX) return line;
  return new RefusedLine(
    line.slice(0, 64),
    new RequestError('TOO_LARGE', `the line is longer than ${LINE_BYTES_MAX} bytes; nothing of it was done`),
  );
}
