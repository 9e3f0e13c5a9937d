/** Runs what the words after `mokka-cluster` name: a program, or one command of a running node. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROGRAMS } from './programs';
import { watchOutput } from '../cli/process/watchOutput';

const [name, ...args] = process.argv.slice(2);
const program = PROGRAMS.find((each) => each.name === name);

const main = async (): Promise<void> => {
  if (program?.serves !== true) watchOutput();
  if (name === '--version') tellVersion();
  else if (program !== undefined) await program.run(args);
  else await (await import('./oneCommand')).run(process.argv.slice(2));
};

const tellVersion = (): void => {
  const manifest: unknown = JSON.parse(readFileSync(join(__dirname, '..', '..', 'package.json'), 'utf8'));
  console.log((manifest as { version: string }).version);
};

void main();
