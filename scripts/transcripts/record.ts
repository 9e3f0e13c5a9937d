import { Terminal } from './Terminal';
import { Workspace } from './Workspace';

/** What a command printed, by the name that the README marks its block with. */
export type Transcripts = ReadonlyMap<string, string>;

/** The first port of the three that each session's nodes listen on. */
export interface StartPorts {
  readonly terminals: number;
  readonly failover: number;
  readonly pipe: number;
}

const NODES = [0, 1, 2];

/** The last line of an entry, as a node shows it. */
const ENTRY = /hash .*/;

/** A leader, and the prompt below whatever a node told since. */
const LEADS = / leads, term \d+\n(?:.*\n)*enter command >/;

/** The status line of `npm start` once all its nodes serve. */
const ALL_THREE = /(?=.*node (?<leader>\d) leader)node 0 \w+er {2}node 1 \w+er {2}node 2 \w+er {2}.*/;

/** Runs every command that the README shows, each session in a workspace of its own, all at the same time. */
export async function record(ports: StartPorts): Promise<Transcripts> {
  const sessions = [
    inWorkspace((workspace) => threeTerminals(workspace, ports.terminals)),
    inWorkspace((workspace) => failover(workspace, ports.failover)),
    inWorkspace((workspace) => pipe(workspace, ports.pipe)),
  ];
  const recorded = await Promise.allSettled(sessions);
  return new Map(
    recorded.flatMap((session) => {
      if (session.status === 'rejected') throw session.reason;
      return [...session.value];
    }),
  );
}

async function inWorkspace(session: (workspace: Workspace) => Promise<Transcripts>): Promise<Transcripts> {
  const workspace = new Workspace();
  try {
    return await session(workspace);
  } finally {
    Terminal.closeAll(workspace);
    workspace.remove();
  }
}

/** The tutorial, then `npm run cli`, a backup and a restore, over the same three nodes. */
async function threeTerminals(workspace: Workspace, startPort: number): Promise<Transcripts> {
  const env = { START_PORT: String(startPort) };
  const nodes = await Promise.all(NODES.map((node) => Terminal.open(workspace, `terminal-${node + 1}`, env)));
  for (const [node, terminal] of nodes.entries()) terminal.type(`npm run --silent node:${node}`);
  const keys = await shell(workspace, 'gen-keys', [
    'npm run gen-keys --silent -- --out cluster --hosts host-a,host-b,host-c',
  ]);
  await Promise.all(nodes.map((terminal) => terminal.shows(LEADS)));
  const [first, second] = nodes;
  await first?.ask('add_log super test', ENTRY);
  await second?.ask('get_log 1', ENTRY);
  const shown = ['terminal-1', first?.transcript() ?? ''] as const;
  const commands = await shell(workspace, 'cli', [
    'npm run cli --silent -- add_log color dark blue',
    'npm run cli --silent -- --node 1 list 1',
    'npm run cli --silent -- --json get_log 9; echo "status $?"',
  ]);
  const backup = await shell(workspace, 'backup', ['npm run backup --silent -- log.backup']);
  await Promise.all(nodes.map((terminal) => terminal.run('exit')));
  const restore = await shell(workspace, 'restore', [
    'CLUSTER_CONFIG=cluster/cluster.json DATA_DIR=restored INDEX=0 npm run restore --silent -- log.backup',
  ]);
  return new Map([shown, commands, backup, keys, restore]);
}

/** `npm start`: its leader is killed, a log is added while it is away, and it is started again. */
async function failover(workspace: Workspace, startPort: number): Promise<Transcripts> {
  const terminal = await Terminal.open(workspace, 'failover', { START_PORT: String(startPort) });
  terminal.type('npm start --silent');
  await terminal.shows(LEADS);
  const leader = Number((await terminal.shows(ALL_THREE)).groups?.['leader']);
  const other = (leader + 1) % NODES.length;
  await terminal.ask(`use ${other}`, /commands go to .*/, ALL_THREE);
  await terminal.ask(`kill ${leader}`, /killed node \d\n(?:.*\n)*node \d leads.*/, /.*stopped.*/);
  await terminal.ask('add_log still here', ENTRY, /.*1 log/);
  await terminal.ask(`start ${leader}`, /starting node \d/, ALL_THREE);
  const shown = terminal.transcript();
  await terminal.run('exit');
  return new Map([['failover', shown]]);
}

async function pipe(workspace: Workspace, startPort: number): Promise<Transcripts> {
  const lines = String.raw`add_log super test\nget_log 2\nnonsense\n`;
  const env = { START_PORT: String(startPort) };
  const commands = [`printf '${lines}' | npm start --silent 2>node.log`];
  return new Map([await shell(workspace, 'pipe', commands, env)]);
}

/** Commands typed one after the other at a shell. */
async function shell(
  workspace: Workspace,
  name: string,
  commands: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<readonly [string, string]> {
  const terminal = await Terminal.open(workspace, name, env);
  for (const command of commands) await terminal.run(command);
  return [name, terminal.transcript()];
}
