import { linkSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { requireOwnersAlone } from '../../config/keyFile';
import type { Refuse } from '../../config/textFile';
import { StartError, toError } from '../../errors';
import { escapeControls } from '../../escapeControls';
import { drawToken } from './tokenFile';

/** A token: 256 bits in base64url. */
const TOKEN = /^[\w-]{43}$/;

/**
 * The token in a file of mode 0600, which whoever comes first makes: of those that start at once, all get the same. Its
 * directory must be there.
 *
 * @throws StartError BAD_KEY when the file is open to other users or holds something else; STORE_FAILED when it cannot be made.
 */
export function sharedToken(path: string): string {
  const refuse: Refuse = (reason) =>
    new StartError('BAD_KEY', escapeControls(`token file ${JSON.stringify(path)} ${reason}`));
  if (statSync(path, { throwIfNoEntry: false }) === undefined) makeToken(path);
  requireOwnersAlone(path, statSync(path), refuse);
  const token = readFileSync(path, 'utf8').trim();
  if (!TOKEN.test(token)) throw refuse('holds no token: remove it, and a start makes another');
  return token;
}

/** Whole or not at all: a link to a file that is written already; who comes second finds the first's. */
function makeToken(path: string): void {
  const temporary = `${path}.${process.pid}.new`;
  try {
    writeFileSync(temporary, `${drawToken()}\n`, { mode: 0o600, flush: true });
    linkSync(temporary, path);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'EEXIST') return;
    throw new StartError(
      'STORE_FAILED',
      escapeControls(`cannot make the token file ${JSON.stringify(path)}: ${toError(thrown).message}`),
      { cause: thrown },
    );
  } finally {
    rmSync(temporary, { force: true });
  }
}
