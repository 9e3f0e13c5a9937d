import { RequestError, toError } from '../errors';
import { COMMANDS_IN_FLIGHT_MAX, COMMAND_BYTES_IN_FLIGHT_MAX, VALUE_BYTES_MAX } from '../limits';
import {
  findCommand,
  shownName,
  splitLine,
  type Command,
  type CommandContext,
  type SplitLine,
} from './CommandTable';
import type { InputLine } from './LineReader';

/** The answer to one line. `command` is null when the line names none. */
export type Answer =
  | { readonly name: string; readonly command: Command; readonly result: unknown }
  | { readonly name: string; readonly command: Command | null; readonly error: RequestError };

/** What a queue needs around it. */
export interface QueueEnvironment {
  /** Takes each line's answer, in the order of the lines. */
  readonly deliver: (answer: Answer) => void;
  /** Called when a queue that had no room may have some, and when its last command is answered. */
  readonly progress: () => void;
  /** Told of errors that are none of RequestError's: a bug, answered as INTERNAL. */
  readonly unexpected: (error: Error) => void;
}

/** A line's place in the order of answers. */
interface Slot {
  readonly name: string;
  readonly bytes: number;
  answer: Answer | null;
}

/**
 * Runs the commands of one input and gives their answers in the order of the lines. Commands overlap as
 * {@link Command.effect} allows; one that may not start yet holds up those after it. After `exit` nothing is taken.
 */
export class CommandQueue {
  readonly #context: CommandContext;
  readonly #environment: QueueEnvironment;
  /** Lines without a delivered answer, oldest first. */
  readonly #slots: Slot[] = [];
  #bytes = 0;
  /** Commands that run, all of the effect of the last one. */
  #running = 0;
  #lastCommand: Command | null = null;
  #held: (() => void) | null = null;
  #exited = false;

  constructor(context: CommandContext, environment: QueueEnvironment) {
    this.#context = context;
    this.#environment = environment;
  }

  /** Whether a line may be offered now. */
  get hasRoom(): boolean {
    return (
      this.#held === null &&
      !this.#exited &&
      this.#slots.length < COMMANDS_IN_FLIGHT_MAX &&
      this.#bytes < COMMAND_BYTES_IN_FLIGHT_MAX
    );
  }

  /** Whether every line is answered. */
  get idle(): boolean {
    return this.#slots.length === 0;
  }

  /** Whether `exit` was answered. */
  get exited(): boolean {
    return this.#exited && this.idle;
  }

  /** Takes a line: only when there is room. An empty one is skipped. */
  offer(line: InputLine): void {
    const refused = typeof line !== 'string';
    const split = splitLine(refused ? line.head : line);
    if (refused) this.#refuse(split?.name ?? '', null, line.error);
    else if (split !== null) this.#dispatch(split);
  }

  #refuse(name: string, command: Command | null, error: RequestError): void {
    const shown = shownName(name);
    this.#slots.push({ name: shown, bytes: 0, answer: { name: shown, command, error } });
    this.#deliverReady();
  }

  #dispatch({ name, text }: SplitLine): void {
    let command: Command | null = null;
    let given: unknown;
    try {
      command = findCommand(name, this.#context.commands);
      given = command.parse(text);
    } catch (thrown) {
      this.#refuse(name, command, this.#requestError(thrown));
      return;
    }
    // A read's answer may be as large as a value.
    const bytes = command.effect === 'read' ? VALUE_BYTES_MAX : text.length;
    const slot: Slot = { name, bytes, answer: null };
    this.#slots.push(slot);
    this.#bytes += bytes;
    if (command.effect === 'exit') this.#exited = true;
    if (this.#mayStart(command)) this.#run(command, given, slot);
    else this.#hold(command, given, slot);
  }

  #mayStart(command: Command): boolean {
    if (this.#running === 0) return true;
    return command.effect !== 'exit' && command.effect === this.#lastCommand?.effect;
  }

  #hold(command: Command, given: unknown, slot: Slot): void {
    this.#held = () => this.#run(command, given, slot);
  }

  /** Not an async function, whose promises would cost more than the rest of it. */
  #run(command: Command, given: unknown, slot: Slot): void {
    const { name } = slot;
    this.#lastCommand = command;
    this.#running++;
    this.#start(command, given).then(
      (result) => this.#end(slot, { name, command, result }),
      (thrown: unknown) => this.#end(slot, { name, command, error: this.#requestError(thrown) }),
    );
  }

  #start(command: Command, given: unknown): Promise<unknown> {
    try {
      return command.run(this.#context, given);
    } catch (thrown) {
      return Promise.reject(toError(thrown));
    }
  }

  #end(slot: Slot, answer: Answer): void {
    slot.answer = answer;
    this.#running--;
    this.#deliverReady();
    if (this.#running === 0 && this.#held !== null) {
      const start = this.#held;
      this.#held = null;
      start();
    }
    this.#environment.progress();
  }

  #deliverReady(): void {
    for (let slot = this.#slots[0]; slot !== undefined && slot.answer !== null; slot = this.#slots[0]) {
      this.#slots.shift();
      this.#bytes -= slot.bytes;
      this.#environment.deliver(slot.answer);
    }
  }

  #requestError(thrown: unknown): RequestError {
    if (thrown instanceof RequestError) return thrown;
    const error = toError(thrown);
    this.#environment.unexpected(error);
    return new RequestError('INTERNAL', `unexpected error: ${error.message}`, { cause: error });
  }
}
