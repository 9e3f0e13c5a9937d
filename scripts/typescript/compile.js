/**
 * Compiles the sources that have changed into the cache: `npm ci` does it once for all (`prepare`), and `npm start` for
 * its nodes before it starts them, which would else each compile them at the same time.
 */
require('./checkInstallation');
const { readdirSync, readFileSync } = require('node:fs');
const { join, resolve } = require('node:path');
const { readCompiled } = require('./cache');
const { registerTsNode } = require('./compiler');

const ROOT = resolve(__dirname, '..', '..');

/** A source that cannot be compiled is left for whoever loads it to report. */
exports.compileSources = (folder) => {
  for (const name of readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }))
    if (name.endsWith('.ts') && !name.endsWith('.d.ts')) compile(join(ROOT, folder, name));
};

function compile(fileName) {
  const text = readFileSync(fileName, 'utf8');
  if (readCompiled(fileName, text) === null) registerTsNode().compile(text, fileName);
}

if (require.main === module) {
  exports.compileSources('src');
  exports.compileSources('scripts');
}
