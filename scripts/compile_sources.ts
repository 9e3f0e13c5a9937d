/**
 * Compiles the sources that have changed into the cache of cached_transpiler.js: `npm ci` does it once (`prepare`),
 * and `npm start` before it starts its nodes, which would else each compile all of them at the same time.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { REGISTER_INSTANCE } from 'ts-node';

const SOURCES = resolve(__dirname, '..', 'src');

/** Compiles what has changed. A source that cannot be compiled is left for whoever loads it to report. */
export function compileSources(): void {
  const service = process[REGISTER_INSTANCE];
  if (service === undefined) return;
  for (const name of readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.ts') || name.endsWith('.d.ts')) continue;
    const file = join(SOURCES, name);
    service.compile(readFileSync(file, 'utf8'), file);
  }
}

if (require.main === module) compileSources();
