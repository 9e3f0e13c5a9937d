/**
 * Compiles the sources that have changed into the cache: `npm ci` does it once (`prepare`), and `npm start` before it
 * starts its nodes, which would else each compile all of them at the same time.
 */
const { readdirSync, readFileSync } = require('node:fs');
const { join, resolve } = require('node:path');
const { readCompiled } = require('./cache');

const ROOT = resolve(__dirname, '..', '..');

/** A source that cannot be compiled is left for whoever loads it to report. */
exports.compileSources = () => {
  for (const folder of ['src', 'scripts'])
    for (const name of readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }))
      if (name.endsWith('.ts') && !name.endsWith('.d.ts')) compile(join(ROOT, folder, name));
};

function compile(fileName) {
  const text = readFileSync(fileName, 'utf8');
  if (readCompiled(fileName, text) !== null) return;
  const { register, REGISTER_INSTANCE } = require('ts-node');
  (process[REGISTER_INSTANCE] ?? register()).compile(text, fileName);
}

if (require.main === module) exports.compileSources();
