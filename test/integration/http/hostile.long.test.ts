import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { NodeInfo } from '../../../src/api';
import { residentBytes } from '../../fuzz/memory';
import { HttpCluster } from './HttpCluster';

const MiB = 1024 * 1024;
const GROWTH_MIB_MAX = 50;
const LOGS = 24;
const PHASE_MS = 4000;

let http: HttpCluster;
let term: number;
const sockets: Socket[] = [];

const termOf = async (): Promise<number> =>
  ((await (await http.fetch(1, '/v1/info')).json()) as NodeInfo).currentTerm;
const bytesNow = (): number => residentBytes(http.cluster.node(0).pid);

/** As many connections of clients that read nothing, each of which says this. */
function attack(connections: number, text: string): void {
  for (let at = 0; at < connections; at++) {
    const socket = connect(http.portOf(0), '127.0.0.1').on('error', () => undefined);
    socket.pause();
    if (text !== '') socket.write(text);
    sockets.push(socket);
  }
}

/** The most memory that node 0 has while the attack goes on. */
async function peak(): Promise<number> {
  let most = 0;
  const end = performance.now() + PHASE_MS;
  while (performance.now() < end) {
    most = Math.max(most, bytesNow());
    await pause(50);
  }
  return most;
}

beforeAll(async () => {
  http = await HttpCluster.calm();
  const value = 'x'.repeat(MiB - 100);
  for (let log = 0; log < LOGS; log++) expect((await http.push(0, 'large', value)).status).toBe(201);
  // What V8 takes for the garbage of as many clients that do read: the others must not take much more.
  for (const path of ['/v1/log?from=1&limit=1000', '/v1/log/1', '/v1/log/2', '/v1/log/3'])
    await Promise.all(Array.from({ length: 64 }, async () => (await http.fetch(0, path)).text()));
  term = await termOf();
});
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});
afterAll(() => http.cluster.end());

const head = (request: string): string =>
  `${request} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${http.token}\r\n`;

test.each([
  ['pages that nobody reads', 64, () => `${head('GET /v1/log?from=1&limit=1000')}\r\n`],
  ['followers that read nothing', 64, () => `${head('GET /v1/log?from=1&follow=sse')}\r\n`],
  ['entries that nobody reads', 64, () => `${head('GET /v1/log/1')}\r\n`.repeat(4)],
  [
    'bodies that do not end',
    64,
    () =>
      `${head('POST /v1/log')}Content-Type: application/json\r\nContent-Length: 2000000\r\n\r\n${'y'.repeat(1_900_000)}`,
  ],
  [
    'lines that do not end',
    64,
    () =>
      `${head('POST /v1/log')}Content-Type: application/x-ndjson\r\nContent-Length: 2000000\r\n\r\n${'y'.repeat(1_900_000)}`,
  ],
  ['connections that send nothing', 64, () => ''],
  ['heads that do not end', 64, () => 'GET /livez HTTP/1.1\r\nHost: 127.0'],
  ['idle connections', 1000, () => 'GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'],
])('%s: %d of them change no leader, and take little memory', async (_name, connections, text) => {
  // What the attacks before it left is garbage, which V8 collects when it needs the room.
  const before = bytesNow();
  attack(connections, text());
  expect((await peak()) - before).toBeLessThan(GROWTH_MIB_MAX * MiB);
  expect(await termOf()).toBe(term);
  expect((await http.fetch(0, '/livez')).status).toBe(200);
  const pushed = await http.push(0, 'small', 'goes on');
  expect([pushed.status, await pushed.text()]).toEqual([201, expect.stringContaining('goes on')]);
});
