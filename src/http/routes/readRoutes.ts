import { entryHashHex, type Entry } from '../../entry/Entry';
import { RequestError } from '../../errors';
import { HTTP_IDLE_MS, HTTP_PAGE_DEFAULT } from '../../httpLimits';
import { answerWithRoom } from '../answers/answerWithRoom';
import { NOT_STORED, unchanging } from '../answers/caching';
import type { Exchange } from '../answers/Exchange';
import { JSON_TYPE } from '../answers/mediaTypes';
import { JsonText } from '../answers/JsonText';
import type { Answer } from '../answers/problemAnswer';
import type { DoorParts, Route } from '../contract/Route';
import {
  entryPathSchema,
  entrySchema,
  isWholeNumber,
  noQuerySchema,
  pageSchema,
  readQuerySchema,
} from '../contract/schemas';
import { FollowStream, NDJSON, SSE } from './FollowStream';
import { checked } from './requestBody';

/** `GET /v1/log/17`. */
export const entryRoute: Route = {
  method: 'get',
  path: '/v1/log/{index}',
  scope: 'read',
  summary: 'One log. A miss is confirmed by a quorum.',
  pathSchema: entryPathSchema,
  querySchema: noQuerySchema,
  headers: { 'If-None-Match': 'the ETag of the log, where it is known' },
  answers: {
    200: { description: 'The log', content: { [JSON_TYPE]: entrySchema } },
    304: { description: 'It is what the ETag names' },
  },
  serve: (exchange, { node, bytes }) => {
    const index = indexIn(exchange.path);
    return answerWithRoom(exchange, bytes, async () => {
      const entry = await node.storedLogs.get(index);
      if (entry === null)
        throw new RequestError('NOT_FOUND', `there is no log ${index} yet: /v1/info has the last index`);
      return unchanging(entryHashHex(entry), exchange.incoming.headers, () => new JsonText().addLog(entry));
    });
  },
};

/** The index in a path. The schema, which takes longer than to read a log, says what is wrong with one that is none. */
function indexIn(path: Exchange['path']): number {
  const { index = '' } = path;
  return isWholeNumber(index) && index !== '0' ? Number(index) : checked(path, entryPathSchema).index;
}

/** `GET /v1/log`: a page, a long poll, or all that comes. */
export const logRoute: Route = {
  method: 'get',
  path: '/v1/log',
  scope: 'read',
  summary: 'Logs in order: a page; with wait, as soon as there are some; with follow, those that come too.',
  querySchema: readQuerySchema,
  headers: {
    'Last-Event-ID': 'with follow: index of the last log that was seen; stands above from',
    'If-None-Match': 'the ETag of a full page, where it is known',
  },
  answers: {
    200: {
      description:
        'A page; or, with follow, events whose id is the index and whose data is a log, or a log a line. The last may be a problem: NO_LEADER at a node that has known none for 10 to 20 s',
      content: { [JSON_TYPE]: pageSchema, [SSE.contentType]: null, [NDJSON.contentType]: entrySchema },
    },
    304: { description: 'The page is what the ETag names' },
  },
  serve: (exchange, parts) => {
    const { from = 1, limit, wait, follow } = checked(exchange.query, readQuerySchema);
    if (follow === undefined)
      return readPage(exchange, parts, { from, limit: limit ?? HTTP_PAGE_DEFAULT, wait });
    if (limit !== undefined || wait !== undefined)
      throw new RequestError('BAD_ARGUMENT', 'follow takes neither limit nor wait');
    return new FollowStream(exchange, parts, follow === 'sse' ? SSE : NDJSON).run(resumeFrom(exchange, from));
  },
};

interface PageQuestion {
  readonly from: number;
  readonly limit: number;
  readonly wait: number | undefined;
}

async function readPage(
  exchange: Exchange,
  { node, bytes }: DoorParts,
  { from, limit, wait }: PageQuestion,
): Promise<void> {
  if (wait !== undefined && wait > 0) await committed(exchange, node, from, wait);
  await answerWithRoom(exchange, bytes, async (): Promise<Answer> => {
    const { entries, next, upToDate } = await node.storedLogs.page({ from, limit });
    const last = entries.at(-1);
    if (last !== undefined && entries.length === limit)
      return unchanging(entryHashHex(last), exchange.incoming.headers, () =>
        logsJson(entries, `"next":${next}`),
      );
    return {
      status: 200,
      headers: { ...NOT_STORED, 'content-type': JSON_TYPE },
      body: logsJson(entries, `"next":${next},"upToDate":${upToDate}`),
    };
  });
}

/** Logs as JSON, with more fields behind them. */
export function logsJson(entries: readonly Entry[], fields: string): JsonText {
  const json = new JsonText().add('{"logs":[');
  for (const [at, entry] of entries.entries()) {
    if (at > 0) json.add(',');
    json.addLog(entry);
  }
  return json.add(`],${fields}}`);
}

/** Waits until the log with this index is committed, so many seconds at most, or the client goes. */
async function committed(
  exchange: Exchange,
  node: DoorParts['node'],
  from: number,
  seconds: number,
): Promise<void> {
  const { signal, incoming } = exchange;
  const logs = node.storedLogs.follow({ from, signal });
  // Nothing moves on the connection meanwhile.
  incoming.socket.setTimeout(HTTP_IDLE_MS + 1000 * seconds);
  const timer = setTimeout(() => void logs.return(), 1000 * seconds);
  try {
    await logs.next();
  } finally {
    clearTimeout(timer);
    incoming.socket.setTimeout(HTTP_IDLE_MS);
    await logs.return();
  }
}

/** A browser that connects again says what it has seen. */
function resumeFrom({ incoming: { headers } }: Exchange, from: number): number {
  const seen = headers['last-event-id'];
  if (seen === undefined || seen === '') return from;
  if (typeof seen !== 'string' || !isWholeNumber(seen))
    throw new RequestError('BAD_ARGUMENT', 'Last-Event-ID is the index of a log');
  return Number(seen) + 1;
}
