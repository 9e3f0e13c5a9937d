import { setTimeout as pause } from 'node:timers/promises';
import type { MemberStatus, NodeInfo } from '../../api';
import { PROBE_MS_MAX, READY_BEHIND_ENTRIES } from '../../httpLimits';
import type { Exchange } from '../answers/Exchange';
import { jsonAnswer } from '../answers/jsonAnswer';
import { JSON_TYPE } from '../answers/mediaTypes';
import type { DoorParts, Route } from '../contract/Route';
import { livenessSchema, noQuerySchema, readinessSchema, readyQuerySchema } from '../contract/schemas';
import { checked } from './requestBody';

/** `GET /livez`: the process answers and its store is read. A lost quorum is no reason to start it again. */
export const liveRoute: Route = {
  method: 'get',
  path: '/livez',
  scope: null,
  summary: 'Whether the process and its store work.',
  querySchema: noQuerySchema,
  answers: {
    200: { description: 'They do', content: { [JSON_TYPE]: livenessSchema } },
    503: { description: 'They do not', content: { [JSON_TYPE]: livenessSchema } },
  },
  serve: async (exchange, { node }) => {
    const live = (await inTime(node.getDb().getState().getInfo())) !== null;
    tell(exchange, live, { status: live ? 'live' : 'not live' });
  },
};

/** One of the things that make a node ready. */
export interface Check {
  readonly name: string;
  readonly ok: boolean;
}

/** `GET /readyz`: a leader is known, and the own log is not far behind. */
export const readyRoute: Route = {
  method: 'get',
  path: '/readyz',
  scope: null,
  summary: 'Whether the node can serve: a leader is known and its log is nearly up to date.',
  querySchema: readyQuerySchema,
  answers: {
    200: { description: 'It can', content: { [JSON_TYPE]: readinessSchema } },
    503: { description: 'It cannot', content: { [JSON_TYPE]: readinessSchema } },
  },
  serve: async (exchange, { node }) => {
    const { verbose } = checked(exchange.query, readyQuerySchema);
    const { checks, problem } = await readiness(node);
    const ready = checks.every(({ ok }) => ok);
    tell(exchange, ready, {
      status: ready ? 'ready' : 'not ready',
      ...(verbose === undefined ? {} : { checks, problem }),
    });
  },
};

/** The checks of a node, and its problem where it has one. */
async function readiness(node: DoorParts['node']): Promise<{ checks: Check[]; problem: string | null }> {
  const state = node.getDb().getState();
  const [info, members] = await Promise.all([inTime(state.getInfo()), inTime(state.getStatus())]);
  return { checks: readyChecks(info, members), problem: info?.problem ?? null };
}

/** What makes a node ready, of what it says of itself; null where it said nothing. */
export function readyChecks(info: NodeInfo | null, members: readonly MemberStatus[] | null): Check[] {
  const behind = members?.find(({ node }) => node === info?.node)?.behind ?? null;
  return [
    { name: 'answers', ok: info !== null && members !== null },
    { name: 'leader known', ok: info !== null && info.leader !== null },
    { name: 'member', ok: info?.membership === 'voter' },
    { name: 'log up to date', ok: behind !== null && behind < READY_BEHIND_ENTRIES },
  ];
}

function tell(exchange: Exchange, well: boolean, content: object): void {
  exchange.answer(jsonAnswer(well ? 200 : 503, content));
}

/** What a node says in time; null where it does not, or has stopped. */
function inTime<T>(told: Promise<T>): Promise<T | null> {
  const late = pause(PROBE_MS_MAX, null, { ref: false });
  return Promise.race([told.catch(() => null), late]);
}
