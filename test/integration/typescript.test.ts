import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** `node -r ./scripts/typescript`, with which all commands run: ts-node's result without ts-node, as long as nothing changed. */

const ROOT = resolve(__dirname, '..', '..');

/** The same for each run: each file that is compiled leaves one in the cache. */
const directory = join(ROOT, 'coverage', 'typescript');
const file = join(directory, 'given.ts');

beforeEach(() => {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
});
afterAll(() => rmSync(directory, { recursive: true }));

/** Runs the file; `compiler` is whether TypeScript was loaded for it. */
function run(): { stdout: string; stderr: string; compiler: boolean } {
  const look = `process.on('exit', () => console.log('compiler', Object.keys(require.cache).some((path) => path.endsWith('typescript.js'))))`;
  const script = `${look}; require(${JSON.stringify(file)})`;
  const { stdout, stderr } = spawnSync(process.execPath, ['-r', './scripts/typescript', '-e', script], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  const [, said, compiler] = /^(.*)compiler (true|false)\n$/s.exec(stdout) ?? [];
  return { stdout: said ?? stdout, stderr, compiler: compiler === 'true' };
}

test('compiles a file once, and again when it has changed', () => {
  writeFileSync(file, `const said: string = 'one'; console.log(said); // ${process.pid}\n`);
  expect(run()).toEqual({ stdout: 'one\n', stderr: '', compiler: true });
  expect(run()).toEqual({ stdout: 'one\n', stderr: '', compiler: false });
  writeFileSync(file, 'const said: string = "two"; console.log(said);\n');
  expect(run()).toEqual({ stdout: 'two\n', stderr: '', compiler: true });
  expect(run()).toEqual({ stdout: 'two\n', stderr: '', compiler: false });
});

test('an error names the place in the source, compiled or from the cache', () => {
  writeFileSync(file, `\n\ninterface Nothing {\n  a: ${process.pid};\n}\n\nthrow new Error("here");\n`);
  for (const compiler of [true, false]) {
    const outcome = run();
    expect(outcome.compiler).toBe(compiler);
    expect(outcome.stderr).toContain(`${file}:7:7`);
  }
});

test('a cached file that requires one that is not cached has it compiled', () => {
  const other = join(directory, 'other.ts');
  writeFileSync(other, `export const said: string = 'first'; // ${process.pid}\n`);
  writeFileSync(file, 'import { said } from "./other";\nconsole.log(said);\n');
  expect(run()).toMatchObject({ stdout: 'first\n', compiler: true });
  writeFileSync(other, 'export const said: string = "second";\n');
  expect(run()).toEqual({ stdout: 'second\n', stderr: '', compiler: true });
  expect(run()).toEqual({ stdout: 'second\n', stderr: '', compiler: false });
});
