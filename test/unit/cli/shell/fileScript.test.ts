import {
  runFileScript,
  type Ending,
  type FileScript,
  type OptionValues,
} from '../../../../src/cli/shell/fileScript';
import { NodeUnreachableError } from '../../../../src/cli/client/NodeClient';
import { GENESIS } from '../../../../src/entry/LogPoint';
import { BackupError, InvariantError, RequestError, StartError } from '../../../../src/errors';

const told = { entries: 1234, logs: 1230, clusterId: 'c0'.repeat(32), headHash: 'ab'.repeat(32) };
const head = { ...told, floor: { ...GENESIS, index: 9, logNumber: 7 }, identity: null };

/** Runs a script with an option `--far-off`, whose work is `run`. */
function run(
  args: string[],
  work: (file: string, values: OptionValues) => void = () => undefined,
  env: NodeJS.ProcessEnv = {},
): Promise<Ending> {
  const script: FileScript = {
    name: 'copy',
    usage: 'copy FILE',
    options: { 'far-off': { type: 'boolean' } },
    run: async (file, values) => {
      await Promise.resolve();
      work(file, values);
      return { head, made: '/made', advice: 'written' };
    },
  };
  return runFileScript(script, args, env);
}

test('says how many entries, and the head hash', async () => {
  const given: unknown[] = [];
  const ending = await run(['--far-off', 'a file'], (file, values) => given.push(file, values['far-off']));
  expect(ending).toEqual({ status: 0, stdout: `1234 entries, head ${head.headHash}\nwritten` });
  expect(given).toEqual(['a file', true]);
});

test('with --json one line, in the shape of a command’s', async () => {
  const { status, stdout } = await run(['a', '--json']);
  expect(status).toBe(0);
  const parsed: unknown = JSON.parse(stdout ?? '');
  expect(parsed).toEqual({ command: 'copy', ok: true, result: { ...told, floor: 7, made: '/made' } });
});

test.each([[[]], [['']], [['a', 'b']], [['--nonsense', 'a']], [['--far-off=1', 'a']]])(
  'wrong usage %j: status 2, nothing done',
  async (args) => {
    const work = jest.fn();
    expect(await run(args, work)).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/^BAD_ARGUMENT: /) as string,
    });
    expect(work).not.toHaveBeenCalled();
  },
);

test('an option that npm took for itself: said, nothing done', async () => {
  const work = jest.fn();
  const ending = await run(['a'], work, {
    npm_lifecycle_event: 'copy',
    npm_config_far_off: 'true',
  });
  expect(ending).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('npm run copy -- --far-off') as string,
  });
  expect(work).not.toHaveBeenCalled();
});

test.each([
  [new NodeUnreachableError('gone', true), 1],
  [new StartError('STORE_FAILED', 'no space'), 1],
  [new StartError('BAD_KEY', 'no key'), 2],
  [new RequestError('NOT_FOUND', 'none'), 3],
  [new RequestError('NO_LEADER', 'none'), 4],
  [new InvariantError('a bug'), 6],
  [new TypeError('a bug'), 6],
  [new BackupError('TARGET_EXISTS', 'there'), 7],
  [new BackupError('BACKUP_DAMAGED', 'cut'), 8],
  [new BackupError('BACKUP_FOREIGN', 'a zip'), 9],
  [new BackupError('SAME_CLUSTER', 'same'), 10],
  [new BackupError('FILE_FAILED', 'no file'), 11],
])('%s ends with %i, for people and as JSON', async (error, status) => {
  const fail = (): void => {
    throw error;
  };
  const code = 'code' in error ? error.code : 'INTERNAL';
  expect(await run(['a'], fail)).toEqual({ status, stderr: `${code}: ${error.message}` });
  const { stdout, ...rest } = await run(['a', '--json'], fail);
  expect(rest).toEqual({ status });
  const parsed: unknown = JSON.parse(stdout ?? '');
  expect(parsed).toEqual({ command: 'copy', ok: false, error: { code, message: error.message } });
});

test('--help shows the usage', async () => {
  expect(await run(['--help'])).toEqual({ status: 0, stdout: 'copy FILE' });
});
