import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import endWithJest from './leftovers/endWithJest';

/** Before all tests: what they start runs from `dist`, which is to be that of the sources, and is ended when jest ends. */
export default function globalSetup(): void {
  execFileSync(process.execPath, [join(__dirname, '..', 'scripts', 'build')], { stdio: 'inherit' });
  endWithJest();
}
