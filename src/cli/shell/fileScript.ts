import type { BackupHead } from '../../backup/BackupHead';
import type { OnProgress } from '../../backup/takeBackup';
import { requireWorkingDirectory } from '../../config/workingDirectory';
import { RequestError } from '../../errors';
import { escapeControls } from '../../escapeControls';
import { ProgressLine } from '../process/ProgressLine';
import { whyNpmTookOptions } from './npmOptions';
import { parseOptions } from './parseOptions';
import { programFailure } from './programFailure';

/** Options of a script: words that stand alone, and words that take a value. */
type Options = Readonly<Record<string, { readonly type: 'boolean' | 'string' }>>;

/** What was given for them. */
export type OptionValues = Readonly<Record<string, string | boolean | undefined>>;

/** What a script did, for people in lines, for programs as one object. */
export interface FileResult {
  readonly head: BackupHead;
  /** The file or directory that it made. */
  readonly made: string;
  /** What to know and to do now. */
  readonly advice: string;
}

/** A program over one backup file, like `mokka-cluster backup`. */
export interface FileScript {
  readonly name: string;
  readonly usage: string;
  readonly options: Options;
  /** `onProgress`: to be told how many entries of how many are done. */
  run(file: string, values: OptionValues, onProgress: OnProgress): Promise<FileResult>;
}

/** How a script ends, and what it says. */
export interface Ending {
  readonly status: number;
  readonly stdout?: string;
  readonly stderr?: string;
}

const COMMON_OPTIONS = { json: { type: 'boolean' }, help: { type: 'boolean' } } as const;

/** Runs a script. With --json it says one line on stdout, in the shape of a command's, whatever happens. */
export async function runFileScript(
  script: FileScript,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<Ending> {
  const json = args.includes('--json');
  const { name } = script;
  const progress = new ProgressLine();
  try {
    const taken = whyNpmTookOptions(name, Object.keys(script.options), env);
    if (taken !== null) throw new RequestError('BAD_ARGUMENT', taken);
    const options: Options = { ...script.options, ...COMMON_OPTIONS };
    const { values, positionals } = parseOptions({ args, options, allowPositionals: true });
    if (values['help'] === true) return { status: 0, stdout: script.usage };
    const [file, ...others] = positionals;
    if (file === undefined || file === '' || others.length > 0)
      throw new RequestError(
        'BAD_ARGUMENT',
        `name one file: ${script.usage.split('\n', 1).join()}; --help tells the rest`,
      );
    requireWorkingDirectory(file);
    const { head, made, advice } = await script.run(file, values, (done, total) =>
      progress.count(done, total, 'entries'),
    );
    if (json)
      return { status: 0, stdout: JSON.stringify({ command: name, ok: true, result: resultOf(head, made) }) };
    return { status: 0, stdout: `${head.entries} entries, head ${head.headHash}\n${escapeControls(advice)}` };
  } catch (thrown) {
    const { code, message, status } = programFailure(thrown);
    if (!json) return { status, stderr: escapeControls(`${code}: ${message}`) };
    return { status, stdout: JSON.stringify({ command: name, ok: false, error: { code, message } }) };
  } finally {
    progress.clear();
  }
}

/** `floor`: index of the last log that is trimmed, 0 where the log is whole. */
function resultOf({ entries, logs, floor, clusterId, headHash }: BackupHead, made: string): object {
  return { entries, logs, floor: floor.logNumber, clusterId, headHash, made };
}

/** Says it, and leaves the status for the end of the process. */
export function tell({ status, stdout, stderr }: Ending): void {
  if (stdout !== undefined) process.stdout.write(`${stdout}\n`);
  if (stderr !== undefined) process.stderr.write(`${stderr}\n`);
  process.exitCode = status;
}
