/**
 * `mokka-cluster gen-keys`: prints key pairs as the tutorial does or, with --out, writes a cluster.json and one key file a
 * node. Ends with 2 and one line on stderr when it cannot.
 */
import { join, resolve } from 'node:path';
import { isIPv6 } from 'node:net';
import { whyNpmTookOptions } from '../cli/shell/npmOptions';
import { parseOptions } from '../cli/shell/parseOptions';
import { DEFAULT_START_PORT } from '../config/ClusterConfig';
import { quote } from '../config/faults';
import { generateKeyPair } from '../config/keyPair';
import { parseHost, PORT_MAX } from '../config/Member';
import { requireWorkingDirectory } from '../config/workingDirectory';
import { CLUSTER_FILE_NAME, type MemberWithKeys, writeCluster } from '../config/writeCluster';
import { StartError } from '../errors';
import { escapeControls } from '../escapeControls';
import { MEMBERS_MAX } from '../limits';
import { endWithError } from '../cli/shell/programFailure';

const USAGE = `npx mokka-cluster gen-keys [--nodes N] [--out DIR [--hosts A,B,C] [--start-port P]]

Prints N key pairs (default 3, at most ${MEMBERS_MAX}).
  --out DIR       writes DIR/${CLUSTER_FILE_NAME} and DIR/node-0.key, node-1.key, … instead, and overwrites nothing
  --hosts A,B,C   one host a node: names, IPv4 or IPv6 addresses (default 127.0.0.1 for all)
  --start-port P  node i listens on P + i (default ${DEFAULT_START_PORT})`;

const DEFAULT_NODES = 3;
const DEFAULT_HOST = '127.0.0.1';

const OPTIONS = {
  nodes: { type: 'string' },
  out: { type: 'string' },
  hosts: { type: 'string' },
  'start-port': { type: 'string' },
  help: { type: 'boolean' },
} as const;

export function run(args: readonly string[]): void {
  try {
    genKeys(args);
  } catch (thrown) {
    endWithError(thrown);
  }
}

function genKeys(args: readonly string[]): void {
  const ownOptions = Object.keys(OPTIONS).filter((name) => name !== 'help');
  const taken = whyNpmTookOptions('gen-keys', ownOptions, process.env);
  if (taken !== null) throw badArgument(taken);
  const { values } = parseOptions({ args, options: OPTIONS });
  if (values.help === true) {
    console.log(USAGE);
    return;
  }
  const hosts = values.hosts?.split(',').map(readHost);
  const nodes = readNodes(values.nodes, hosts);
  if (values.out !== undefined) {
    const startPort = readStartPort(values['start-port'], nodes);
    writeFiles(values.out, hosts ?? new Array<string>(nodes).fill(DEFAULT_HOST), startPort);
  } else if (hosts !== undefined || values['start-port'] !== undefined) {
    throw badArgument(
      '--hosts and --start-port need --out DIR: they stand in the cluster.json that it writes',
    );
  } else {
    printPairs(nodes);
  }
}

function printPairs(nodes: number): void {
  for (let i = 1; i <= nodes; i++) {
    const { publicKey, secretKey } = generateKeyPair();
    console.log(`pair[${i}] {publicKey: ${publicKey}, secretKey: ${secretKey}}`);
  }
}

function writeFiles(out: string, hosts: readonly string[], startPort: number): void {
  if (out === '') throw badArgument('--out needs the name of a directory');
  requireWorkingDirectory(out);
  const directory = resolve(out);
  const members: MemberWithKeys[] = hosts.map((host, index) => ({
    host,
    port: startPort + index,
    keys: generateKeyPair(),
  }));
  for (const path of writeCluster(directory, members)) console.log(`wrote ${escapeControls(path)}`);
  console.log(
    `\nEach machine needs ${CLUSTER_FILE_NAME} and, beside it, its own node's .key file (mode 0600, to be ` +
      'seen by nobody else). Start:',
  );
  const clusterFile = JSON.stringify(join(directory, CLUSTER_FILE_NAME));
  for (const index of members.keys())
    console.log(`  CLUSTER_CONFIG=${clusterFile} INDEX=${index} npx mokka-cluster node`);
}

/** The number of nodes: as asked, else one a host, else three. */
function readNodes(text: string | undefined, hosts: readonly string[] | undefined): number {
  const nodes = text === undefined ? (hosts?.length ?? DEFAULT_NODES) : readWholeNumber(text);
  if (nodes === null || nodes < 1 || nodes > MEMBERS_MAX)
    throw badArgument(
      `a cluster has 1 to ${MEMBERS_MAX} nodes: --nodes ${quote(text ?? String(nodes))} is not one`,
    );
  if (hosts !== undefined && hosts.length !== nodes)
    throw badArgument(`--hosts names ${hosts.length} hosts for ${nodes} nodes: name one a node`);
  return nodes;
}

function readStartPort(text: string | undefined, nodes: number): number {
  const port = text === undefined ? DEFAULT_START_PORT : readWholeNumber(text);
  const portMax = PORT_MAX - nodes + 1;
  if (port === null || port < 1 || port > portMax)
    throw badArgument(`--start-port must be a port from 1 to ${portMax}, since node i listens on it + i`);
  return port;
}

function readHost(text: string): string {
  const host = parseHost(isIPv6(text) ? `[${text}]` : text);
  if (host === null)
    throw badArgument(
      `--hosts: ${quote(text)} is no host: name it, or give its IPv4 or IPv6 address (not 0.0.0.0 or ::)`,
    );
  return host;
}

function readWholeNumber(text: string): number | null {
  return /^(0|[1-9]\d*)$/.test(text) ? Number(text) : null;
}

function badArgument(message: string): StartError {
  return new StartError('BAD_CONFIG', message);
}
