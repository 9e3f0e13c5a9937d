import { escapeControls } from '../../escapeControls';

/** What `--help` says of one node. */
export const NODE_USAGE = `npx mokka-cluster node, or in a clone npm run node:0, node:1, node:2: one node, with a prompt at a terminal, where
help lists the commands

It takes no arguments, the environment chooses:
  INDEX            which member of the cluster it is; node:0 sets 0
  CLUSTER_CONFIG   a cluster.json of gen-keys; without it the demo cluster of this machine
  NODE_KEY_FILE    its key (default node-INDEX.key beside cluster.json)
  DATA_DIR         its data are in DATA_DIR/node-INDEX (default data)
  START_PORT       the demo cluster's first port (default 2000)
  LOG_LEVEL        which records are written (default info; warn in a terminal)`;

/**
 * For a script that takes no arguments: with --help it says `usage` and ends the process, with any other it says so, in one
 * line on stderr, and ends it with status 2.
 */
export function takeNoArguments(usage: string, [argument]: readonly string[] = process.argv.slice(2)): void {
  if (argument === undefined) return;
  if (argument === '--help' || argument === '-h') {
    process.stdout.write(`${usage}\n`);
    process.exit(0);
  }
  process.stderr.write(
    `BAD_ARGUMENT: there is no argument ${escapeControls(JSON.stringify(argument))} here: --help says what there is\n`,
  );
  process.exit(2);
}
