import { createHash, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { requireOwnersAlone } from '../../config/keyFile';
import { parseJson, readTextFile, type Refuse } from '../../config/textFile';
import { StartError } from '../../errors';
import { escapeControls } from '../../escapeControls';
import { TOKENS_MAX } from '../../httpLimits';
import { SCOPES, type Scope } from './scopes';

/** A token as a file holds it: whoever reads the file cannot use it. */
export interface StoredToken {
  /** sha256 of the token, 64 hex digits. */
  readonly sha256: string;
  readonly scopes: readonly Scope[];
  /** What it is for, in its maker's words. */
  readonly name?: string | undefined;
}

/** Bytes of a token's secret. */
const TOKEN_BYTES = 32;

const fileSchema = z.strictObject({
  tokens: z
    .array(
      z.strictObject({
        sha256: z.string().regex(/^[0-9a-f]{64}$/),
        scopes: z.array(z.enum(SCOPES)).min(1),
        name: z.string().optional(),
      }),
    )
    .max(TOKENS_MAX),
});

/** A token of 256 bits, in the letters of base64url. */
export function drawToken(): string {
  return randomBytes(TOKEN_BYTES).toString('base64url');
}

/** Its sha256. */
export function hashToken(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

/** Text of a file of tokens. */
export function formatTokenFile(tokens: readonly StoredToken[]): string {
  return `${JSON.stringify({ tokens }, null, 2)}\n`;
}

/**
 * Reads a file of tokens.
 *
 * @throws StartError BAD_KEY when it does not exist, is open to other users, or is none.
 */
export function readTokenFile(path: string): readonly StoredToken[] {
  const name = `token file ${JSON.stringify(path)}`;
  const refuse: Refuse = (reason) => new StartError('BAD_KEY', escapeControls(`${name} ${reason}`));
  const text = readTextFile(path, refuse, (stats) => requireOwnersAlone(path, stats, refuse));
  const parsed = fileSchema.safeParse(parseJson(text, refuse));
  if (!parsed.success)
    throw refuse(
      `must hold {"tokens": [{"sha256": 64 hex digits, "scopes": some of ${SCOPES.join(', ')}, "name"?: text}]} with at most ${TOKENS_MAX} of them, as mokka-cluster token create writes it`,
    );
  return parsed.data.tokens;
}
