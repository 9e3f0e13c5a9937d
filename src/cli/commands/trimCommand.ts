import type { Trimmed } from '../../api';
import { RequestError } from '../../errors';
import type { Command } from './CommandTable';
import { wholeNumber } from './wholeNumber';

const USAGE = 'trim INDEX --yes';

/** Lets the log forget its beginning. */
export const trim: Command<number, Trimmed> = {
  name: 'trim',
  usage: USAGE,
  summary: 'forget the logs up to this index, on every node, for ever',
  details:
    'The index of each later log stays as it is. Whoever asks for a forgotten one is told TRIMMED. Without --yes nothing is done but to say what would be.',
  effect: 'control',
  parse: parseTrim,
  run: ({ node }, index) => node.trim(index),
  render: ({ floor }) => `the log begins with ${floor + 1}`,
};

function parseTrim(text: string): number {
  const [, digits = '', yes] = /^ *([^ ]+)(?: +(--yes))? *$/.exec(text) ?? [];
  const index = wholeNumber(digits);
  if (index === null) throw new RequestError('BAD_ARGUMENT', `trim needs the index of a log: ${USAGE}`);
  if (yes === undefined)
    throw new RequestError(
      'BAD_ARGUMENT',
      `this would forget all logs up to ${index}, on every node and for ever; nothing was done: trim ${index} --yes does it`,
    );
  return index;
}
