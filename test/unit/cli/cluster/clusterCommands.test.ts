import { clusterCommands, nodeInUse, type ClusterControl } from '../../../../src/cli/cluster/clusterCommands';
import { COMMANDS, findCommand } from '../../../../src/cli/commands/CommandTable';
import { FakeNode } from '../FakeNode';

class Control implements ClusterControl {
  readonly size = 3;
  readonly running = new Set([0, 1, 2]);
  readonly nodes = [new FakeNode(), new FakeNode(), new FakeNode()];
  inUse = 0;
  use(node: number): void {
    this.inUse = node;
  }
  kill(node: number): Promise<void> {
    this.running.delete(node);
    return Promise.resolve();
  }
  start(node: number): void {
    this.running.add(node);
  }
  isRunning(node: number): boolean {
    return this.running.has(node);
  }
}

const control = new Control();
const commands = clusterCommands(control);
const inUse = nodeInUse(() => control.nodes[control.inUse] ?? new FakeNode());
const context = { node: inUse, commands };

async function run(name: string, text = ''): Promise<unknown> {
  const command = findCommand(name, commands);
  return command.run(context, command.parse(text));
}

test('a node’s commands go to the node in use', async () => {
  await run('add_log', 'a 1');
  await run('use', '2');
  await run('add_log', 'b 2');
  expect(control.nodes.map(({ calls }) => calls)).toEqual([['push a'], [], ['push b']]);
});

test('only what runs is killed, and only what does not is started', async () => {
  await run('kill', '1');
  expect([...control.running]).toEqual([0, 2]);
  await expect(run('kill', '1')).rejects.toMatchObject({ code: 'BAD_ARGUMENT' });
  await run('start', '1');
  await expect(run('start', '1')).rejects.toMatchObject({ code: 'BAD_ARGUMENT' });
});

test('a kill that leaves no majority says so', async () => {
  expect(await run('kill', '0')).toEqual({ done: 'killed node 0' });
  const killed = await run('kill', '1');
  expect(killed).toEqual({
    done: 'killed node 1: nothing can be committed now, since 1 of 3 nodes run and 2 are needed: start one again',
  });
  expect(findCommand('kill', commands).render(killed, { columns: 80, color: false })).toBe(
    'killed node 1: nothing can be committed now, since 1 of 3 nodes run and 2 are\nneeded: start one again',
  );
  await run('start', '0');
  await run('start', '1');
});

test.each(['', '3', '-1', '01', 'x', '1 2'])('a node called %j is refused', async (text) => {
  await expect(run('use', text)).rejects.toMatchObject({ code: 'BAD_ARGUMENT' });
});

test('help has all commands of a node and these, exit last', async () => {
  const { commands: rows } = (await run('help')) as { commands: { name: string }[] };
  const names = COMMANDS.map(({ name }) => name).filter((name) => name !== 'exit');
  expect(rows.map(({ name }) => name)).toEqual([...names, 'use', 'kill', 'start', 'exit']);
});
