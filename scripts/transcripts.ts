/**
 * `npm run transcripts`: runs the commands that the README shows, in real terminals and temporary directories, and puts
 * what they printed into its blocks. Needs tmux. Status 1 when a command does not do what the README is about.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { resolve } from 'node:path';
import { takeNoArguments } from '../src/cli/shell/scriptUsage';
import { toError } from '../src/errors';
import { withTranscripts } from './transcripts/blocks';
import { record } from './transcripts/record';
import { hasTerminals } from './transcripts/Terminal';

const README = resolve(__dirname, '..', 'README.md');

/** The tutorial's ports are the default ones, which the README is to show. */
const PORTS = { terminals: 2000, failover: 2010, pipe: 2020 };

async function main(): Promise<void> {
  if (!hasTerminals()) throw new Error('tmux is not installed: it gives the commands a terminal');
  for (const start of Object.values(PORTS))
    for (const port of [start, start + 1, start + 2]) await checkFree(port);
  const recorded = await record(PORTS);
  writeFileSync(README, withTranscripts(readFileSync(README, 'utf8'), recorded));
  console.log(`wrote ${recorded.size} transcripts`);
}

function checkFree(port: number): Promise<void> {
  return new Promise((free, taken) => {
    const server = createServer()
      .once('error', () => taken(new Error(`port ${port} is taken: stop what listens there`)))
      .listen(port, '127.0.0.1', () => server.close(() => free()));
  });
}

takeNoArguments('npm run transcripts: runs the commands of the README and writes down in it what they print');
main().catch((thrown: unknown) => {
  console.error(`transcripts: ${toError(thrown).message}`);
  process.exitCode = 1;
});
