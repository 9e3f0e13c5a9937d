import type { Readable, Writable } from 'node:stream';
import { answerJson } from './answerJson';
import { AnswerWriter } from '../answers/AnswerWriter';
import { CommandLoad } from '../answers/CommandLoad';
import type { Turns } from '../answers/Turns';
import { CommandQueue } from './CommandQueue';
import type { CommandContext } from '../commands/CommandTable';
import { LineReader } from '../../lines/LineReader';
import type { Prompt, PromptEnd } from './Prompt';

/** What a pipe's prompt reads, writes and reports to. */
export interface PipeEnvironment {
  readonly input: Readable;
  readonly output: Writable;
  /** Told of errors that are answered as INTERNAL. */
  readonly unexpected: (error: Error) => void;
}

/** In this order, except that each may come first. From 'stopped' on no line is taken any more. */
type State =
  /** Lines come. */
  | 'reading'
  /** No more come; those that came are still taken. */
  | 'input-ended'
  /** The process stops: lines that came and were not taken are dropped. */
  | 'stopped'
  /** The same, since nobody reads the answers. */
  | 'output-closed';

/**
 * The prompt where stdin is not a terminal: each line gives exactly one line of JSON, in the order of the lines.
 * Input is paused while there is no room for more commands or the reader of the output is slow. When nobody reads
 * the output any more, no more lines are taken: the node goes on as a service.
 */
export class PipePrompt implements Prompt {
  readonly ended: Promise<PromptEnd>;
  private readonly input: Readable;
  private readonly reader = new LineReader();
  private readonly queue: CommandQueue;
  private readonly turns: Turns;
  private readonly writer: AnswerWriter;
  private resolveEnded: (end: PromptEnd) => void = () => undefined;
  private state: State = 'reading';
  private pumpScheduled = false;

  constructor(context: CommandContext, { input, output, unexpected }: PipeEnvironment) {
    this.ended = new Promise((resolve) => (this.resolveEnded = resolve));
    this.input = input;
    const { load = new CommandLoad() } = context;
    this.turns = load.turns;
    this.writer = new AnswerWriter(output, {
      turns: load.turns,
      onRoom: () => this.pumpSoon(),
      onClosed: () => this.takeNoMore('output-closed'),
    });
    this.queue = new CommandQueue(
      { ...context, load },
      {
        deliver: (answer) => this.writer.write(answerJson(answer)),
        mayDeliver: () => this.writer.hasRoom,
        progress: () => this.pumpSoon(),
        unexpected,
      },
    );
    input.on('data', (chunk: Buffer) => {
      this.reader.push(chunk);
      this.pump();
    });
    input.on('end', () => this.endInput());
    // A terminal that went away, or a stdin that is a directory: no more input either.
    input.on('error', () => this.endInput());
    input.on('close', () => this.endInput());
  }

  async stop(deadline: number): Promise<void> {
    this.takeNoMore('stopped');
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise((resolve) => (timer = setTimeout(resolve, deadline)));
    await Promise.race([this.ended, late]);
    clearTimeout(timer);
  }

  notify(): void {
    // Nothing but answers goes to stdout.
  }

  private endInput(): void {
    if (this.state !== 'reading') return;
    this.state = 'input-ended';
    this.reader.end();
    this.pump();
  }

  private takeNoMore(state: 'stopped' | 'output-closed'): void {
    if (this.state !== 'output-closed') this.state = state;
    this.input.destroy();
    this.pump();
  }

  /** Once a turn of the event loop at most: commands that are answered at once do not hold up the node. */
  private pumpSoon(): void {
    if (this.pumpScheduled) return;
    this.pumpScheduled = true;
    this.turns.soon(() => {
      this.pumpScheduled = false;
      this.pump();
    });
  }

  /** Runs the commands that were taken and takes more while there is room; without room the input is paused. */
  private pump(): void {
    this.queue.advance();
    const more = this.offerLines();
    if (this.queue.exited || (this.queue.idle && this.state !== 'reading' && !more)) void this.finish();
    else if (more) this.input.pause();
    else this.input.resume();
  }

  /** Returns whether there may be lines left in the reader. */
  private offerLines(): boolean {
    while (this.state === 'reading' || this.state === 'input-ended') {
      if (!this.queue.hasRoom || !this.writer.hasRoom) return true;
      if (this.turns.over) {
        this.pumpSoon();
        return true;
      }
      const line = this.reader.next();
      if (line === null) return false;
      this.queue.offer(line);
    }
    return false;
  }

  private async finish(): Promise<void> {
    await this.writer.flush();
    // Nothing is left to wait for the reader.
    this.queue.advance();
    if (this.queue.exited) this.resolveEnded('exit');
    else this.resolveEnded(this.state === 'output-closed' ? 'output-closed' : 'input-ended');
  }
}
