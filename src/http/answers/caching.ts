import type { IncomingHttpHeaders } from 'node:http';
import type { JsonText } from './JsonText';
import { JSON_TYPE } from './mediaTypes';
import type { Answer } from './problemAnswer';

/** Of what may be another the next time. */
export const NOT_STORED = { 'cache-control': 'no-store' } as const;

/** The tag of what a log's hash names. */
export function etagOf(hash: string): string {
  return `"${hash}"`;
}

/**
 * An answer that never changes, named by the hash of its last log; only its status where the client has it. The token is
 * part of what names it in a cache, so that no browser shows the log of a cluster that is gone.
 */
export function unchanging(hash: string, headers: IncomingHttpHeaders, body: () => JsonText): Answer {
  const etag = etagOf(hash);
  const tags = {
    etag,
    'cache-control': 'private, max-age=31536000, immutable',
    vary: 'Authorization, Origin',
  };
  if (hasTag(headers['if-none-match'], etag)) return { status: 304, headers: tags, body: '' };
  return { status: 200, headers: { ...tags, 'content-type': JSON_TYPE }, body: body() };
}

function hasTag(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  return ifNoneMatch.split(',').some((tag) => ['*', etag].includes(tag.trim().replace(/^W\//, '')));
}
