import { NOT_STORED } from '../answers/caching';
import { jsonAnswer } from '../answers/jsonAnswer';
import { JSON_TYPE } from '../answers/mediaTypes';
import type { Route } from '../contract/Route';
import { infoSchema, noQuerySchema, statusSchema } from '../contract/schemas';

/** `GET /v1/info`. */
export const infoRoute: Route = {
  method: 'get',
  path: '/v1/info',
  scope: 'read',
  summary: 'The last log, and the state of this node; problem says why nothing can be committed.',
  querySchema: noQuerySchema,
  answers: { 200: { description: 'As info at the prompt', content: { [JSON_TYPE]: infoSchema } } },
  serve: async (exchange, { node }) =>
    exchange.answer(jsonAnswer(200, await node.getDb().getState().getInfo())),
};

/** `GET /v1/status`. */
export const statusRoute: Route = {
  method: 'get',
  path: '/v1/status',
  scope: 'read',
  summary: 'A row a member: role, whether it is reachable, how far it is behind, its clock, its own door.',
  querySchema: noQuerySchema,
  answers: { 200: { description: 'As status at the prompt', content: { [JSON_TYPE]: statusSchema } } },
  serve: async (exchange, { node, doors }) => {
    const members = await node.getDb().getState().getStatus();
    exchange.answer(
      jsonAnswer(200, {
        members: members.map((member) => ({ ...member, http: doors[member.node] ?? null })),
      }),
    );
  },
};

/** `GET /metrics`. */
export const metricsRoute: Route = {
  method: 'get',
  path: '/metrics',
  scope: 'read',
  summary: 'The node’s figures for Prometheus.',
  querySchema: noQuerySchema,
  answers: { 200: { description: 'Prometheus’ text format', content: { 'text/plain': null } } },
  serve: async (exchange, { metrics }) => {
    if (metrics === null) throw new Error('no metrics');
    exchange.answer({
      status: 200,
      headers: { ...NOT_STORED, 'content-type': metrics.contentType },
      body: await metrics.text(),
    });
  },
};
