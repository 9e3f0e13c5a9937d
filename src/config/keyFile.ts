import type { Stats } from 'node:fs';
import { z } from 'zod';
import { StartError } from '../errors';
import { escapeControls } from '../escapeControls';
import { keyPairFromSecret, type NodeKeys } from './keyPair';
import { parseJson, readTextFile, type Refuse } from './textFile';

/** Read and write for the owner alone. */
export const KEY_FILE_MODE = 0o600;

const GROUP_AND_OTHERS = 0o077;

const keyFileSchema = z.strictObject({ secretKey: z.string() });

/** Name of a node's key file, beside its cluster.json. */
export function keyFileName(index: number): string {
  return `node-${index}.key`;
}

/** Text of a key file. */
export function formatKeyFile(keys: NodeKeys): string {
  return `${JSON.stringify({ secretKey: keys.secretKey })}\n`;
}

/**
 * Reads a node's key file: `{"secretKey": "…"}`, or the bare hex digits.
 *
 * @throws StartError BAD_KEY, without the secret, when the file is not the owner's alone (but for Windows, which has
 * no such modes) or holds no secret.
 */
export function readKeyFile(path: string): NodeKeys {
  const name = `key file ${JSON.stringify(path)}`;
  const refuse: Refuse = (reason) => new StartError('BAD_KEY', escapeControls(`${name} ${reason}`));
  const text = readTextFile(path, refuse, (stats) => {
    requireOwnersAlone(path, stats, refuse);
  }).trim();
  const secretKey = text.startsWith('{') ? secretOf(parseJson(text, refuse), refuse) : text;
  try {
    return keyPairFromSecret(secretKey);
  } catch (thrown) {
    throw thrown instanceof StartError ? refuse(`is not usable: ${thrown.message}`) : thrown;
  }
}

/** @throws what `refuse` makes when the file is not its owner's alone; never on Windows, which has no such modes. */
export function requireOwnersAlone(path: string, { mode }: Stats, refuse: Refuse): void {
  if (process.platform === 'win32' || (mode & GROUP_AND_OTHERS) === 0) return;
  const octal = (mode & 0o777).toString(8).padStart(4, '0');
  throw refuse(`is open to other users (mode ${octal}): run  chmod 600 ${shellQuote(path)}`);
}

function secretOf(content: unknown, refuse: Refuse): string {
  const parsed = keyFileSchema.safeParse(content);
  if (!parsed.success) throw refuse('must hold {"secretKey": "…"} and no other field');
  return parsed.data.secretKey;
}

function shellQuote(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`;
}
