import { z } from 'zod';
import { encodeEntries } from '../../entry/entryFrames';
import { RequestError } from '../../errors';
import type { CommittedLog } from '../../api';
import { entryHash } from '../../entry/Entry';
import { encodePoint, HASH_BYTES, IDENTITY_BYTES, POINT_BYTES } from '../../entry/LogPoint';
import type { Command } from './CommandTable';

/** The names of the two commands, and the word after the first for a head that no quorum has confirmed. */
export const HEAD = 'backup_head';
export const PAGE = 'backup_page';
export const UNCONFIRMED = 'unconfirmed';

const hexOf = (bytes: number): z.ZodString => z.string().regex(new RegExp(`^[0-9a-f]{${2 * bytes}}$`));
/** What they answer. */
export const headSchema = z.strictObject({
  entries: z.int().positive(),
  logs: z.int().nonnegative(),
  clusterId: hexOf(32),
  headHash: hexOf(HASH_BYTES),
  /** What {@link encodePoint} makes, hex. */
  floor: hexOf(POINT_BYTES),
  identity: hexOf(IDENTITY_BYTES).nullable(),
});
export const pageSchema = z.strictObject({ entries: z.string() });

/** The commands that `npm run backup` asks a node for at its socket; no prompt has them, and help does not show them. */
export function backupCommands(log: CommittedLog, clusterId: string): readonly Command[] {
  const head = {
    name: HEAD,
    parse: parseConfirmed,
    run: async (_context, confirmed) => {
      const range = await log.head(confirmed);
      if (range === null)
        throw new RequestError(
          'NOT_FOUND',
          'this node holds nothing of which it knows that it is committed: there is nothing to back up',
        );
      const { floor, last, identity } = range;
      return {
        entries: last.index - floor.index,
        logs: last.logNumber - floor.logNumber,
        clusterId,
        headHash: entryHash(last).toString('hex'),
        floor: encodePoint(floor).toString('hex'),
        identity,
      };
    },
    ...internal(`${HEAD} [${UNCONFIRMED}]`),
  } satisfies Command<boolean, z.infer<typeof headSchema>>;
  const page = {
    name: PAGE,
    parse: parsePosition,
    run: async (_context, from) => ({ entries: encodeEntries(await log.read(from)).toString('base64') }),
    ...internal(`${PAGE} FROM`),
  } satisfies Command<number, z.infer<typeof pageSchema>>;
  return [head, page];
}

function internal(usage: string): Pick<Command, 'usage' | 'summary' | 'effect' | 'internal' | 'render'> {
  const render = (result: unknown): string => JSON.stringify(result);
  return { usage, summary: 'for mokka-cluster backup', effect: 'read', internal: true, render };
}

function parseConfirmed(text: string): boolean {
  if (text === '') return true;
  if (text === UNCONFIRMED) return false;
  throw new RequestError('BAD_ARGUMENT', `${HEAD} takes nothing or ${UNCONFIRMED}`);
}

function parsePosition(text: string): number {
  const position = /^[1-9]\d{0,14}$/.test(text) ? Number(text) : NaN;
  if (Number.isSafeInteger(position)) return position;
  throw new RequestError('BAD_ARGUMENT', `${PAGE} needs a position, a plain whole number from 1`);
}
