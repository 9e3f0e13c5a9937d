import { encodeEntries } from '../../../../src/entry/entryFrames';
import { backupSourceOf } from '../../../../src/cli/client/backupSource';
import { backupCommands } from '../../../../src/cli/commands/backupCommands';
import { CommandQueue } from '../../../../src/cli/lines/CommandQueue';
import { COMMANDS, findCommand } from '../../../../src/cli/commands/CommandTable';
import type { HelpResult } from '../../../../src/cli/render/render';
import { answerJson } from '../../../../src/cli/lines/answerJson';
import { NodeClient, type ClientAnswer } from '../../../../src/cli/client/NodeClient';
import { RequestError, TrimmedError } from '../../../../src/errors';
import type { CommittedLog } from '../../../../src/api';
import { GENESIS, type Entry, type LogPoint } from '../../../../src/entry/Entry';
import { CLUSTER_ID, headOf, IDENTITY, pointOf } from '../../backup/backupFixture';
import { buildLog, empty, logs } from '../../storage/logFixture';
import { FakeNode } from '../FakeNode';

const entries = buildLog([empty(1), ...logs(5)]);

/** A log that a leader confirms, or not. */
function logOf(
  held: readonly Entry[],
  {
    confirmable = true,
    floor = GENESIS,
    identity = IDENTITY,
  }: { confirmable?: boolean; floor?: LogPoint; identity?: string | null } = {},
): CommittedLog {
  const last = held.at(-1) ?? null;
  return {
    head: (confirmed) =>
      confirmed && !confirmable
        ? Promise.reject(new RequestError('NO_LEADER', 'no leader'))
        : Promise.resolve(last === null ? null : { floor, last, identity }),
    read: (from) => {
      const at = from - floor.index - 1;
      return at < 0
        ? Promise.reject(new TrimmedError(floor.logNumber))
        : Promise.resolve(held.slice(at, at + 2));
    },
  };
}

/** A client of a node with this log, over the lines and answers of a real one. */
function clientOf(log: CommittedLog): NodeClient {
  const ask = (line: string): Promise<ClientAnswer> =>
    new Promise((resolve) => {
      const commands = [...COMMANDS, ...backupCommands(log, CLUSTER_ID)];
      const queue = new CommandQueue(
        { node: new FakeNode(), commands },
        {
          deliver: (answer) => {
            const pieces = answerJson(answer);
            const json = typeof pieces === 'string' ? pieces : [...pieces].join('');
            resolve({ json, ...(JSON.parse(json) as Omit<ClientAnswer, 'json'>) } as ClientAnswer);
          },
          progress: () => queue.advance(),
          unexpected: (error) => {
            throw error;
          },
        },
      );
      queue.offer(line);
    });
  return Object.assign(Object.create(NodeClient.prototype) as NodeClient, { ask });
}

test('a node’s log travels as it is', async () => {
  const source = backupSourceOf(clientOf(logOf(entries)), true);
  expect(await source.head()).toEqual(headOf(entries));
  expect(encodeEntries(await source.read(3))).toEqual(encodeEntries(entries.slice(2, 4)));
});

test('a trimmed log travels from its floor on; what is before it is refused', async () => {
  const floor = pointOf(entries, 3);
  const client = clientOf(logOf(entries.slice(3), { floor, identity: null }));
  const source = backupSourceOf(client, true);
  expect(await source.head()).toEqual({ ...headOf(entries, floor), identity: null });
  expect(encodeEntries(await source.read(4))).toEqual(encodeEntries(entries.slice(3, 5)));
  await expect(source.read(3)).rejects.toMatchObject({ code: 'TRIMMED' });
});

test('what no leader confirms is refused, unless that is asked for', async () => {
  const client = clientOf(logOf(entries, { confirmable: false }));
  await expect(backupSourceOf(client, true).head()).rejects.toMatchObject({ code: 'NO_LEADER' });
  expect(await backupSourceOf(client, false).head()).toEqual(headOf(entries));
});

test('a node without a committed entry says so', async () => {
  const head = backupSourceOf(clientOf(logOf([])), false).head();
  await expect(head).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test.each(['backup_page', 'backup_page 0', 'backup_page 1 2', 'backup_page x', 'backup_head please'])(
  '%s is refused',
  async (line) => {
    const answer = await clientOf(logOf(entries)).ask(line);
    expect(answer).toMatchObject({ ok: false, error: { code: 'BAD_ARGUMENT' } });
  },
);

test('no prompt has these commands, and no list shows them', async () => {
  expect(() => findCommand('backup_head')).toThrow(/there is no command/);
  const client = clientOf(logOf(entries));
  const help = await client.ask('help');
  const { commands } = (help.ok ? help.result : {}) as HelpResult;
  expect(commands?.map(({ name }) => name)).toEqual(COMMANDS.map(({ name }) => name));
  const unknown = await client.ask('nonsense');
  expect(JSON.stringify(unknown)).not.toContain('backup_');
});
