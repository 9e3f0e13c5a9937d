import { dirname, join, resolve } from 'node:path';
import type { Retain } from '../api';
import { StartError } from '../errors';
import { escapeControls } from '../escapeControls';
import { DEFAULT_SETTINGS, readClusterFile } from './clusterFile';
import { DEMO_KEYS, demoMembers, isDemoKey } from './demoCluster';
import { type Environment, type LogLevel, readEnvironment } from './environment';
import { badConfig } from './faults';
import { demoHttp, fileHttp, HTTP_PORT_OFFSET } from './httpConfig';
import type { HttpSettings } from './HttpSettings';
import { keyFileName, readKeyFile } from './keyFile';
import type { NodeKeys } from './keyPair';
import { type Member, PORT_MAX } from './Member';
import { requireWorkingDirectory } from './workingDirectory';

/** All that a node needs to know to start; validated. */
export interface NodeConfig {
  /** This node's place in `members`. */
  readonly index: number;
  /** This node's, as in `members`. */
  readonly address: string;
  /** The whole cluster, this node included, in the same order on every node. */
  readonly members: readonly Member[];
  readonly keys: NodeKeys;
  /** This node's own directory: `node-INDEX` in DATA_DIR. */
  readonly dataDirectory: string;
  /** undefined where LOG_LEVEL is not set: the default is warn in a terminal and info elsewhere. */
  readonly logLevel: LogLevel | undefined;
  /** Whether a member has a demo key, whose secret is public: the node must say so. */
  readonly demo: boolean;
  /** Between two heartbeats of a leader, ms. */
  readonly heartbeat: number;
  /** Silence of the leader after which a follower asks for an election, ms. */
  readonly electionTimeout: number;
  /** Where it serves HTTP; null where it does not. */
  readonly http: HttpSettings | null;
  /** What of the log is kept; null: all. */
  readonly retain: Retain | null;
  /** The directory where files go of what is not kept, absolute; null: they are removed. */
  readonly archive: string | null;
  /** What each node's store may have on its disk for logs, bytes; null: all that is there. */
  readonly storeBytesMax: number | null;
}

/** Port of node 0 of the demo cluster, as in the tutorial. */
export const DEFAULT_START_PORT = 2000;

/**
 * The configuration that a process environment stands for: INDEX, and START_PORT or CLUSTER_CONFIG with
 * NODE_KEY_FILE, DATA_DIR, LOG_LEVEL, HTTP_PORT.
 *
 * @throws StartError BAD_CONFIG or BAD_KEY, in one line that says what is wrong, where, and what is allowed.
 */
export function readConfig(env: NodeJS.ProcessEnv): NodeConfig {
  const environment = readEnvironment(env);
  requireWorkingDirectory(environment.dataDirectory);
  const { index, clusterFile } = environment;
  const cluster =
    clusterFile === undefined ? demoCluster(environment) : fileCluster(environment, clusterFile);
  return {
    index,
    address: at(cluster.members, index).address,
    ...cluster,
    dataDirectory: join(environment.dataDirectory, `node-${index}`),
    logLevel: environment.logLevel,
    demo: cluster.members.some(({ publicKey }) => isDemoKey(publicKey)),
  };
}

type Cluster = Pick<
  NodeConfig,
  'members' | 'keys' | 'heartbeat' | 'electionTimeout' | 'http' | 'retain' | 'archive' | 'storeBytesMax'
>;

function demoCluster(environment: Environment): Cluster {
  const { index, startPort = DEFAULT_START_PORT } = environment;
  const keys = at(DEMO_KEYS, index);
  const startPortMax = PORT_MAX - HTTP_PORT_OFFSET - DEMO_KEYS.length + 1;
  if (startPort < 1 || startPort > startPortMax)
    throw badConfig('environment', [
      {
        path: 'START_PORT',
        message: `must be 1 to ${startPortMax}, since node i listens on START_PORT + i, for HTTP on START_PORT + ${HTTP_PORT_OFFSET} + i (it is ${startPort})`,
      },
    ]);
  const members = demoMembers(startPort);
  return {
    members,
    keys,
    ...DEFAULT_SETTINGS,
    http: demoHttp(environment, members, startPort),
    retain: null,
    archive: null,
    storeBytesMax: null,
  };
}

function fileCluster(environment: Environment, clusterFile: string): Cluster {
  const { index, keyFile } = environment;
  const file = readClusterFile(clusterFile);
  const { members, settings, retain, archive, storeBytesMax } = file;
  const directory = dirname(clusterFile);
  const { publicKey } = at(members, index);
  const keyPath = keyFile ?? join(directory, keyFileName(index));
  const keys = readKeyFile(keyPath);
  if (keys.publicKey !== publicKey)
    throw new StartError(
      'BAD_CONFIG',
      escapeControls(wrongKeyMessage(keyPath, clusterFile, keys, members, index)),
    );
  return {
    members,
    keys,
    ...settings,
    http: fileHttp(environment, file, directory),
    retain,
    archive: archive === null ? null : resolve(directory, archive),
    storeBytesMax,
  };
}

function at<T>(members: readonly T[], index: number): T {
  const member = members[index];
  if (member !== undefined) return member;
  const [allowed, size] =
    members.length === 1 ? ['0', 'one member'] : [`0 to ${members.length - 1}`, `${members.length} members`];
  throw badConfig('environment', [
    {
      path: 'INDEX',
      message: `must be ${allowed}: the cluster has ${size} (it is ${index})`,
    },
  ]);
}

function wrongKeyMessage(
  keyPath: string,
  clusterFile: string,
  keys: NodeKeys,
  members: readonly Member[],
  index: number,
): string {
  const owner = members.findIndex(({ publicKey }) => publicKey === keys.publicKey);
  const found = owner < 0 ? 'of no member' : `of members[${owner}]`;
  return (
    `key file ${JSON.stringify(keyPath)} holds the secret ${found} of cluster file ${JSON.stringify(clusterFile)}, ` +
    `not that of members[${index}]: mend INDEX, NODE_KEY_FILE or the file's publicKey`
  );
}
