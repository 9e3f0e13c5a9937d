/**
 * What `tsc -b tsconfig.build.json` does, but for three things: the compiler is loaded only when something has changed
 * (half a second of each start), its errors go to stderr, and each file is written whole, so that three nodes that
 * start at once may all compile while one of them already runs. Plain JavaScript: it is what compiles TypeScript.
 */
const { chmodSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync } = require('node:fs');
const { join, resolve } = require('node:path');

const ROOT = resolve(__dirname, '..', '..');
const PROJECT = join(ROOT, 'tsconfig.build.json');
/** tsc's own record of what it compiled. Its time is that at which the compiling began. */
const RECORD = join(ROOT, 'dist', '.tsbuildinfo');
/** The page that nodes serve: its files go as they are. */
const PAGE = join(ROOT, 'src', 'http', 'page');
const PAGE_FILE = /\.(?:html|css|js|svg)$/;
/** What npx and a shell start as a program. */
const PROGRAM = join(ROOT, 'dist', 'bin', 'mokkaCluster.js');

function isUpToDate() {
  const compiledMs = timeOf(RECORD);
  const settings = [PROJECT, join(ROOT, 'tsconfig.json'), require.resolve('typescript/package.json')];
  return [...settings, ...below(join(ROOT, 'src'))].every((path) => timeOf(path) < compiledMs);
}

/** A folder and all in it: a folder's own time tells of files that were removed. */
function below(folder) {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return [folder, ...names.map((name) => join(folder, name))];
}

/** When it was last written, ms; 0 for what is not there. */
function timeOf(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function compile() {
  const ts = require('typescript');
  const begun = new Date();
  const report = (diagnostic) => process.stderr.write(ts.formatDiagnostic(diagnostic, formatHost));
  const formatHost = {
    getCurrentDirectory: () => ROOT,
    getCanonicalFileName: (name) => name,
    getNewLine: () => '\n',
  };
  const system = { ...ts.sys, writeFile: writeWhole };
  const host = ts.createSolutionBuilderHost(system, undefined, report, () => undefined);
  const status = ts.createSolutionBuilder(host, [PROJECT], {}).build();
  if (status === ts.ExitStatus.Success) copyPage();
  // What did not compile is compiled, and told, the next time too.
  if (status !== ts.ExitStatus.Success) rmSync(RECORD, { force: true });
  else utimesSync(RECORD, begun, begun);
  return status;
}

function copyPage() {
  for (const name of readdirSync(PAGE).filter((file) => PAGE_FILE.test(file)))
    writeWhole(join(ROOT, 'dist', 'http', 'page', name), readFileSync(join(PAGE, name), 'utf8'));
}

function writeWhole(path, text, writeByteOrderMark) {
  const next = `${path}.${process.pid}`;
  require('typescript').sys.writeFile(next, text, writeByteOrderMark);
  if (resolve(path) === PROGRAM) chmodSync(next, 0o755);
  renameSync(next, path);
}

if (!isUpToDate()) {
  try {
    process.exitCode = compile() === 0 ? 0 : 1;
  } catch ({ message }) {
    process.stderr.write(`STORE_FAILED: dist is older than src and cannot be written: ${message}\n`);
    process.exitCode = 1;
  }
}
