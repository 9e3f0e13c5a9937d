import { packageVersion } from '../../packageVersion';
import { jsonAnswer } from '../answers/jsonAnswer';
import { JSON_TYPE } from '../answers/mediaTypes';
import type { Answer } from '../answers/problemAnswer';
import { openApi } from '../contract/openApi';
import type { Route } from '../contract/Route';
import { noQuerySchema } from '../contract/schemas';
import { appendRoute } from './appendRoute';
import { liveRoute, readyRoute } from './probeRoutes';
import { pageFileRoute, pageRoute } from './pageRoutes';
import { keyHistoryRoute, keyRoute } from './keyRoutes';
import { entryRoute, logRoute } from './readRoutes';
import { infoRoute, metricsRoute, statusRoute } from './stateRoutes';
import { trimRoute } from './trimRoute';

/** All that is served, the document of it included. */
export function allRoutes(hasMetrics: boolean): readonly Route[] {
  const documentRoute: Route = {
    method: 'get',
    path: '/openapi.json',
    scope: null,
    summary: 'This document.',
    querySchema: noQuerySchema,
    answers: { 200: { description: 'OpenAPI 3.1', content: { [JSON_TYPE]: null } } },
    serve: (exchange) => exchange.answer((document ??= jsonAnswer(200, openApi(routes, packageVersion())))),
  };
  const routes = [
    appendRoute,
    logRoute,
    entryRoute,
    keyRoute,
    keyHistoryRoute,
    trimRoute,
    infoRoute,
    statusRoute,
    ...(hasMetrics ? [metricsRoute] : []),
    documentRoute,
    liveRoute,
    readyRoute,
    pageRoute,
    pageFileRoute,
  ];
  let document: Answer | null = null;
  return routes;
}
