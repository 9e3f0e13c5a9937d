import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { SESSION } from '../../entry/Entry';
import { RequestError } from '../../errors';
import type { PushOptions } from '../../api';
import { IDEMPOTENCY_KEY_LENGTH_MAX } from '../../httpLimits';
import { isWholeNumber } from '../contract/schemas';

/** Which push a request is, and on what condition it is made. */
export interface PushName {
  /** undefined where the node is to pick one. */
  readonly nonce: number | undefined;
  readonly options: PushOptions;
}

/** The headers that name a push. */
export const PUSH_HEADERS = [
  'mokka-session',
  'mokka-nonce',
  'mokka-since',
  'mokka-if-last',
  'mokka-if-key-last',
  'idempotency-key',
] as const;

const UNNAMED: PushName = { nonce: undefined, options: {} };

/** What a push is named by, whether headers or a line of NDJSON say it. */
export interface PushWords {
  readonly session?: string | undefined;
  readonly nonce?: number | undefined;
  readonly since?: string | undefined;
  readonly ifLast?: number | undefined;
  readonly ifKeyLast?: number | undefined;
}

/** The name of the push that a request with these headers makes. @throws RequestError BAD_ARGUMENT */
export function pushNameOf(headers: IncomingHttpHeaders): PushName {
  const [session, nonce, since, ifLast, ifKeyLast, idempotencyKey] = PUSH_HEADERS.map((name) =>
    headerOf(headers, name),
  );
  const condition = {
    ifLast: ifLast === undefined ? undefined : numberOf('Mokka-If-Last', ifLast),
    ifKeyLast: ifKeyLast === undefined ? undefined : numberOf('Mokka-If-Key-Last', ifKeyLast),
  };
  if (idempotencyKey !== undefined) {
    if (session !== undefined || nonce !== undefined)
      throw badArgument('a request has an Idempotency-Key, or Mokka-Session and Mokka-Nonce, not both');
    return namedBy({ session: sessionOf(idempotencyKey), nonce: 0, since, ...condition });
  }
  if (
    session === undefined &&
    nonce === undefined &&
    since === undefined &&
    ifLast === undefined &&
    ifKeyLast === undefined
  )
    return UNNAMED;
  return namedBy({
    session,
    nonce: nonce === undefined ? undefined : numberOf('Mokka-Nonce', nonce),
    since,
    ...condition,
  });
}

/** The same, of what is read already. @throws RequestError BAD_ARGUMENT */
export function namedBy({ session, nonce, since, ifLast, ifKeyLast }: PushWords): PushName {
  const condition = {
    ...(ifLast === undefined ? {} : { ifLast }),
    ...(ifKeyLast === undefined ? {} : { ifKeyLast }),
  };
  if (session === undefined) {
    if (nonce !== undefined) throw badArgument('a nonce (Mokka-Nonce) needs its session (Mokka-Session)');
    if (since !== undefined)
      throw badArgument('since (Mokka-Since) needs a session (Mokka-Session), or an Idempotency-Key');
    return { nonce, options: condition };
  }
  if (!SESSION.test(session)) throw badArgument('a session (Mokka-Session) is 16 hex digits, 0-9 and a-f');
  if (nonce === undefined)
    throw badArgument('a session (Mokka-Session) needs a nonce (Mokka-Nonce) for each push');
  return {
    nonce,
    options: {
      session,
      ...(since === undefined ? {} : { since }),
      ...condition,
    },
  };
}

/** A session of its own for each key. Quotes around it, as the IETF's draft has them, are no part of it. */
function sessionOf(idempotencyKey: string): string {
  const key = /^"(.*)"$/.exec(idempotencyKey)?.[1] ?? idempotencyKey;
  if (key === '' || key.length > IDEMPOTENCY_KEY_LENGTH_MAX)
    throw badArgument(`an Idempotency-Key has 1 to ${IDEMPOTENCY_KEY_LENGTH_MAX} characters`);
  return createHash('sha256').update(`idempotency-key:${key}`).digest('hex').slice(0, 16);
}

function headerOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  if (Array.isArray(value)) throw badArgument(`the header ${name} stands twice`);
  return value;
}

function numberOf(name: string, text: string): number {
  if (!isWholeNumber(text)) throw badArgument(`${name} is a whole number from 0 to 2^53 - 1`);
  return Number(text);
}

function badArgument(message: string): RequestError {
  return new RequestError('BAD_ARGUMENT', message);
}
