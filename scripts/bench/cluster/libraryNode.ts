/**
 * A node in a program that uses the library: as src/cluster_node.ts, and it runs loads of its own `logApi` when the
 * bench asks for one over IPC. Its stdin and stdout answer commands as those of any node.
 */
import { askCommand } from '../../../src/cli/askCommand';
import { createNodeLogger } from '../../../src/cli/process/logging';
import { ProcessLife } from '../../../src/cli/process/ProcessLife';
import { Stderr } from '../../../src/cli/process/Stderr';
import { readConfig } from '../../../src/config/ClusterConfig';
import { createMokka } from '../../../src/createMokka';
import { toError } from '../../../src/errors';
import { tuneForLoad } from '../../../src/tuneForLoad';
import type { TCPMokka } from '../../../src/TCPMokka';
import { LibraryLoad } from '../load/LibraryLoad';
import { toLibraryNode, type FromLibraryNode } from './libraryMessages';
import type { Load } from '../load/load';

const stderr = new Stderr(process.stderr);
const life = new ProcessLife(stderr);

const main = async (): Promise<void> => {
  const config = readConfig(process.env);
  const logger = createNodeLogger({ level: 'warn', node: config.index }, stderr);
  const { mokka, store } = await createMokka(config, logger);
  life.beforeExit(() => store.close());
  for (const { address } of config.members) mokka.nodeApi.join(address);
  tuneForLoad();
  mokka.connect();
  mokka.on('fatal', (error: Error) => life.fail(error));
  life.beforeExit(() => mokka.disconnect());
  const unexpected = (err: Error): void => logger.error({ event: 'command_failed', err }, err.message);
  const context = { node: mokka };
  askCommand(context, { dataDirectory: config.dataDirectory, logger, stderr, unexpected });
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
