import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { RequestError } from '../../errors';
import { NOT_STORED } from '../answers/caching';
import type { Exchange } from '../answers/Exchange';
import type { Route } from '../contract/Route';
import { noQuerySchema } from '../contract/schemas';

const PAGE = join(__dirname, '..', 'page');

/** All that the page is made of, by name: nothing else of the folder is told. */
const TYPES: Readonly<Record<string, string>> = {
  'index.html': 'text/html; charset=utf-8',
  'page.css': 'text/css; charset=utf-8',
  'icon.svg': 'image/svg+xml',
  'page.js': 'text/javascript; charset=utf-8',
  'Door.js': 'text/javascript; charset=utf-8',
  'keyHistory.js': 'text/javascript; charset=utf-8',
  'show.js': 'text/javascript; charset=utf-8',
  'words.js': 'text/javascript; charset=utf-8',
};

/** What a browser must not do with the page, whatever stands in a log. */
const HEADERS = {
  ...NOT_STORED,
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    "img-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ].join('; '),
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/** `GET /`. */
export const pageRoute: Route = {
  method: 'get',
  path: '/',
  scope: null,
  summary:
    'A page for a browser: who leads, the members, the last logs, those of a key. It asks for a token.',
  querySchema: noQuerySchema,
  answers: { 200: { description: 'The page', content: { 'text/html': null } } },
  serve: (exchange) => serveFile(exchange, 'index.html'),
};

/** `GET /page/page.js` and the others. */
export const pageFileRoute: Route = {
  method: 'get',
  path: '/page/{file}',
  scope: null,
  summary: 'What the page is made of.',
  pathSchema: z.strictObject({ file: z.string() }),
  querySchema: noQuerySchema,
  answers: {
    200: {
      description: 'A file',
      content: { 'text/javascript': null, 'text/css': null, 'image/svg+xml': null },
    },
  },
  serve: (exchange) => serveFile(exchange, exchange.path['file'] ?? ''),
};

async function serveFile({ outgoing }: Exchange, name: string): Promise<void> {
  const type = Object.hasOwn(TYPES, name) ? TYPES[name] : undefined;
  if (type === undefined) throw new RequestError('BAD_COMMAND', 'the page has no such file');
  const content = await readFile(join(PAGE, name));
  // Who has no token is not even told how long the log is, as Mokka-Since does.
  outgoing
    .writeHead(200, { ...HEADERS, 'content-type': type, 'content-length': content.length })
    .end(content);
}
