import type { LogEntry } from '../../src/storage/Entry';
import { Cluster } from './cluster/Cluster';
import type { NodeProcess } from './cluster/NodeProcess';

jest.setTimeout(180_000);

const LINES = 5_000;

describe('lines that arrive together', () => {
  let cluster: Cluster;

  beforeAll(async () => {
    cluster = await Cluster.started();
  });

  afterAll(() => cluster.end());

  async function addsAreAnsweredInOrder(node: NodeProcess): Promise<void> {
    const answers = await Promise.all(
      Array.from({ length: LINES }, (_, n) => node.addLog('piped', `${node.options.index}-${n}`)),
    );
    expect(answers.map((entry) => entry.log.value.value)).toEqual(
      Array.from({ length: LINES }, (_, n) => `${node.options.index}-${n}`),
    );
    const indexes = answers.map((entry: LogEntry) => entry.index);
    expect(indexes).toEqual([...indexes].sort((a, b) => a - b));
    expect(new Set(indexes).size).toBe(LINES);
  }

  test(`${LINES} of them on the leader are answered in order (CASES 14)`, async () => {
    await addsAreAnsweredInOrder(await cluster.leader());
  });

  test(`${LINES} of them on a follower are answered in order (CASES 14)`, async () => {
    await addsAreAnsweredInOrder(await cluster.follower());
  });

  test('bad lines among good ones get their own answers, in their places', async () => {
    const node = await cluster.follower();
    const lines = [
      'add_log a b',
      'nonsense',
      'get_log 01',
      'add_log',
      'get_log 1',
      '  info',
      'add_log __proto__ x',
    ];
    const answers = await Promise.all(lines.map((line) => node.command(line)));
    expect(answers.map((answer) => answer.error?.code ?? 'ok')).toEqual([
      'ok',
      'BAD_COMMAND',
      'BAD_ARGUMENT',
      'BAD_ARGUMENT',
      'ok',
      'ok',
      'ok',
    ]);
  });
});
