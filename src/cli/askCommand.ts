import { join } from 'node:path';
import type Logger from 'bunyan';
import type { CommandContext } from './commands/CommandTable';
import { PipePrompt } from './lines/PipePrompt';
import type { Prompt } from './lines/Prompt';
import { watchCatchUp } from './terminal/CatchUp';
import { PromptHistory } from './terminal/PromptHistory';
import { fitColumns, paint, wrap } from './render/render';
import type { Stderr } from './process/Stderr';
import { TerminalPrompt } from './terminal/TerminalPrompt';

/** What a prompt on this process's stdin and stdout needs. */
export interface AskOptions {
  /** The node's data directory, where a terminal keeps its history. */
  readonly dataDirectory: string;
  readonly logger: Logger;
  readonly stderr: Stderr;
  /** Told of errors that are answered as INTERNAL. */
  readonly unexpected: (error: Error) => void;
}

/** Listens to the user's commands: at a terminal for people, else as lines of JSON. */
export function askCommand(
  context: CommandContext,
  { dataDirectory, logger, stderr, unexpected }: AskOptions,
): Prompt {
  const { stdin, stdout } = process;
  if (!stdin.isTTY || !stdout.isTTY)
    return new PipePrompt(context, { input: stdin, output: stdout, unexpected });
  const history = new PromptHistory(join(dataDirectory, 'prompt_history'), (error) =>
    logger.warn({ event: 'history_failed', err: error }, `the prompt keeps no history: ${error.message}`),
  );
  const color = (process.env['NO_COLOR'] ?? '') === '' && stdout.hasColors();
  const prompt = new TerminalPrompt(context, { input: stdin, output: stdout, history, color, unexpected });
  if (stderr.stream.isTTY)
    stderr.writeAbove = (text) => prompt.writeAbove(stderr.stream, wrap(text, stdout.columns));
  const endWatch = watchCatchUp(context.node, (line) =>
    prompt.showStatus((style) => paint(fitColumns(line, style.columns - 1), 'yellow', style)),
  );
  void prompt.ended.then(endWatch);
  return prompt;
}
