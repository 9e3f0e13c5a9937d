/**
 * `mokka-cluster health [--live] [--node N] [--json]`: asks a running node of this machine whether it can serve, over its own
 * HTTP, or through the socket in its data directory where it has none. Status 0: it can; 1: it cannot, or does not answer;
 * 2: wrong usage or configuration.
 */
import { request as httpRequest, type RequestOptions } from 'node:http';
import { z } from 'zod';
import type { MemberStatus, NodeInfo } from '../api';
import { NodeClient, NodeUnreachableError } from '../cli/client/NodeClient';
import { parseOptions } from '../cli/shell/parseOptions';
import { endWithError } from '../cli/shell/programFailure';
import { nodeNumber } from '../cli/shell/shellWords';
import { readConfig } from '../config/ClusterConfig';
import type { HttpSettings } from '../config/HttpSettings';
import { toError } from '../errors';
import { escapeControls } from '../escapeControls';
import { readyChecks, type Check } from '../http/routes/probeRoutes';
import { HEALTH_MS_MAX } from '../httpLimits';

const USAGE = `npx mokka-cluster health [--live] [--node N] [--json]

Whether a running node of this machine can serve: status 0, else 1. It asks the node's own HTTP (/readyz), or, where it
serves none, the socket in its data directory. The environment is the node's own (CLUSTER_CONFIG, DATA_DIR, HTTP_PORT …).
  --live     only whether the process and its store work (/livez): a lost quorum is no reason to start it again
  --node N   the node's number (default INDEX, else 0)
  --json     one line of JSON`;

const OPTIONS = {
  live: { type: 'boolean' },
  node: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** What a node says of itself. */
interface Health {
  readonly ok: boolean;
  readonly checks: readonly Check[];
  readonly problem: string | null;
}

const readinessSchema = z.object({
  checks: z.array(z.object({ name: z.string(), ok: z.boolean() })).default([]),
  problem: z.string().nullable().default(null),
});

export async function run(args: readonly string[]): Promise<void> {
  try {
    const { values } = parseOptions({ args, options: OPTIONS });
    if (values.help === true) {
      console.log(USAGE);
      return;
    }
    const { env } = process;
    const node = nodeNumber(values.node ?? env['INDEX'] ?? '0');
    const { http, dataDirectory } = readConfig({ ...env, INDEX: String(node) });
    const live = values.live === true;
    const health = await (http === null ? askSocket(dataDirectory, live) : askDoor(http, live));
    console.log(values.json === true ? JSON.stringify(health) : textOf(health));
    process.exitCode = health.ok ? 0 : 1;
  } catch (thrown) {
    endWithError(thrown);
  }
}

/** The certificate is not looked at: nothing secret is sent, and the address is the machine's own. */
async function askDoor(
  { host = '127.0.0.1', port, tls = null }: HttpSettings,
  live: boolean,
): Promise<Health> {
  const own = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  const path = live ? '/livez' : '/readyz?verbose';
  const request = tls === null ? httpRequest : (await import('node:https')).request;
  const options: RequestOptions & { rejectUnauthorized: boolean } = {
    host: own,
    port,
    path,
    timeout: HEALTH_MS_MAX,
    rejectUnauthorized: false,
    agent: false,
  };
  const { status, body } = await new Promise<{ status: number; body: string }>((resolve, reject) => {
    const asked = request(options, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.once('end', () =>
        resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(chunks).toString() }),
      );
      answer.once('error', reject);
    });
    asked.once('timeout', () => asked.destroy(new Error(`no answer within ${HEALTH_MS_MAX} ms`)));
    asked.once('error', (error) => reject(unreachable(`${own}:${port}`, error)));
    asked.end();
  });
  const ok = status === 200;
  if (live) return { ok, checks: [{ name: 'answers', ok }], problem: null };
  const { checks, problem } = readinessSchema.parse(JSON.parse(body));
  return { ok, checks, problem };
}

async function askSocket(dataDirectory: string, live: boolean): Promise<Health> {
  const client = await NodeClient.connect(dataDirectory);
  try {
    const [info, status] = await Promise.all([client.ask('info'), client.ask('status')]);
    if (live) return { ok: info.ok, checks: [{ name: 'answers', ok: info.ok }], problem: null };
    const told = info.ok ? (info.result as NodeInfo) : null;
    const checks = readyChecks(
      told,
      status.ok ? (status.result as { members: readonly MemberStatus[] }).members : null,
    );
    return { ok: checks.every(({ ok }) => ok), checks, problem: told?.problem ?? null };
  } finally {
    client.close();
  }
}

function textOf({ ok, checks, problem }: Health): string {
  const failed = checks.filter((check) => !check.ok).map(({ name }) => name);
  if (ok) return 'ok';
  return escapeControls(`not ok: ${failed.join(', ')}${problem === null ? '' : `\n${problem}`}`);
}

function unreachable(where: string, cause: Error): Error {
  return new NodeUnreachableError(`no node answers HTTP on ${where} (${toError(cause).message})`, false, {
    cause,
  });
}
