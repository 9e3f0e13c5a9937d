import { encodeEntries } from '../../../../src/entry/entryFrames';
import { backupSourceOf } from '../../../../src/cli/client/backupSource';
import { backupCommands } from '../../../../src/cli/commands/backupCommands';
import { CommandQueue } from '../../../../src/cli/lines/CommandQueue';
import { COMMANDS, findCommand } from '../../../../src/cli/commands/CommandTable';
import type { HelpResult } from '../../../../src/cli/render/render';
import { answerJson } from '../../../../src/cli/lines/answerJson';
import { NodeClient, type ClientAnswer } from '../../../../src/cli/client/NodeClient';
import { RequestError } from '../../../../src/errors';
import type { CommittedLog } from '../../../../src/api';
import type { Entry } from '../../../../src/entry/Entry';
import { CLUSTER_ID, headOf } from '../../backup/backupFixture';
import { buildLog, empty, logs } from '../../storage/logFixture';
import { FakeNode } from '../FakeNode';

const entries = buildLog([empty(1), ...logs(5)]);

/** A log that a leader confirms, or not. */
function logOf(held: readonly Entry[], confirmable = true): CommittedLog {
  return {
    head: (confirmed) =>
      confirmed && !confirmable
        ? Promise.reject(new RequestError('NO_LEADER', 'no leader'))
        : Promise.resolve(held.at(-1) ?? null),
    read: (from) => Promise.resolve(held.slice(from - 1, from + 1)),
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

test('what no leader confirms is refused, unless that is asked for', async () => {
  const client = clientOf(logOf(entries, false));
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
