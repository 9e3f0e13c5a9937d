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
import { RefusedLine, type InputLine } from '../lines/LineReader';
import type { Prompt, PromptEnd } from '../lines/Prompt';
import type { PromptHistory } from './PromptHistory';
import { paint, renderError, wrap, type Style } from '../render/render';
import { renderLogs } from '../render/renderTables';
import { InterruptibleNode } from '../commands/InterruptibleNode';
import { StatusTerminal, type CursorPlace, type TerminalOutput } from './StatusTerminal';

const PROMPT = 'enter command > ';

/** How often the terminal looks who leads, ms. */
const LEADER_LOOK_MS = 250;

/** After a stop by Ctrl-Z the terminal is taken back so soon, ms of the process's time: it must have stopped by then. */
const TAKE_BACK_MS = 50;

/** How readline takes a key and puts text at the cursor. */
interface TypedKeys {
  _ttyWrite?: (text: string | undefined, key?: { name?: string; ctrl?: boolean }) => void;
  _insertString?: (text: string) => void;
}

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

/**
 * The prompt for people. The line being typed always stands below everything else: answers, notices and log records
 * are written above it, and it is drawn again. A status line may stand below it. Ctrl-C ends the wait for adds, or clears
 * the line; twice, or Ctrl-D on an empty line, is `exit`. Ctrl-Z stops the job.
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
  private interrupted = false;
  /** Ends the `tail` that follows, when there is one. */
  private following: AbortController | null = null;
  /** Whether a line can be typed: until `exit`, Ctrl-D or the end of the terminal. */
  private open = true;
  /** Whether lines are taken into the queue. */
  private taking = true;

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
    this.takeKeys();
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
    // Before it draws the line again, readline goes up as many rows as it did not know to be erased.
    const rows = 'prevRows' in this.interface ? Number(this.interface.prevRows) : 0;
    stream.write(`${text}\n${'\n'.repeat(rows)}`);
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
    input.prependListener('keypress', (_text, key?: { name?: string }) => this.mendPaste(key?.name));
    input.on('keypress', (_text, key?: { name?: string; ctrl?: boolean }) => {
      if (key?.name !== 'c' || key.ctrl !== true) this.interrupted = false;
    });
    // A terminal that went away; readline repeats the error of its input.
    input.on('error', () => undefined);
    this.interface.on('error', () => this.interface.close());
    this.environment.output.on('error', () => this.interface.close());
  }

  private pump(): void {
    this.queue.advance();
    while (this.taking && this.queue.hasRoom) {
      const line = this.lines.shift();
      if (line === undefined) break;
      this.queue.offer(line);
    }
    if (this.queue.exited && this.taking) this.takeNoMore();
    if (!this.taking && this.queue.idle) this.resolveEnded('exit');
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

  /** Shows logs as they are committed, until a key is pressed. Not when one was: a line is typed or waits already. */
  private async follow(from: number): Promise<void> {
    if (!this.open || !this.queue.idle || this.lines.length > 0 || this.interface.line !== '') return;
    const following = new AbortController();
    this.following = following;
    this.notify('more logs follow here as they come; press any key to end this');
    const show = (logs: readonly LogEntry[]): void => this.write(renderLogs(logs, this.style));
    try {
      await followLogs(sourceOf(this.node), from, show, following.signal);
    } catch (thrown) {
      this.notify(escapeControls(`no more logs are shown: ${toError(thrown).message}`));
    }
    if (this.following === following) this.following = null;
  }

  private stopFollowing(): void {
    this.following?.abort();
    this.following = null;
  }

  /**
   * Stands between the terminal and readline's handling of a key, as node:repl does: the key that ends a `tail` is not
   * typed, and a separator of lines in a paste is a character like others (HAZARDS, readline 2).
   */
  private takeKeys(): void {
    const readline: TypedKeys & Interface = this.interface;
    const take = readline._ttyWrite?.bind(readline);
    const insert = readline._insertString?.bind(readline);
    if (take === undefined || insert === undefined) return;
    readline._ttyWrite = (text, key) => {
      const suspends = key?.ctrl === true && key.name === 'z';
      if (this.following !== null && !suspends) this.stopFollowing();
      else if (text === '\u2028' || text === '\u2029') insert(text);
      else take(text, key);
    };
  }

  /**
   * Called before readline takes a key. Of keys that come at once it takes all but the last as text of a paste, which
   * it puts at the line's end, wherever the cursor is, and without a note of the rows that it fills: all that it draws
   * after that would be too low.
   */
  private mendPaste(key: string | undefined): void {
    const readline: { isCompletionEnabled?: boolean; prevRows?: number } & Interface = this.interface;
    const inside = readline.cursor < readline.line.length;
    // A tab of a paste stays one, and completes nothing.
    if (inside && key !== 'tab') readline.isCompletionEnabled = true;
    const { rows, cols } = readline.getCursorPos();
    // A terminal whose row was just filled is still in it.
    if (readline.isCompletionEnabled === true && readline.prevRows !== rows)
      readline.prevRows = cols === 0 ? rows - 1 : rows;
  }

  private interrupt(): void {
    // The Ctrl-C that ends a wait ends nothing else.
    if (this.adds.interrupt()) return;
    if (this.interrupted) {
      this.takeNoMore();
      return;
    }
    this.interrupted = true;
    this.interface.write(null, { ctrl: true, name: 'e' });
    this.interface.write(null, { ctrl: true, name: 'u' });
    this.notify('Ctrl-C again, Ctrl-D or exit stops the node');
  }

  /** readline would stop this process alone: npm, which the shell waits for, would go on, and nobody could type. */
  private suspend(): void {
    const { input, stopJob = stopProcessGroup } = this.environment;
    this.eraseLine();
    input.setRawMode?.(false);
    stopJob();
    // Where no shell controls jobs, the signal stops nothing.
    setTimeout(() => {
      if (!this.open) return;
      input.setRawMode?.(true);
      this.interface.prompt(true);
    }, TAKE_BACK_MS);
  }

  /** The input has ended, here or by Ctrl-D: as if `exit` were the last line. */
  private onClose(): void {
    if (!this.open) return;
    this.open = false;
    this.stopFollowing();
    clearInterval(this.leaderLook);
    this.terminal.hideStatus();
    // An empty prompt is taken away; a line being typed stays as it stands.
    if (this.interface.line === '') this.eraseLine();
    else this.terminal.write('\n');
    this.lines.push('exit');
    this.pump();
  }

  private takeNoMore(): void {
    this.taking = false;
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
    const { rows, cols } = this.interface.getCursorPos();
    const { cursor, line } = this.interface;
    // Only of the cursor's place does readline tell the row: it is put at the end for this question.
    Object.assign(this.interface, { cursor: line.length });
    const lastRow = this.interface.getCursorPos().rows;
    Object.assign(this.interface, { cursor });
    return { rowsBelow: lastRow - rows, column: cols };
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
