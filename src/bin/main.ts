/** Runs what the words after `mokka-cluster` name: a program, or one command of a running node. */
import { PROGRAMS } from './programs';
import { packageVersion } from '../packageVersion';
import { watchOutput } from '../cli/process/watchOutput';

const [name, ...args] = process.argv.slice(2);
const program = PROGRAMS.find((each) => each.name === name);

const main = async (): Promise<void> => {
  if (program?.serves !== true) watchOutput();
  if (name === '--version') console.log(packageVersion());
  else if (program !== undefined) await program.run(args);
  else await (await import('./oneCommand')).run(process.argv.slice(2));
};

void main();
