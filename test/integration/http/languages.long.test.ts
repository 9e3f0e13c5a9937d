import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HTTP_PORT_OFFSET } from '../../../src/config/httpConfig';
import { Cluster } from '../cluster/Cluster';
import { unless } from '../cluster/disturbances';
import { REPOSITORY } from '../cluster/NodeProcess';
import { until } from '../cluster/until';
import { StartedProgram } from '../../StartedProgram';

/** What src/http/README.md shows for each language is run as it stands there, at real nodes. */

const PAGE = readFileSync(join(REPOSITORY, 'src', 'http', 'README.md'), 'utf8');

/** How long an example may take to do all that it shows, ms. */
const DONE_WITHIN_MS = 60_000;

let cluster: Cluster;
let home: string;
let env: NodeJS.ProcessEnv;
const running: StartedProgram[] = [];
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'mokka-page-'));
  cluster = await Cluster.started();
  env = {
    ...process.env,
    TOKEN: readFileSync(join(cluster.dataDirectory, 'token'), 'utf8').trim(),
    URL: `http://127.0.0.1:${cluster.startPort + HTTP_PORT_OFFSET}`,
  };
});
afterEach(() => {
  for (const { child } of running.splice(0))
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
});
afterAll(async () => {
  rmSync(home, { recursive: true, force: true });
  await cluster.end();
});

/** The example below a heading, as it stands there. */
function example(heading: string, language: string): string {
  const section = PAGE.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  const text = new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``).exec(section)?.[1];
  if (text === undefined) throw new Error(`"${heading}" has no example in ${language}`);
  return text;
}

/** A test of what needs a program. */
function withProgram(name: string, ...args: string[]): jest.It {
  const isThere = spawnSync(name, args).status === 0;
  return unless(isThere ? null : `the example of ${name}, which is not installed`);
}

function start(command: readonly string[]): StartedProgram {
  const program = new StartedProgram(command, { cwd: home, env, detached: true });
  running.push(program);
  return program;
}

async function prints(program: StartedProgram, pattern: RegExp): Promise<void> {
  await until(
    DONE_WITHIN_MS,
    `an example prints ${pattern.source}`,
    () => pattern.exec(program.stdout) ?? undefined,
    () => program.printed,
  );
}

/** One more log, which whoever follows sees. */
async function addLater(value: string): Promise<void> {
  await cluster.node(1).addLog('later', value);
}

withProgram('curl', '--version')('curl adds, reads and follows', async () => {
  const text = example('From a shell', 'bash');
  expect(text.trim().split('\n').length).toBeLessThan(15);
  const program = start(['bash', '-c', text]);
  await prints(program, /^\{"index":\d+,.*"value":"tea".*\n\{"logs":\[.*\n\{"index":1,/);
  await addLater('to curl');
  await prints(program, /"value":"to curl"/);
  // Once, however often it is run.
  const again = start(['bash', '-c', text]);
  await prints(again, /\n\{"index":1,/);
  expect(again.lines[0]).toBe(program.lines[0]);
  expect(again.stderr).toBe('');
});

withProgram('python3', '--version')('Python adds, reads and follows', async () => {
  const text = example('From Python', 'python');
  expect(text.trim().split('\n').length).toBeLessThan(15);
  const program = start(['python3', '-c', text]);
  await prints(program, /^\d+\n\d+\n(?:.*\n)*milk\n/);
  await addLater('to Python');
  await prints(program, /^to Python$/m);
  expect(program.stderr).toBe('');
});

test('the command socket answers lines', async () => {
  const text = example('Without HTTP', 'bash').replace('data/', `${cluster.dataDirectory}/`);
  const { stdout, status } = await start(['bash', '-c', text]).ended;
  const answers = stdout.trim().split('\n');
  expect({
    status,
    commands: answers.map((line) => (JSON.parse(line) as { command: string }).command),
  }).toEqual({ status: 0, commands: ['add_log', 'get_log'] });
});

test.each(['commonjs', 'module'] as const)(
  'JavaScript of type %s appends, reads and follows',
  async (type) => {
    const directory = join(home, type);
    mkdirSync(join(directory, 'node_modules'), { recursive: true });
    symlinkSync(REPOSITORY, join(directory, 'node_modules', 'mokka-cluster'));
    writeFileSync(join(directory, 'package.json'), JSON.stringify({ type }));
    const compilerOptions = { target: 'ES2022', module: 'NodeNext', strict: true, skipLibCheck: true };
    const typeRoots = [join(REPOSITORY, 'node_modules', '@types')];
    writeFileSync(
      join(directory, 'tsconfig.json'),
      JSON.stringify({ compilerOptions: { ...compilerOptions, typeRoots, types: ['node'] } }),
    );
    writeFileSync(join(directory, 'program.ts'), example('From JavaScript', 'ts'));
    const tsc = join(REPOSITORY, 'node_modules', 'typescript', 'bin', 'tsc');
    const compiled = spawnSync(process.execPath, [tsc], { cwd: directory, encoding: 'utf8' });
    expect(compiled).toMatchObject({ status: 0, stdout: '' });
    const { TOKEN = '', URL: url = '' } = env;
    const ended = await start([process.execPath, join(directory, 'program.js'), TOKEN, url]).ended;
    expect(ended).toMatchObject({ status: 0, stderr: '' });
    expect(ended.stdout).toMatch(
      /"tea"[^]*\n\d+ logs, go on from \d+; committed: \d+\nthe last log is \d+\nafter log \d+: order is \{"item":"tea"\}\n$/,
    );
  },
);
