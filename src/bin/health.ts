/**
 * `mokka-cluster health [--live] [--node N] [--json]`: asks a running node of this machine whether it can serve, over its own
 * HTTP, or through the socket in its data directory where it has none. Status 0: it can; 1: it cannot, or does not answer;
 * 2: wrong usage or configuration.
 */
import type { MemberStatus, NodeInfo } from '../api';
import { NodeClient } from '../cli/client/NodeClient';
import { parseOptions } from '../cli/shell/parseOptions';
import { endWithError } from '../cli/shell/programFailure';
import { nodeNumber } from '../cli/shell/shellWords';
import { readConfig } from '../config/ClusterConfig';
import { readyChecks } from '../http/routes/probeRoutes';
import { doorHealth, healthText, type Health } from './doorHealth';

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
    const health = await (http === null ? askSocket(dataDirectory, live) : doorHealth(http, live));
    console.log(values.json === true ? JSON.stringify(health) : healthText(health));
    process.exitCode = health.ok ? 0 : 1;
  } catch (thrown) {
    endWithError(thrown);
  }
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
