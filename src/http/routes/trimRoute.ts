import { jsonAnswer } from '../answers/jsonAnswer';
import { JSON_TYPE } from '../answers/mediaTypes';
import type { Route } from '../contract/Route';
import { noQuerySchema, trimmedSchema, trimSchema } from '../contract/schemas';
import { parseBody, readBody, requireJson } from './requestBody';

/** `POST /v1/trim`: lets the log forget its beginning. */
export const trimRoute: Route = {
  method: 'post',
  path: '/v1/trim',
  scope: 'admin',
  summary: 'Forgets the logs up to an index, on every node, for ever. To ask again does no harm.',
  querySchema: noQuerySchema,
  body: { [JSON_TYPE]: trimSchema },
  answers: { 200: { description: 'This node has', content: { [JSON_TYPE]: trimmedSchema } } },
  serve: async (exchange, { node, bytes }) => {
    requireJson(exchange, 'a trim');
    const { index } = parseBody(await readBody(exchange, bytes), trimSchema);
    exchange.answer(jsonAnswer(200, await node.trim(index)));
  },
};
