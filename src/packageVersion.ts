import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The version of this package, as in package.json. */
export function packageVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(join(__dirname, '..', 'package.json'), 'utf8'));
  return (manifest as { version: string }).version;
}
