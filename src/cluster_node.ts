import NodeStates from 'mokka/dist/consensus/constants/NodeStates';
import { ProcessLife } from './cli/process/ProcessLife';
import type { Prompt } from './cli/lines/Prompt';
import { Stderr } from './cli/process/Stderr';
import { NODE_USAGE, takeNoArguments } from './cli/shell/scriptUsage';
import { readConfig } from './config/ClusterConfig';
import { STOP_ANSWERS_MS_MAX } from './limits';
import type { LogStore } from './storage/LogStore';
import type { TCPMokka } from './TCPMokka';
import { limitNameLookups } from './transport/nameLookup';
import { tuneForLoad } from './tuneForLoad';

takeNoArguments(NODE_USAGE);
const stderr = new Stderr(process.stderr);

/** Made before anything else, so that a signal during the start is a clean stop too. */
const life = new ProcessLife(stderr);

/** Inits the mokka instance, bootstraps the other nodes, and calls askCommand. */
const initMokka = async (): Promise<void> => {
  const config = readConfig(process.env);
  // Loaded only now: what is wrong with the configuration is told at once.
  const { createNodeLogger } = await import('./cli/process/logging');
  const { askCommand } = await import('./cli/askCommand');
  const { CommandLoad } = await import('./cli/answers/CommandLoad');
  const { openDoors } = await import('./openDoors');
  const { tellSupervisor } = await import('./cli/cluster/supervision');

  const { index, members, dataDirectory } = config;
  const level = config.logLevel ?? (process.stdin.isTTY ? 'warn' : 'info');
  const logger = createNodeLogger({ level, node: index }, stderr);
  life.reportTo((err) => logger.fatal({ event: 'unexpected_error', err }, err.message));
  process.on('SIGHUP', () => logger.info({ event: 'hangup' }, 'SIGHUP changes nothing here'));
  if (config.demo)
    logger.warn(
      { event: 'demo_keys' },
      'demo keys, whose secrets are public: for tries on this machine only',
    );

  const unwatched = (err: Error): void =>
    logger.warn({ event: 'unwatched', err }, `nobody watches the disk: ${err.message}`);
  const watch = (store: LogStore): LogStore => watchedStore(store, { node: index, unwatched });
  const { watchedStore } = await import('./watch/watchedStore');
  const { createMokka } = await import('./createMokka');
  const { mokka, store } = await createMokka(config, logger, watch);
  life.beforeExit(() => store.close());
  for (const { address } of members) mokka.nodeApi.join(address);
  tuneForLoad();
  limitNameLookups();
  mokka.connect();
  mokka.on('state', () => {
    logger.info({ event: 'state' }, `changed state ${mokka.state} with term ${mokka.term}`);
    if (mokka.state === NodeStates.LEADER) tellSupervisor({ event: 'leads' });
  });
  mokka.on('error', (err) => logger.error({ event: 'error', err }, err.message));
  mokka.on('fatal', (err) => life.fail(err));

  const context = { node: mokka, load: new CommandLoad() };
  const unexpected = (err: Error): void => logger.error({ event: 'command_failed', err }, err.message);
  const doors = await openDoors(mokka, config, logger, { load: context.load, unexpected });
  const prompt = askCommand(context, { dataDirectory, logger, stderr, unexpected });
  life.beforeExit(() => leave(mokka, [prompt, doors]));
  prompt.notify(`node ${index} of a cluster of ${members.length}: help lists the commands`);
  if (doors.page !== null) prompt.notify(doors.page);
  if ((await prompt.ended) === 'exit') await life.stop();
  else tellSupervisor({ event: 'input-ended' });
};

/** Answers what is in flight, leaves the cluster, and then what could not be answered before. */
const leave = async (mokka: TCPMokka, inputs: readonly Pick<Prompt, 'stop'>[]): Promise<void> => {
  const stopInputs = (): Promise<unknown> =>
    Promise.all(inputs.map((input) => input.stop(STOP_ANSWERS_MS_MAX)));
  await stopInputs();
  await mokka.disconnect();
  await stopInputs();
};

initMokka().catch((error: unknown) => life.fail(error));
