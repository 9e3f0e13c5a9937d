import { RequestError } from '../../errors';
import type { ClusterNode } from '../../api';
import { COMMANDS, type Command } from '../commands/CommandTable';
import { wrap } from '../render/render';

/** What a prompt over several nodes of this machine can do with them. */
export interface ClusterControl {
  readonly size: number;
  /** Makes a node the one that the prompt's commands go to. */
  use(node: number): void;
  /** Ends a running node as kill -9 does. */
  kill(node: number): Promise<void>;
  /** Starts a node that does not run. */
  start(node: number): void;
  isRunning(node: number): boolean;
}

/** A node's commands, and those that choose, kill and start one of several. */
export function clusterCommands(control: ClusterControl): readonly Command[] {
  const parse = (text: string): number => parseNode(text, control.size);
  const row = (name: string, summary: string, act: (node: number) => Promise<string> | string): Command =>
    ({
      name,
      usage: `${name} N`,
      summary,
      effect: 'control',
      parse,
      run: async (_context, node) => ({ done: await act(node) }),
      render: ({ done }, { columns }) => wrap(done, columns),
    }) satisfies Command<number, { done: string }>;
  const own = [
    row('use', 'move this prompt to node N', (node) => {
      control.use(node);
      return `commands go to node ${node}${control.isRunning(node) ? '' : `, which does not run: start ${node}`}`;
    }),
    row('kill', 'kill -9 node N, to watch a failover', async (node) => {
      if (!control.isRunning(node)) throw new RequestError('BAD_ARGUMENT', `node ${node} does not run`);
      await control.kill(node);
      return `killed node ${node}${lostMajority(control)}`;
    }),
    row('start', 'start node N again', (node) => {
      if (control.isRunning(node)) throw new RequestError('BAD_ARGUMENT', `node ${node} runs`);
      control.start(node);
      return `starting node ${node}`;
    }),
  ];
  const [exit, ...others] = [...COMMANDS].reverse();
  return [
    ...others.reverse(),
    ...own,
    ...(exit === undefined ? [] : [{ ...exit, summary: 'stop all nodes' }]),
  ];
}

/** One of several nodes: whichever is in use at the time of each call. */
export function nodeInUse(inUse: () => ClusterNode): ClusterNode {
  return {
    trim: (index) => inUse().trim(index),
    logApi: { push: (key, value, options) => inUse().logApi.push(key, value, options) },
    getDb: () => inUse().getDb(),
  };
}

/** How many of so many nodes are a majority. */
export function majorityOf(size: number): number {
  return Math.floor(size / 2) + 1;
}

/** What to add where the nodes that run are too few; nothing else. */
function lostMajority(control: ClusterControl): string {
  const { size } = control;
  const running = Array.from({ length: size }, (_, node) => node).filter((node) =>
    control.isRunning(node),
  ).length;
  const needed = majorityOf(size);
  if (running >= needed) return '';
  return `: nothing can be committed now, since ${running} of ${size} nodes run and ${needed} are needed: start one again`;
}

function parseNode(text: string, size: number): number {
  const digits = text.replace(/^ +| +$/g, '');
  if (/^\d$/.test(digits) && Number(digits) < size) return Number(digits);
  throw new RequestError('BAD_ARGUMENT', `this command needs the number of a node, 0 to ${size - 1}`);
}
