import { z } from 'zod';
import type { BackupHead } from '../../backup/BackupHead';
import { encodeEntries } from '../../entry/entryFrames';
import { RequestError } from '../../errors';
import type { CommittedLog } from '../../api';
import { entryHash } from '../../entry/Entry';
import type { Command } from './CommandTable';

/** The names of the two commands, and the word after the first for a head that no quorum has confirmed. */
export const HEAD = 'backup_head';
export const PAGE = 'backup_page';
export const UNCONFIRMED = 'unconfirmed';

const hex32 = z.string().regex(/^[0-9a-f]{64}$/);
/** What they answer. */
export const headSchema = z.strictObject({
  entries: z.int().positive(),
  logs: z.int().nonnegative(),
  clusterId: hex32,
  headHash: hex32,
});
export const pageSchema = z.strictObject({ entries: z.string() });

/** The commands that `npm run backup` asks a node for at its socket; no prompt has them, and help does not show them. */
export function backupCommands(log: CommittedLog, clusterId: string): readonly Command[] {
  const head = {
    name: HEAD,
    parse: parseConfirmed,
    run: async (_context, confirmed) => {
      const last = await log.head(confirmed);
      if (last === null)
        throw new RequestError(
          'NOT_FOUND',
          'this node knows of no committed entry: there is nothing to back up',
        );
      const headHash = entryHash(last).toString('hex');
      return { entries: last.index, logs: last.logNumber, clusterId, headHash };
    },
    ...internal(`${HEAD} [${UNCONFIRMED}]`),
  } satisfies Command<boolean, BackupHead>;
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
