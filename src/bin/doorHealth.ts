import { request as httpRequest, type RequestOptions } from 'node:http';
import { z } from 'zod';
import { NodeUnreachableError } from '../cli/client/NodeClient';
import type { HttpSettings } from '../config/HttpSettings';
import { toError } from '../errors';
import { escapeControls } from '../escapeControls';
import { livenessSchema, problemSchema, readinessSchema } from '../http/contract/schemas';
import type { Check } from '../http/routes/probeRoutes';
import { HEALTH_LENGTH_MAX, HEALTH_MS_MAX } from '../httpLimits';

/** What a node says of itself. */
export interface Health {
  readonly ok: boolean;
  readonly checks: readonly Check[];
  readonly problem: string | null;
}

/** All that a node answers to its probes. */
const answerSchema = z.union([readinessSchema, livenessSchema, problemSchema]);

/**
 * Asks a node of this machine over its HTTP. The certificate is not looked at: nothing secret is sent, and the address is
 * the machine's own.
 *
 * @throws NodeUnreachableError where nobody answers in time, or what answers is no node.
 */
export async function doorHealth(
  { host = '127.0.0.1', port, tls = null }: Pick<HttpSettings, 'host' | 'port' | 'tls'>,
  live: boolean,
): Promise<Health> {
  const own = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  const { request } = tls === null ? { request: httpRequest } : await import('node:https');
  const options = { host: own, port, path: live ? '/livez' : '/readyz?verbose', rejectUnauthorized: false };
  let body: string;
  try {
    body = await answerOf(request, options);
  } catch (thrown) {
    throw new NodeUnreachableError(
      `no node answers ${tls === null ? 'HTTP' : 'HTTPS'} on ${own}:${port} (${toError(thrown).message}): see that it runs, with the same configuration`,
      false,
      { cause: thrown },
    );
  }
  const told = answerSchema.safeParse(jsonOf(body)).data;
  if (told === undefined)
    throw new NodeUnreachableError(
      `what answers on ${own}:${port} is no node: see that HTTP_PORT, or the port in cluster.json, is the node's, and no other program's`,
      false,
    );
  if ('code' in told) return { ok: false, checks: [{ name: 'answers', ok: false }], problem: told.detail };
  if ('checks' in told)
    return { ok: told.status === 'ready', checks: told.checks ?? [], problem: told.problem ?? null };
  const ok = told.status === 'live' || told.status === 'ready';
  return { ok, checks: [{ name: 'answers', ok }], problem: null };
}

/** The body of an answer, whatever its status: the node's own words say what it means. */
function answerOf(request: typeof httpRequest, options: RequestOptions): Promise<string> {
  const late = AbortSignal.timeout(HEALTH_MS_MAX);
  return new Promise((resolve, reject) => {
    const asked = request({ ...options, agent: false, signal: late }, (answer) => {
      let body = '';
      answer.setEncoding('utf8').on('data', (text: string) => {
        body += text;
        if (body.length > HEALTH_LENGTH_MAX) asked.destroy(new Error('it answers without end'));
      });
      answer.once('end', () => resolve(body)).once('error', reject);
    });
    asked.once('error', (error) =>
      reject(late.aborted ? new Error(`no answer within ${HEALTH_MS_MAX} ms`) : error),
    );
    asked.end();
  });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** For a person: what is not as it should be, and why, a line each. */
export function healthText({ ok, checks, problem }: Health): string {
  if (ok) return 'ok';
  const failed = checks.filter((check) => !check.ok).map(({ name }) => name);
  const lines = [`not ok: ${failed.join(', ')}`, ...(problem === null ? [] : [problem])];
  return lines.map((line) => escapeControls(line)).join('\n');
}
