import { RequestError, toError } from '../../errors';
import { COMMANDS_IN_FLIGHT_MAX, READ_BYTES_RESERVED } from '../../limits';
import type { BudgetPart } from '../answers/AnswerBudget';
import { CommandLoad } from '../answers/CommandLoad';
import { heldBytes } from '../answers/heldBytes';
import {
  findCommand,
  shownName,
  splitLine,
  type Command,
  type CommandContext,
  type Effect,
  type SplitLine,
} from '../commands/CommandTable';
import type { InputLine } from '../../lines/LineReader';
import { LinesBefore, type OrderedLine } from './lineOrder';

/** The answer to one line. `command` is null when the line names none. */
export type Answer =
  | { readonly name: string; readonly command: Command; readonly result: unknown }
  | { readonly name: string; readonly command: Command | null; readonly error: RequestError };

/** What a queue needs around it. */
export interface QueueEnvironment {
  /** Takes each line's answer, in the order of the lines. */
  readonly deliver: (answer: Answer) => void;
  /** Whether an answer may be delivered now; while it may not, nothing is read. Always, where it is left out. */
  readonly mayDeliver?: () => boolean;
  /** Called when {@link CommandQueue.advance} may have something to do. */
  readonly progress: () => void;
  /** Told of errors that are none of RequestError's: a bug, answered as INTERNAL. */
  readonly unexpected: (error: Error) => void;
}

/** A line whose answer is not delivered. */
class Line implements OrderedLine {
  /** Bytes that it holds of the budget. */
  bytes = 0;
  started = false;
  answer: Answer | null = null;

  constructor(
    readonly name: string,
    /** Null where the line is no command: it is answered from the first. */
    readonly task: { readonly command: Command; readonly given: unknown; readonly length: number } | null,
  ) {}

  get effect(): Effect | null {
    return this.task?.command.effect ?? null;
  }

  get answered(): boolean {
    return this.answer !== null;
  }
}

/**
 * Runs the commands of one input and gives their answers in the order of the lines. The work does not wait for that
 * order: commands overlap as {@link Effect} allows. After `exit` nothing is taken.
 */
export class CommandQueue {
  private readonly load: CommandLoad;
  private readonly budget: BudgetPart;
  /** Oldest first, and what they are to the next one. */
  private readonly lines: Line[] = [];
  private readonly before = new LinesBefore();
  private unstarted = 0;
  /** Bytes of answers that were delivered, until more may be. */
  private deliveredBytes = 0;
  private lacksBytes = false;
  /** Whether `exit` was taken. */
  private exiting = false;

  constructor(
    private readonly context: CommandContext,
    private readonly environment: QueueEnvironment,
  ) {
    this.load = context.load ?? new CommandLoad();
    this.budget = this.load.budget.open(() => environment.progress());
  }

  /** Whether a line may be offered now. */
  get hasRoom(): boolean {
    return !this.exiting && !this.lacksBytes && this.lines.length < COMMANDS_IN_FLIGHT_MAX;
  }

  /** Whether every line is answered. */
  get idle(): boolean {
    return this.lines.length === 0;
  }

  /** Whether `exit` was answered. */
  get exited(): boolean {
    return this.exiting && this.idle;
  }

  /** Takes a line: only when there is room. An empty one is skipped. */
  offer(line: InputLine): void {
    const refused = typeof line !== 'string';
    const split = splitLine(refused ? line.head : line);
    if (refused) this.refuse(split?.name ?? '', null, line.error);
    else if (split !== null) this.dispatch(split);
  }

  /** Delivers the answers that may be, and starts the commands that may be. */
  advance(): void {
    this.deliverReady();
    this.startReady();
  }

  private refuse(name: string, command: Command | null, error: RequestError): void {
    const line = new Line(shownName(name), null);
    line.answer = { name: line.name, command, error };
    this.add(line);
    this.deliverReady();
  }

  private dispatch({ name, text }: SplitLine): void {
    let command: Command | null = null;
    let given: unknown;
    try {
      command = findCommand(name, this.context.commands);
      given = command.parse(text);
    } catch (thrown) {
      this.refuse(name, command, this.requestError(thrown));
      return;
    }
    const { effect } = command;
    const line = new Line(name, { command, given, length: text.length });
    if (effect === 'exit') this.exiting = true;
    this.unstarted++;
    const first = this.lines.length === 0;
    const mayStart = this.before.allow(effect);
    this.add(line);
    if (mayStart) this.start(line, first);
  }

  private add(line: Line): void {
    this.lines.push(line);
    this.before.count(line);
  }

  private startReady(): void {
    if (this.unstarted === 0) return;
    this.lacksBytes = false;
    const before = new LinesBefore();
    for (const [at, line] of this.lines.entries()) {
      const { effect, started } = line;
      if (effect !== null && !started && before.allow(effect) && !this.start(line, at === 0)) return;
      before.count(line);
    }
  }

  /** Returns false, with nothing done, when neither this line nor those after it may start now. */
  private start(line: Line, first: boolean): boolean {
    const { task } = line;
    if (task === null) return true;
    const { effect } = task.command;
    if (effect === 'read' || effect === 'look') {
      // Whoever does not read gets no more work done.
      if (this.environment.mayDeliver?.() === false) return false;
      if (this.load.turns.over) {
        this.load.turns.soon(() => this.environment.progress());
        return false;
      }
    }
    const bytes = effect === 'read' ? READ_BYTES_RESERVED : task.length;
    // All else may wait for the first line: it is not kept waiting itself.
    if (first) this.budget.take(bytes);
    else if (!this.budget.tryTake(bytes)) {
      this.lacksBytes = true;
      return false;
    }
    line.bytes = bytes;
    this.change(line, () => (line.started = true));
    this.unstarted--;
    this.run(line, task.command, task.given);
    return true;
  }

  /** Not an async function, whose promises would cost more than the rest of it. */
  private run(line: Line, command: Command, given: unknown): void {
    const { name } = line;
    this.resultOf(command, given).then(
      (result) => this.end(line, { name, command, result }),
      (thrown: unknown) => this.end(line, { name, command, error: this.requestError(thrown) }),
    );
  }

  private resultOf(command: Command, given: unknown): Promise<unknown> {
    try {
      return command.run(this.context, given);
    } catch (thrown) {
      return Promise.reject(toError(thrown));
    }
  }

  private end(line: Line, answer: Answer): void {
    this.change(line, () => (line.answer = answer));
    if (line.effect === 'read') {
      const reserved = line.bytes;
      line.bytes = Math.min(reserved, 'result' in answer ? heldBytes(answer.result) : 0);
      this.budget.give(reserved - line.bytes);
    }
    this.environment.progress();
  }

  private change(line: Line, change: () => void): void {
    this.before.count(line, -1);
    change();
    this.before.count(line);
  }

  private deliverReady(): void {
    const { deliver, mayDeliver = () => true } = this.environment;
    for (let line = this.lines[0]; line?.answer != null && mayDeliver(); line = this.lines[0]) {
      this.lines.shift();
      this.before.count(line, -1);
      this.deliveredBytes += line.bytes;
      deliver(line.answer);
    }
    if (this.deliveredBytes === 0 || !mayDeliver()) return;
    const bytes = this.deliveredBytes;
    this.deliveredBytes = 0;
    this.budget.give(bytes);
  }

  private requestError(thrown: unknown): RequestError {
    if (thrown instanceof RequestError) return thrown;
    const error = toError(thrown);
    this.environment.unexpected(error);
    return new RequestError('INTERNAL', `unexpected error: ${error.message}`, { cause: error });
  }
}
