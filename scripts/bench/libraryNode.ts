/**
 * A node in a program that uses the library: as src/cluster_node.ts, and it runs loads of its own `logApi` when the
 * bench asks for one over IPC. Its stdin and stdout answer commands as those of any node.
 */
import { askCommand } from '../../src/cli/askCommand';
import { createNonces } from '../../src/cli/Nonces';
import { createNodeLogger } from '../../src/cli/logging';
import { ProcessLife } from '../../src/cli/ProcessLife';
import { Stderr } from '../../src/cli/Stderr';
import { readConfig } from '../../src/config/ClusterConfig';
import { clusterFingerprint } from '../../src/config/clusterFingerprint';
import { invariant, toError } from '../../src/errors';
import { tuneForLoad } from '../../src/tuneForLoad';
import { LmdbLogStore } from '../../src/storage/LmdbLogStore';
import { TCPMokka } from '../../src/TCPMokka';
import { LibraryLoad } from './LibraryLoad';
import { toLibraryNode, type FromLibraryNode } from './libraryMessages';
import type { Load } from './load';

const stderr = new Stderr(process.stderr);
const life = new ProcessLife(stderr);

const main = async (): Promise<void> => {
  const { index, members, keys, dataDirectory, heartbeat, electionTimeout } = readConfig(process.env);
  const member = members[index];
  invariant(member !== undefined, () => `INDEX ${index} of ${members.length} members`);
  const logger = createNodeLogger({ level: 'warn', node: index }, stderr);
  const store = await LmdbLogStore.open({
    directory: dataDirectory,
    clusterId: clusterFingerprint(members.map(({ publicKey }) => publicKey)),
    publicKey: keys.publicKey,
  });
  life.beforeExit(() => store.close());
  const mokka = new TCPMokka({
    address: member.address,
    index,
    heartbeat,
    electionTimeout,
    logger,
    privateKey: keys.votingKey,
    secretKey: keys.secretKey,
    store,
  });
  for (const [peer, { address }] of members.entries()) if (peer !== index) mokka.nodeApi.join(address);
  tuneForLoad();
  mokka.connect();
  mokka.on('fatal', (error: Error) => life.fail(error));
  life.beforeExit(() => mokka.disconnect());
  const unexpected = (err: Error): void => logger.error({ event: 'command_failed', err }, err.message);
  const context = { node: mokka, nextNonce: createNonces(Date.now) };
  askCommand(context, { dataDirectory, logger, stderr, unexpected });
  process.on('message', (message) => void runLoad(mokka, toLibraryNode.parse(message).load));
};

const runLoad = async (mokka: TCPMokka, load: Load): Promise<void> => {
  try {
    tell({ result: await new LibraryLoad(mokka, load).run((progress) => tell({ progress })) });
  } catch (thrown) {
    tell({ failed: toError(thrown).message });
  }
};

const tell = (message: FromLibraryNode): void => {
  // The callback takes the error of a bench that is just gone; 'disconnect' says so too.
  process.send?.(message, undefined, undefined, () => undefined);
};

main().catch((error: unknown) => life.fail(error));
