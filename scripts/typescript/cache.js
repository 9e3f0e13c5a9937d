/**
 * What TypeScript made of each file, kept in node_modules/.cache and valid while the file, the compiler and tsconfig.json
 * are the same. A cache that cannot be read or written costs only the time to compile. Plain JavaScript, like all here:
 * it is what loads TypeScript.
 */
const { createHash } = require('node:crypto');
const { mkdirSync, readFileSync, renameSync, writeFileSync } = require('node:fs');
const { join, relative, resolve } = require('node:path');

const ROOT = resolve(__dirname, '..', '..');
const CACHE = join(ROOT, 'node_modules', '.cache', 'mokka-cluster');
const { version } = require('typescript/package.json');
const COMPILER = `${version} ${readFileSync(join(ROOT, 'tsconfig.json'), 'utf8')}`;

/** `{ outputText, sourceMapText }` of a file with this text, or null. */
exports.readCompiled = (fileName, text) => {
  try {
    const cached = JSON.parse(readFileSync(cacheFile(fileName), 'utf8'));
    return cached.key === keyOf(fileName, text) ? cached : null;
  } catch {
    return null;
  }
};

exports.writeCompiled = (fileName, text, { outputText, sourceMapText }) => {
  try {
    mkdirSync(CACHE, { recursive: true });
    // Several nodes start at once: nobody reads a file that is half written.
    const next = `${cacheFile(fileName)}.${process.pid}`;
    writeFileSync(next, JSON.stringify({ key: keyOf(fileName, text), outputText, sourceMapText }));
    renameSync(next, cacheFile(fileName));
  } catch {
    // The next start compiles it again.
  }
};

/** One for each source file: the cache does not grow. */
function cacheFile(fileName) {
  return join(CACHE, `${relative(ROOT, fileName).replaceAll(/[^A-Za-z0-9]/g, '_')}.json`);
}

function keyOf(fileName, text) {
  return createHash('sha256').update(`${COMPILER}\0${fileName}\0${text}`).digest('hex');
}
