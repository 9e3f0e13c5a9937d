import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Retain } from '../../../src/api';
import { RETAIN_LOOK_MS, REMEMBERED_PUSHES_MAX, VALUE_BYTES_MAX } from '../../../src/limits';
import { SEGMENT_BYTES } from '../../../src/storage/StoreLimits';
import { SERVES_WITHIN_MS } from '../cluster/Cluster';
import type { Answer } from '../cluster/NodeProcess';
import { until } from '../cluster/until';
import { HttpCluster } from '../http/HttpCluster';

/** `settings.retain` on three real nodes: nobody trims, and what is too much goes from every disk. */

const MEMBERS = [0, 1, 2];
/** The leader may have looked just before. */
const TRIMS_WITHIN_MS = 2 * RETAIN_LOOK_MS + SERVES_WITHIN_MS;
/** How many of the largest values fill a file. */
const LARGE_IN_FILE = SEGMENT_BYTES / VALUE_BYTES_MAX;
const UNDER_WAY = 8;
const LINES_A_REQUEST = 256;

test('by bytes: files go until what is left fits', async () => {
  const bytes = 4 * SEGMENT_BYTES;
  await onRetaining({ bytes }, async (http) => {
    const logs = 6 * LARGE_IN_FILE;
    await addLarge(http, logs);
    const floor = await sameFloor(http);
    expect(floor).toBeGreaterThanOrEqual(LARGE_IN_FILE - 1);
    expect((logs - floor) * VALUE_BYTES_MAX).toBeGreaterThan(bytes / 2);
  });
});

test('by logs: a file goes once none of its pushes is remembered', async () => {
  await onRetaining({ logs: 1 }, async (http) => {
    await addLarge(http, LARGE_IN_FILE + 1);
    await addSmall(http, REMEMBERED_PUSHES_MAX);
    const floor = await sameFloor(http);
    expect(floor).toBeGreaterThanOrEqual(LARGE_IN_FILE - 1);
    expect(floor).toBeLessThanOrEqual(LARGE_IN_FILE + 1);
  });
});

/** Runs a case on a cluster with these settings, and looks whether logs are taken after it, over restarts too. */
async function onRetaining(retain: Retain, run: (http: HttpCluster) => Promise<void>): Promise<void> {
  const http = await HttpCluster.calm({ retain });
  try {
    await run(http);
    const before = await floorOf(http, 0);
    await http.cluster.node(0).kill();
    http.cluster.start(0, { HTTP_PORT: String(http.portOf(0)) });
    await http.cluster.leader();
    expect((await http.push(0, 'after', 'the trim')).status).toBe(201);
    expect(await floorOf(http, 0)).toBeGreaterThanOrEqual(before);
    await http.cluster.converged();
  } finally {
    await http.cluster.end();
  }
}

/** The floor once it is the same at each node, and the files before it are gone at each. */
async function sameFloor(http: HttpCluster): Promise<number> {
  let seen: unknown;
  return until(
    TRIMS_WITHIN_MS,
    'all nodes have trimmed as much, and removed the files',
    async () => {
      const floors = await Promise.all(MEMBERS.map((index) => floorOf(http, index)));
      const files = MEMBERS.map((index) => firstFile(http, index));
      seen = { floors, files };
      const [floor = 0] = floors;
      if (floor === 0 || floors.some((other) => other !== floor)) return undefined;
      // The leader's first entry is no log.
      return files.every((first) => first === floor + 2) ? floor : undefined;
    },
    () => JSON.stringify(seen),
  );
}

/** The number of the last log that is forgotten at a node, as whoever reads the first one is told; 0: it is there. */
async function floorOf(http: HttpCluster, index: number): Promise<number> {
  const answer = await http.fetch(index, '/v1/log/1');
  const body = (await answer.json()) as { code?: string; floor?: number };
  if (answer.status === 200) return 0;
  expect({ status: answer.status, code: body.code }).toEqual({ status: 410, code: 'TRIMMED' });
  const floor = body.floor ?? 0;
  expect((await http.fetch(index, `/v1/log/${floor}`)).status).toBe(410);
  expect((await http.fetch(index, `/v1/log/${floor + 1}`)).status).toBe(200);
  return floor;
}

/** The index of the first entry in the first file of a node. */
function firstFile(http: HttpCluster, index: number): number {
  const [first = ''] = readdirSync(join(http.cluster.directoryOf(index), 'log')).sort();
  return Number.parseInt(first, 10);
}

/** Adds so many of the largest values at node 0. */
async function addLarge(http: HttpCluster, count: number): Promise<void> {
  const value = 'v'.repeat(VALUE_BYTES_MAX);
  await eachOf(count, async () => expect((await http.push(0, 'large', value)).status).toBe(201));
}

async function addSmall(http: HttpCluster, count: number): Promise<void> {
  const body = `${JSON.stringify({ key: 'small', value: '' })}\n`.repeat(LINES_A_REQUEST);
  await eachOf(Math.ceil(count / LINES_A_REQUEST), async () => {
    const headers = { 'content-type': 'application/x-ndjson' };
    const answer = await http.fetch(0, '/v1/log', { method: 'POST', headers, body });
    const lines = (await answer.text()).split('\n').filter((line) => line !== '');
    expect(lines).toHaveLength(LINES_A_REQUEST);
    expect(lines.find((line) => !(JSON.parse(line) as Answer).ok)).toBeUndefined();
  });
}

/** Runs so many steps, some at a time. */
async function eachOf(count: number, step: () => Promise<void>): Promise<void> {
  let left = count;
  const run = async (): Promise<void> => {
    while (left-- > 0) await step();
  };
  await Promise.all(Array.from({ length: UNDER_WAY }, run));
}
