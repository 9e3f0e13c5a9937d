import { VALUE_BYTES_MAX } from '../../../src/limits';
import { SEGMENT_BYTES } from '../../../src/storage/StoreLimits';
import { until } from '../cluster/until';
import { HttpCluster } from '../http/HttpCluster';

/** `settings.storeBytesMax` on three real nodes: adds end, all else goes on, and a trim brings the adds back. */

const STORE_BYTES_MAX = 4 * SEGMENT_BYTES;
const ROOM_WITHIN_MS = 60_000;

let http: HttpCluster;

beforeAll(async () => {
  http = await HttpCluster.calm({ storeBytesMax: STORE_BYTES_MAX });
});
afterAll(() => http.cluster.end());

const infoOf = async (index: number): Promise<{ problem: string | null; index: number }> =>
  (await (await http.fetch(index, '/v1/info')).json()) as { problem: string | null; index: number };

/** Adds at a node until that is refused; the number of the last log, `known` where none was added. */
async function addUntilFull(node: number, known: number): Promise<number> {
  const value = 'v'.repeat(VALUE_BYTES_MAX);
  let last = known;
  for (;;) {
    const answer = await http.push(node, 'large', value);
    if (answer.status !== 201) {
      expect(answer.status).toBe(507);
      expect(await answer.json()).toMatchObject({ code: 'STORE_FULL' });
      return last;
    }
    ({ index: last } = (await answer.json()) as { index: number });
  }
}

test('when it is full nothing is lost, all but adds goes on, and a trim makes room again', async () => {
  const first = await addUntilFull(0, 0);
  expect(first).toBeGreaterThan((0.8 * STORE_BYTES_MAX) / VALUE_BYTES_MAX);
  expect(first).toBeLessThanOrEqual(STORE_BYTES_MAX / VALUE_BYTES_MAX);
  for (const { index, problem } of await Promise.all([0, 1, 2].map(infoOf))) {
    expect(index).toBe(first);
    // The files of one may take a little less than those of the others, and less a moment later.
    expect(problem).toMatch(
      /^No room for more logs on .* Trim the log |takes 9\d % of what it may\. Trim the log /,
    );
  }
  expect((await http.fetch(0, '/v1/log/1')).status).toBe(200);

  const leader = await http.cluster.leader();
  await leader.kill();
  await http.cluster.leader();
  const { index: killed } = leader.options;
  http.cluster.start(killed, { HTTP_PORT: String(http.portOf(killed)) });
  await http.cluster.converged();
  const last = await addUntilFull(killed, first);

  const trimmed = await http.fetch(0, '/v1/trim', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ index: last - 2 }),
  });
  expect(trimmed.status).toBe(200);
  const added = await until(ROOM_WITHIN_MS, 'an add after the trim', async () => {
    const answer = await http.push(0, 'key', 'value');
    return answer.status === 201 ? ((await answer.json()) as { index: number }) : undefined;
  });
  expect(added.index).toBe(last + 1);
  await http.cluster.converged();
  await until(ROOM_WITHIN_MS, 'no problem is told of', async () => {
    const infos = await Promise.all([0, 1, 2].map(infoOf));
    return infos.every(({ problem }) => problem === null) ? true : undefined;
  });
});
