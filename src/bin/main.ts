/** Runs what the words after `mokka-cluster` name: a program, or one command of a running node. */
import { PROGRAMS } from './programs';

const [name, ...args] = process.argv.slice(2);
const program = PROGRAMS.find((each) => each.name === name);

const main = async (): Promise<void> => {
  if (program !== undefined) return program.run(args);
  const { run } = await import('./oneCommand');
  return run(process.argv.slice(2));
};

void main();
