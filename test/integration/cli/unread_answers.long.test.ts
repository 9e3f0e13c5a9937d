import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { SOCKET_CLIENTS_MAX, VALUE_BYTES_MAX } from '../../../src/limits';
import { AwakeTime } from '../../AwakeTime';
import { residentBytes } from '../../fuzz/memory';
import { CALM, Cluster } from '../cluster/Cluster';
import type { NodeProcess } from '../cluster/NodeProcess';
import { until } from '../cluster/until';

/** Programs at the socket that ask for much and read nothing (CASES 41), on real processes. */

jest.setTimeout(180_000);

const GROWTH_BYTES_MAX = 100 * 1024 * 1024;
const ASKED = 300;
/** Answers at stdin while the programs do not read; without them each comes in a few ms. */
const ANSWERS = 20;
const ANSWER_MS_MAX = 5000;

let cluster: Cluster;
let leader: NodeProcess;
let sockets: Socket[];

beforeAll(async () => {
  cluster = await Cluster.createWithOwnKeys({}, CALM);
  cluster.startAll();
  leader = await cluster.leader();
  // In JSON six times as large.
  await leader.addLog('large', '\u0001'.repeat(VALUE_BYTES_MAX));
  await leader.addLog('small', 'value');
  for (let count = 0; count < 3; count++) await leader.getLog(1);
});
beforeEach(() => (sockets = []));
afterEach(() => sockets.forEach((socket) => socket.destroy()));
afterAll(() => cluster.end());

function openUnread(asked = ASKED): Socket {
  const socket = connect(join(cluster.directoryOf(leader.options.index), 'commands.sock'));
  socket.on('error', () => undefined);
  socket.write('get_log 1\n'.repeat(asked));
  sockets.push(socket);
  return socket;
}

test.each([1, 8, SOCKET_CLIENTS_MAX])(
  '%i of them cost no change of leader, no second, and little memory',
  async (programs) => {
    const before = await leader.info();
    const resident = residentBytes(leader.pid);
    for (let count = 0; count < programs; count++) openUnread();
    let slowest = 0;
    let largest = 0;
    for (let count = 0; count < ANSWERS; count++) {
      const waited = new AwakeTime();
      expect((await leader.getLog(2)).log.key).toBe('small');
      slowest = Math.max(slowest, waited.end());
      largest = Math.max(largest, residentBytes(leader.pid));
      await leader.addLog('small', String(count));
    }
    expect(slowest).toBeLessThan(ANSWER_MS_MAX);
    expect(largest - resident).toBeLessThan(GROWTH_BYTES_MAX);
    const { leader: leads, currentTerm } = await leader.info();
    expect({ leads, currentTerm }).toEqual({ leads: before.leader, currentTerm: before.currentTerm });
  },
);

test('whoever reads after all gets every answer', async () => {
  const asked = 10;
  const socket = openUnread(asked);
  await leader.info();
  let bytes = 0;
  let answers = 0;
  socket.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    for (let at = chunk.indexOf('\n'); at !== -1; at = chunk.indexOf('\n', at + 1)) answers++;
  });
  await until(60_000, `${asked} answers`, () => (answers === asked ? true : undefined));
  expect(bytes).toBeGreaterThan(asked * 6 * VALUE_BYTES_MAX);
});
