import { isIPv6 } from 'node:net';
import { resolve } from 'node:path';
import { z } from 'zod';
import type { Environment } from './environment';
import { badConfig, strictFields } from './faults';
import type { HttpSettings } from './HttpSettings';
import { isLoopback, type Member, parseHost, PORT_MAX } from './Member';

/** In the demo cluster node i serves HTTP on START_PORT + this + i. */
export const HTTP_PORT_OFFSET = 100;

/** Name of the file of tokens beside cluster.json, where it names no other, and in DATA_DIR in the demo cluster. */
export const TOKENS_FILE_NAME = 'tokens.json';

/** Name of the file in DATA_DIR with the token that the demo cluster's nodes share. */
export const SHARED_TOKEN_NAME = 'token';

const LOOPBACK = '127.0.0.1';

/** What listens on all addresses of a machine. */
const UNSPECIFIED = ['0.0.0.0', '::'];

const PORT_ALLOWED = `must be a port from 1 to ${PORT_MAX}`;

/** A port for HTTP in cluster.json. */
export const httpPortSchema = z.int(PORT_ALLOWED).min(1, PORT_ALLOWED).max(PORT_MAX, PORT_ALLOWED);

const HOST_ALLOWED = 'must be a name or an address of the machine, or 0.0.0.0 or :: for all of them';
const ORIGIN_ALLOWED = 'must be an origin like https://example.org, without a path';
const FILE_ALLOWED = 'must be the name of a file';

const hostSchema = z.string(HOST_ALLOWED).transform((text, context) => {
  const host = UNSPECIFIED.includes(text) ? text : parseHost(isIPv6(text) ? `[${text}]` : text);
  if (host !== null) return host;
  context.addIssue(HOST_ALLOWED);
  return z.NEVER;
});

/** `settings.http` of cluster.json, the same for all nodes. */
export const httpFileSchema = strictFields({
  port: httpPortSchema,
  host: hostSchema.default(LOOPBACK),
  tls: strictFields({
    cert: z.string(FILE_ALLOWED).min(1, FILE_ALLOWED),
    key: z.string(FILE_ALLOWED).min(1, FILE_ALLOWED),
  }).optional(),
  plain: z.boolean('must be true or false').default(false),
  origins: z
    .array(z.string(ORIGIN_ALLOWED).refine(isOrigin, ORIGIN_ALLOWED), 'must be a list of origins')
    .default([]),
  tokens: z.string(FILE_ALLOWED).min(1, FILE_ALLOWED).default(TOKENS_FILE_NAME),
}).refine(({ host, tls, plain }) => isLoopback(host) || tls !== undefined || plain, {
  path: ['host'],
  error:
    'must be 127.0.0.1, ::1 or localhost without tls: others would see the tokens ("plain": true behind a proxy or in a container)',
});

/** What stands there, with its defaults. */
export type HttpFileSettings = z.infer<typeof httpFileSchema>;

/** What a cluster.json says of HTTP. */
interface HttpOfFile {
  readonly members: readonly Member[];
  readonly http: HttpFileSettings | null;
  readonly httpPorts: readonly (number | null)[];
}

/** HTTP of a node of the demo cluster: on this machine, with a token that its nodes share. */
export function demoHttp(
  { index, httpPort, dataDirectory }: Environment,
  members: readonly Member[],
  startPort: number,
): HttpSettings | null {
  if (httpPort === 'off') return null;
  const first = httpPort ?? startPort + HTTP_PORT_OFFSET;
  if (first + members.length - 1 > PORT_MAX)
    throw badConfig('environment', [
      {
        path: 'HTTP_PORT',
        message: `must be 1 to ${PORT_MAX - members.length + 1}, since node i of the demo cluster listens on HTTP_PORT + i`,
      },
    ]);
  return {
    host: LOOPBACK,
    port: first + index,
    tokensFile: resolve(dataDirectory, TOKENS_FILE_NAME),
    sharedTokenFile: resolve(dataDirectory, SHARED_TOKEN_NAME),
    doors: members.map((_, member) => doorAddress(false, LOOPBACK, first + member)),
  };
}

/** HTTP of a node of a cluster.json in `directory`: where the file or HTTP_PORT says so. */
export function fileHttp(
  { index, httpPort }: Environment,
  { members, http, httpPorts }: HttpOfFile,
  directory: string,
): HttpSettings | null {
  if (httpPort === 'off' || (http === null && httpPort === undefined)) return null;
  const given = http ?? httpFileSchema.parse({ port: httpPort });
  const { host, plain, origins, tls = null } = given;
  const port = httpPort ?? httpPorts[index] ?? given.port;
  return {
    host,
    port,
    plain,
    origins,
    tls: tls && { cert: resolve(directory, tls.cert), key: resolve(directory, tls.key) },
    tokensFile: resolve(directory, given.tokens),
    doors: members.map((member, number) => {
      const memberPort = number === index ? port : (httpPorts[number] ?? http?.port ?? null);
      if (memberPort === null || (isLoopback(host) && !isLoopback(member.host))) return null;
      return doorAddress(tls !== null, member.host, memberPort);
    }),
  };
}

/** Where HTTP is found on a host: `http://127.0.0.1:2100`, or with https. */
export function doorAddress(hasTls: boolean, host: string, port: number): string {
  return `${hasTls ? 'https' : 'http'}://${isIPv6(host) ? `[${host}]` : host}:${port}`;
}

function isOrigin(text: string): boolean {
  try {
    return new URL(text).origin === text;
  } catch {
    return false;
  }
}
