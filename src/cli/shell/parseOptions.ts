import { parseArgs, type ParseArgsConfig } from 'node:util';
import { RequestError, toError } from '../../errors';
import { nearestName } from '../commands/nearestName';

/** The options that a program has. */
type Options = NonNullable<ParseArgsConfig['options']>;

interface Settings<O extends Options> {
  readonly args: readonly string[];
  readonly options: O;
  /** Whether words may stand that are no options (default false). */
  readonly allowPositionals?: boolean;
}

type Parsed<O extends Options> = ReturnType<
  typeof parseArgs<{ args: string[]; options: O; allowPositionals: boolean; strict: true }>
>;

/**
 * node:util's parseArgs, strict, with its errors in one line each, and a guess at what a mistyped option was to be. An
 * option with a value may stand once: of two values nobody knows which is meant.
 *
 * @throws RequestError BAD_ARGUMENT
 */
export function parseOptions<const O extends Options>({
  args,
  options,
  allowPositionals = false,
}: Settings<O>): Parsed<O> {
  checkOptions(args, options);
  try {
    return parseArgs({ args: [...args], options, allowPositionals, strict: true });
  } catch (cause) {
    throw new RequestError('BAD_ARGUMENT', toError(cause).message.replaceAll('\n', ' '), { cause });
  }
}

function checkOptions(args: readonly string[], options: Options): void {
  const { tokens } = parseArgs({ args: [...args], options, strict: false, tokens: true });
  const withValue = new Set<string>();
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    if (Object.hasOwn(options, token.name)) {
      if (withValue.has(token.name))
        throw new RequestError('BAD_ARGUMENT', `--${token.name} is given twice: give it once`);
      if (options[token.name]?.type === 'string') withValue.add(token.name);
      continue;
    }
    const nearest = nearestOption(token.name, Object.keys(options));
    const advice = nearest === null ? '--help lists what there is' : `did you mean --${nearest}?`;
    throw new RequestError('BAD_ARGUMENT', `there is no option '${token.rawName}' here: ${advice}`);
  }
}

/** nearestName's names are written with underscores. */
function nearestOption(name: string, names: readonly string[]): string | null {
  const nearest = nearestName(
    name,
    names.map((each) => each.replaceAll('-', '_')),
  );
  return nearest?.replaceAll('_', '-') ?? null;
}
