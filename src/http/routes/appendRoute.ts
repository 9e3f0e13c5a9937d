import { etagOf } from '../answers/caching';
import type { Exchange } from '../answers/Exchange';
import { jsonAnswer } from '../answers/jsonAnswer';
import { JSON_TYPE, NDJSON_TYPE } from '../answers/mediaTypes';
import { StatusError } from '../answers/problemAnswer';
import type { DoorParts, Route } from '../contract/Route';
import {
  answerLineSchema,
  appendLineSchema,
  appendSchema,
  entrySchema,
  noQuerySchema,
} from '../contract/schemas';
import { NdjsonAppends } from './NdjsonAppends';
import { PUSH_HEADERS, pushNameOf } from './once';
import { mediaType, parseBody, readBody, requireJson } from './requestBody';

/** Other names under which people send it. */
const NDJSON_TYPES = [NDJSON_TYPE, 'application/ndjson', 'application/jsonl'];

/** `POST /v1/log`: one log as JSON, or any number as lines of it. */
export const appendRoute: Route = {
  method: 'post',
  path: '/v1/log',
  scope: 'append',
  summary:
    'Appends a log, answered when it is on the disks of a majority; or a log a line, answered a line each.',
  querySchema: noQuerySchema,
  headers: {
    'Mokka-Session':
      '16 hex digits of the caller’s own: with Mokka-Nonce, a push that is tried again is stored once',
    'Mokka-Nonce': 'whole number, higher for each push of a session',
    'Mokka-Since':
      'that of an earlier answer, the same for each try of a push: it is never stored twice, however late it comes',
    'Idempotency-Key': 'any text of its own for each push, in place of session and nonce',
    'Mokka-If-Last': 'store only behind the log with this index (0: as the first)',
    'Mokka-If-Key-Last':
      'store only if the log with this index is the last one of the key (0: there is none)',
  },
  body: { [JSON_TYPE]: appendSchema, [NDJSON_TYPE]: appendLineSchema },
  answers: {
    200: {
      description: 'A line for each line, in their order',
      content: { [NDJSON_TYPE]: answerLineSchema },
    },
    201: { description: 'It is committed', content: { [JSON_TYPE]: entrySchema } },
  },
  serve: append,
};

async function append(exchange: Exchange, { node, bytes }: DoorParts): Promise<void> {
  const { headers } = exchange.incoming;
  const type = mediaType(headers['content-type']);
  if (NDJSON_TYPES.includes(type)) {
    refusePushHeaders(exchange);
    await new NdjsonAppends(exchange, node, bytes).run();
    return;
  }
  requireJson(exchange, 'a log', `, or lines of them as ${NDJSON_TYPE}`);
  const { nonce, options } = pushNameOf(headers);
  const { key, value } = parseBody(await readBody(exchange, bytes), appendSchema);
  const entry = await node.logApi.push(key, nonce === undefined ? { value } : { value, nonce }, options);
  exchange.answer(jsonAnswer(201, entry, { etag: etagOf(entry.hash), location: `/v1/log/${entry.index}` }));
}

/** They could be meant for one line only. */
function refusePushHeaders({ incoming: { headers } }: Exchange): void {
  const found = PUSH_HEADERS.find((name) => headers[name] !== undefined);
  if (found !== undefined)
    throw new StatusError(
      400,
      'BAD_ARGUMENT',
      `with NDJSON each line names its own push: session, nonce, since, ifLast and ifKeyLast stand in it, not in the header ${found}`,
    );
}
