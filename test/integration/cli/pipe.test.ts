import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PUSH_DEADLINE_MS } from '../../../src/limits';
import type { LogEntry } from '../../../src/entry/Entry';
import type { NodeInfo } from '../../../src/api';
import { AwakeTime } from '../../AwakeTime';
import { Cluster, freeStartPort } from '../cluster/Cluster';
import { NodeProcess } from '../cluster/NodeProcess';
import { until } from '../cluster/until';
import { runs } from '../../runs';

const LINES = 5_000;

/** As long as a node tries an add, with much room for a slow machine: less than two such waits in turn. */
const ANSWERS_MS_MAX = 1.9 * PUSH_DEADLINE_MS;
const STARTS = runs(3, 1);
/** Three nodes in their first seconds, on a machine that may be busy. */
const STARTED_WITHIN_MS = 120_000;

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

  test('without a majority adds and infos in turn wait together, not for each other (CASES 38)', async () => {
    const [alone, ...others] = cluster.running;
    if (alone === undefined) throw new Error('no node runs');
    await Promise.all(others.map((node) => node.kill()));
    const waited = new AwakeTime();
    const lines = Array.from({ length: 4 }, () => ['add_log k v', 'info']).flat();
    const answers = await Promise.all(lines.map((line) => alone.command(line)));
    expect(waited.end()).toBeLessThan(ANSWERS_MS_MAX);
    expect(answers.map((answer) => answer.command)).toEqual(lines.map((line) => line.split(' ')[0]));
    for (const answer of answers)
      if (answer.command === 'info') expect((answer.result as NodeInfo).problem).toContain('not reachable');
      else expect(['NO_LEADER', 'UNKNOWN_OUTCOME']).toContain(answer.error?.code);
  });
});

test(`info after an add shows it, at each of ${STARTS} first starts`, async () => {
  for (let count = 0; count < STARTS; count++) {
    const directory = mkdtempSync(join(tmpdir(), 'mokka-first-'));
    const start = new NodeProcess({
      index: 0,
      script: 'start',
      dataDirectory: directory,
      startPort: await freeStartPort(),
    });
    try {
      await until(STARTED_WITHIN_MS, 'a leader', async () =>
        ((await start.command('info')).result as NodeInfo).leader === null ? undefined : true,
      );
      const answers = await Promise.all(
        ['add_log super test', 'get_log 1', 'info'].map((line) => start.command(line)),
      );
      expect(answers).toMatchObject(answers.map(() => ({ ok: true, result: { index: 1 } })));
    } finally {
      // The end of its input stops it.
      start.child.stdin?.end();
      await start.exited;
      rmSync(directory, { recursive: true, force: true });
    }
  }
});
