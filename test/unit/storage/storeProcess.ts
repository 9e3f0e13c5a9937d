import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { z } from 'zod';
import { BY_TS_NODE } from '../../programs';
import { StartedProgram } from '../../StartedProgram';

const CHILD = join(__dirname, 'storeChild.ts');

const line = z.union([
  z.strictObject({ opened: z.literal(true) }),
  z.strictObject({ code: z.string(), message: z.string(), cause: z.string().nullable() }),
]);

/** What a child said and how it ended. */
export interface Outcome {
  readonly lines: readonly z.infer<typeof line>[];
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
}

/** Runs {@link CHILD} to its end. `fileBlocksMax`: the longest file that it may write, in blocks of 512 bytes. */
export async function runStore(
  task: 'open' | 'read' | 'fill' | 'calls',
  directories: readonly string[],
  { file = '', fileBlocksMax = 0 } = {},
): Promise<Outcome> {
  const args = [...BY_TS_NODE, CHILD, task, file, ...directories];
  const program = [process.execPath, ...args];
  const limited = ['sh', '-c', `ulimit -f ${fileBlocksMax} && exec "$0" "$@"`, ...program];
  const started = new StartedProgram(fileBlocksMax === 0 ? program : limited);
  const { status, signal, stderr } = await started.ended;
  return { lines: started.lines.map((text) => line.parse(JSON.parse(text))), status, signal, stderr };
}

/** Starts a child that appends until it is killed, and says after each call how far it is. */
export function startAppending(directory: string): StartedProgram {
  return new StartedProgram([process.execPath, ...BY_TS_NODE, CHILD, 'append', '', directory]);
}

/** Starts a child that opens the store and keeps it; resolves when it has it. */
export async function holdStore(directory: string): Promise<ChildProcess> {
  const holder = new StartedProgram([process.execPath, ...BY_TS_NODE, CHILD, 'hold', '', directory]);
  const { stdout } = holder.child;
  if (stdout === null) throw new Error('no pipe');
  const ended = holder.ended.then(({ stderr }) =>
    Promise.reject(new Error(`the child ended before it had the store: ${stderr}`)),
  );
  while (holder.lines.length === 0) await Promise.race([once(stdout, 'data'), ended]);
  line.parse(JSON.parse(holder.lines[0] ?? ''));
  return holder.child;
}
