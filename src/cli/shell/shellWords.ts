import { parseArgs } from 'node:util';
import { RequestError } from '../../errors';
import { storesItsWords } from '../commands/addWords';
import { parseOptions } from './parseOptions';

/** What a user asked `mokka-cluster` for. */
export interface OneShot {
  /** The node's number in DATA_DIR. */
  readonly node: number;
  readonly json: boolean;
  readonly follow: boolean;
  /** Where a `tail` that follows begins; null where its own logs come first. */
  readonly from: number | null;
  readonly help: boolean;
  /** The command's name and what follows it, each word as the shell gave it. */
  readonly words: readonly string[];
}

const OPTIONS = {
  node: { type: 'string' },
  json: { type: 'boolean' },
  follow: { type: 'boolean' },
  from: { type: 'string' },
  before: { type: 'string' },
  yes: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** The options that npm may have taken for itself. `yes` is one of npm's own, which may stand in its settings. */
export function optionNames(given: readonly string[]): readonly string[] {
  const lacksYes = given[placeOfCommand(given)] === 'trim' && !given.includes('--yes');
  return Object.keys(OPTIONS).filter((name) => name !== 'yes' || lacksYes);
}

/**
 * Takes the words of a command line apart. Options stand before the command; after it only where it is not one whose
 * words are stored as they are.
 *
 * @throws RequestError BAD_ARGUMENT
 */
export function parseOneShot(given: readonly string[], env: NodeJS.ProcessEnv): OneShot {
  const place = placeOfCommand(given);
  const stores = storesItsWords(given[place]);
  const { values, positionals } = parseOptions({
    args: stores ? given.slice(0, place) : given,
    options: OPTIONS,
    allowPositionals: true,
  });
  const before = values.before === undefined ? [] : ['--before', values.before];
  const yes = values.yes === true ? ['--yes'] : [];
  const words = stores ? given.slice(place) : [...positionals, ...before, ...yes];
  const { json = false, follow = false } = values;
  // A key without a value: nothing that could be stored.
  const help = values.help === true || (stores && words.length === 2 && words[1] === '--help');
  checkPlaces({ ...values, follow }, words);
  const from = values.from === undefined ? null : indexOf(values.from);
  return { node: nodeNumber(values.node ?? env['INDEX'] ?? '0'), json, follow, from, help, words };
}

/** Each of these options stands with one command. @throws RequestError BAD_ARGUMENT */
function checkPlaces(
  {
    follow,
    from,
    before,
    yes,
  }: { readonly follow: boolean; readonly from?: string; readonly before?: string; readonly yes?: boolean },
  words: readonly string[],
): void {
  if (follow && words[0] !== 'tail')
    throw new RequestError('BAD_ARGUMENT', 'only tail follows: tail [N] --follow');
  if (from !== undefined && (!follow || words.length > 1))
    throw new RequestError('BAD_ARGUMENT', '--from stands with tail --follow alone; else: list FROM [COUNT]');
  if (before !== undefined && words[0] !== 'history')
    throw new RequestError('BAD_ARGUMENT', '--before stands with history alone: history KEY --before INDEX');
  if (yes === true && words[0] !== 'trim')
    throw new RequestError('BAD_ARGUMENT', '--yes stands with trim alone: trim INDEX --yes');
}

/** The command's name in words that may be wrong, and whether they ask for JSON, to tell so. */
export function shapeOf(given: readonly string[]): { words: readonly string[]; json: boolean } {
  const place = placeOfCommand(given);
  const options = storesItsWords(given[place]) ? given.slice(0, place) : given;
  return { words: given.slice(place), json: options.includes('--json') };
}

/** The number of a node of this machine. @throws RequestError BAD_ARGUMENT */
export function nodeNumber(text: string): number {
  if (/^(0|[1-9]\d?)$/.test(text)) return Number(text);
  throw new RequestError('BAD_ARGUMENT', '--node (or INDEX) is a number of a node: 0, 1, …');
}

function placeOfCommand(given: readonly string[]): number {
  const { tokens } = parseArgs({
    args: [...given],
    options: OPTIONS,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  return tokens.find(({ kind }) => kind === 'positional')?.index ?? given.length;
}

function indexOf(text: string): number {
  const index = /^[1-9]\d{0,15}$/.test(text) ? Number(text) : NaN;
  if (Number.isSafeInteger(index)) return index;
  throw new RequestError('BAD_ARGUMENT', '--from is an index, a plain whole number from 1 to 2^53 - 1');
}
