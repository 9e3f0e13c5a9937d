/**
 * `mokka-cluster backup [--node N] [--unconfirmed] [--json] OUT`: copies the committed log of a running node of this
 * machine to a file, through the socket in its data directory (DATA_DIR, and INDEX or --node). Status 0, or one of the
 * kind of error.
 */
import { join, resolve } from 'node:path';
import { takeBackup, type OnProgress } from '../backup/takeBackup';
import { backupSourceOf } from '../cli/client/backupSource';
import { logsInWords } from '../cli/shell/logsInWords';
import { runFileScript, tell, type FileResult, type OptionValues } from '../cli/shell/fileScript';
import { NodeClient } from '../cli/client/NodeClient';
import { nodeNumber } from '../cli/shell/shellWords';

const USAGE = `npx mokka-cluster backup [--node N] [--unconfirmed] [--json] OUT

Copies the committed log of a running node of this machine to the file OUT, which must not exist.
  --node N       the node's number in DATA_DIR (default INDEX, else 0)
  --unconfirmed  what the node itself knows to be committed, where no leader can confirm that it is all
  --json         one line of JSON`;

const { env } = process;
let client: NodeClient | null = null;
let interrupted: NodeJS.Signals | null = null;

const backup = async (file: string, values: OptionValues, onProgress: OnProgress): Promise<FileResult> => {
  const node = nodeNumber(String(values['node'] ?? env['INDEX'] ?? '0'));
  client = await NodeClient.connect(join(env['DATA_DIR'] ?? 'data', `node-${node}`));
  try {
    const head = await takeBackup(backupSourceOf(client, values['unconfirmed'] !== true), file, onProgress);
    const made = resolve(file);
    return { head, made, advice: `${logsInWords(head)}, written to ${made}` };
  } finally {
    client.close();
  }
};

/** The partial file is removed first. */
const endOnSignals = (): void => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => {
      interrupted = signal;
      client?.close();
      if (client === null) process.kill(process.pid, signal);
    });
};

const options = { node: { type: 'string' }, unconfirmed: { type: 'boolean' } } as const;

export async function run(args: readonly string[]): Promise<void> {
  endOnSignals();
  const ending = await runFileScript({ name: 'backup', usage: USAGE, options, run: backup }, args, env);
  if (interrupted !== null && ending.status !== 0) process.kill(process.pid, interrupted);
  tell(ending);
}
