/**
 * ts-node's transpiler with a memory: what TypeScript made of a file is kept in node_modules/.cache and taken from
 * there while the file, the compiler and its options are the same. Without it every node of `npm start` compiles all
 * sources anew, which takes longer than all the rest of its start. A cache that cannot be read or written costs only
 * the time. Plain JavaScript, since it is what loads TypeScript.
 */
const { createHash } = require('node:crypto');
const { mkdirSync, readFileSync, renameSync, writeFileSync } = require('node:fs');
const { join, relative, resolve } = require('node:path');
const ts = require('typescript');

const ROOT = resolve(__dirname, '..');
const CACHE = join(ROOT, 'node_modules', '.cache', 'mokka-cluster');

exports.create = ({ service }) => {
  const compilerOptions = { ...service.config.options, sourceMap: true };
  const compiler = `${ts.version} ${JSON.stringify(compilerOptions)}`;
  return {
    transpile(input, { fileName }) {
      // One cache file for each source file: the cache does not grow.
      const file = join(CACHE, `${relative(ROOT, fileName).replaceAll(/[^A-Za-z0-9]/g, '_')}.json`);
      const key = createHash('sha256').update(`${compiler}\0${fileName}\0${input}`).digest('hex');
      return readCached(file, key) ?? transpile(input, { fileName, compilerOptions }, file, key);
    },
  };
};

function readCached(file, key) {
  try {
    const cached = JSON.parse(readFileSync(file, 'utf8'));
    return cached.key === key ? cached : null;
  } catch {
    return null;
  }
}

function transpile(input, options, file, key) {
  const { outputText, sourceMapText } = ts.transpileModule(input, options);
  try {
    mkdirSync(CACHE, { recursive: true });
    // Several nodes start at once: nobody reads a file that is half written.
    const next = `${file}.${process.pid}`;
    writeFileSync(next, JSON.stringify({ key, outputText, sourceMapText }));
    renameSync(next, file);
  } catch {
    // The next start compiles it again.
  }
  return { outputText, sourceMapText };
}
