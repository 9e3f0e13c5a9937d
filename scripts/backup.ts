/**
 * `npm run backup -- [--node N] [--unconfirmed] [--json] OUT`: copies the committed log of a running node of this
 * machine to a file, through the socket in its data directory (DATA_DIR, and INDEX or --node). Status 0, or one of the
 * kind of error.
 */
import { join, resolve } from 'node:path';
import { takeBackup } from '../src/backup/takeBackup';
import { backupSourceOf } from '../src/cli/client/backupSource';
import { runFileScript, tell, type FileResult, type OptionValues } from '../src/cli/shell/fileScript';
import { NodeClient } from '../src/cli/client/NodeClient';
import { nodeNumber } from '../src/cli/shell/shellWords';

const USAGE = `npm run backup -- [--node N] [--unconfirmed] [--json] OUT

Copies the committed log of a running node of this machine to the file OUT, which must not exist.
  --node N       the node's number in DATA_DIR (default INDEX, else 0)
  --unconfirmed  what the node itself knows to be committed, where no leader can confirm that it is all
  --json         one line of JSON`;

const { env } = process;
let client: NodeClient | null = null;
let interrupted: NodeJS.Signals | null = null;

const backup = async (file: string, values: OptionValues): Promise<FileResult> => {
  const node = nodeNumber(String(values['node'] ?? env['INDEX'] ?? '0'));
  client = await NodeClient.connect(join(env['DATA_DIR'] ?? 'data', `node-${node}`));
  try {
    const head = await takeBackup(backupSourceOf(client, values['unconfirmed'] !== true), file);
    const made = resolve(file);
    return { head, made, advice: `${head.logs} of them logs, written to ${made}` };
  } finally {
    client.close();
  }
};

// The partial file is removed first.
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    interrupted = signal;
    client?.close();
    if (client === null) process.kill(process.pid, signal);
  });

const options = { node: { type: 'string' }, unconfirmed: { type: 'boolean' } } as const;

void runFileScript({ name: 'backup', usage: USAGE, options, run: backup }, process.argv.slice(2), env).then(
  (ending) => {
    if (interrupted !== null && ending.status !== 0) process.kill(process.pid, interrupted);
    tell(ending);
  },
);
