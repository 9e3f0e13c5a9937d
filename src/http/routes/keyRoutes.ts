import { RequestError } from '../../errors';
import { HTTP_PAGE_DEFAULT } from '../../httpLimits';
import { answerWithRoom } from '../answers/answerWithRoom';
import { NOT_STORED } from '../answers/caching';
import { JSON_TYPE } from '../answers/mediaTypes';
import { JsonText } from '../answers/JsonText';
import type { Answer } from '../answers/problemAnswer';
import type { Route } from '../contract/Route';
import {
  entrySchema,
  historyQuerySchema,
  historySchema,
  keyPathSchema,
  noQuerySchema,
} from '../contract/schemas';
import { logsJson } from './readRoutes';
import { checked } from './requestBody';

/** `GET /v1/keys/super`. */
export const keyRoute: Route = {
  method: 'get',
  path: '/v1/keys/{key}',
  scope: 'read',
  summary: 'The last log of a key, as a quorum confirms.',
  pathSchema: keyPathSchema,
  querySchema: noQuerySchema,
  answers: { 200: { description: 'The log', content: { [JSON_TYPE]: entrySchema } } },
  serve: (exchange, { node, bytes }) => {
    const { key } = checked(exchange.path, keyPathSchema);
    return answerWithRoom(exchange, bytes, async () => {
      const entry = await node.storedLogs.latest(key);
      if (entry === null) throw new RequestError('NOT_FOUND', 'there is no log of this key yet');
      return found(new JsonText().addLog(entry));
    });
  },
};

/** `GET /v1/keys/super/log`. */
export const keyHistoryRoute: Route = {
  method: 'get',
  path: '/v1/keys/{key}/log',
  scope: 'read',
  summary:
    'The logs of a key, the latest first, none for a key without any. A quorum confirms that none is missing.',
  pathSchema: keyPathSchema,
  querySchema: historyQuerySchema,
  answers: { 200: { description: 'A page of them', content: { [JSON_TYPE]: historySchema } } },
  serve: (exchange, { node, bytes }) => {
    const { key } = checked(exchange.path, keyPathSchema);
    const { limit = HTTP_PAGE_DEFAULT, before } = checked(exchange.query, historyQuerySchema);
    return answerWithRoom(exchange, bytes, async () => {
      const range = { limit, ...(before === undefined ? {} : { before }) };
      const { entries, next } = await node.storedLogs.history(key, range);
      return found(logsJson(entries, `"next":${next ?? 'null'}`));
    });
  },
};

/** What may be another the next time. */
function found(body: JsonText): Answer {
  return { status: 200, headers: { ...NOT_STORED, 'content-type': JSON_TYPE }, body };
}
