/**
 * A node in a program that uses the library: as src/cluster_node.ts, and it runs loads of its own `logApi` when the
 * bench asks for one over IPC. Its stdin and stdout answer commands as those of any node.
 */
import { askCommand } from '../../src/cli/askCommand';
import { createNonces } from '../../src/cli/commands/Nonces';
import { createNodeLogger } from '../../src/cli/process/logging';
import { ProcessLife } from '../../src/cli/process/ProcessLife';
import { Stderr } from '../../src/cli/process/Stderr';
import { readConfig } from '../../src/config/ClusterConfig';
import { toError } from '../../src/errors';
import { tuneForLoad } from '../../src/tuneForLoad';
import { openStore } from '../../src/storage/lmdb/openStore';
import { TCPMokka } from '../../src/TCPMokka';
import { LibraryLoad } from './LibraryLoad';
import { toLibraryNode, type FromLibraryNode } from './libraryMessages';
import type { Load } from './load';

const stderr = new Stderr(process.stderr);
const life = new ProcessLife(stderr);

const main = async (): Promise<void> => {
  const config = readConfig(process.env);
  const { index, address, members, keys, dataDirectory, heartbeat, electionTimeout } = config;
  const logger = createNodeLogger({ level: 'warn', node: index }, stderr);
  const store = await openStore(config);
  life.beforeExit(() => store.close());
  const mokka = new TCPMokka({
    address,
    members: members.map(({ address }) => address),
    heartbeat,
    electionTimeout,
    logger,
    privateKey: keys.votingKey,
    secretKey: keys.secretKey,
    store,
  });
  for (const { address } of members) mokka.nodeApi.join(address);
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
