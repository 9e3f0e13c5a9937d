import { RequestError } from '../../../../src/errors';
import { READ_CONFIRM_RETRY_MS, TRIMS_WAITING_MAX } from '../../../../src/limits';
import { LOG_LIMITS } from '../../../../src/mokka/log/LogLimits';
import { TrimRequests } from '../../../../src/mokka/requests/TrimRequests';
import type { LogMessage } from '../../../../src/mokka/messages/LogMessage';
import { LogBus } from '../log/LogBus';

/** Two nodes of a cluster with five logs: a leads, and b follows. */
function trimsOf(
  name: string,
  refusal: RequestError | null = null,
): {
  bus: LogBus;
  trims: TrimRequests;
  sent: LogMessage[];
  pass: (ms: number) => void;
  carryOut: () => void;
  wants: jest.Mock;
} {
  const bus = new LogBus(['a', 'b', 'c']);
  bus.elect('a', 1);
  for (let nonce = 1; nonce <= 5; nonce++) bus.propose('a', nonce);
  bus.settle('a');
  const sent: LogMessage[] = [];
  const wants = jest.fn();
  let now = 0;
  const trims = new TrimRequests(
    bus.log(name),
    { refusal: () => refusal },
    { send: (_, message) => sent.push(message) },
    { want: wants },
    { now: () => now },
    LOG_LIMITS,
  );
  const pass = (ms: number): void => trims.tick((now += ms));
  const carryOut = (): void => {
    bus.settle('a');
    for (const each of bus.names) bus.log(each).log.trim(Infinity);
  };
  return { bus, trims, sent, pass, carryOut, wants };
}

test('the leader proposes a trim, which is answered once its own log has forgotten as much', async () => {
  const { trims, pass, carryOut } = trimsOf('a');
  const trimmed = trims.trim(3);
  carryOut();
  pass(1);
  await expect(trimmed).resolves.toEqual({ floor: 3 });
  await expect(trims.trim(2)).resolves.toEqual({ floor: 3 });
});

test('the last log may be trimmed, too, and what is proposed is sent soon', async () => {
  const { trims, pass, carryOut, wants } = trimsOf('a');
  const trimmed = trims.trim(5);
  expect(wants).toHaveBeenCalledTimes(1);
  carryOut();
  pass(1);
  trims.close();
  await expect(trimmed).resolves.toEqual({ floor: 5 });
});

test('a node that takes no requests takes no trim', async () => {
  const { bus, trims } = trimsOf('a', new RequestError('NODE_UNREACHABLE', 'it stops'));
  const trimmed = trims.trim(3);
  trims.close();
  await expect(trimmed).rejects.toMatchObject({ code: 'NODE_UNREACHABLE' });
  expect(bus.log('a').log.lastIndex).toBe(6);
});

test('a leader that hands over, or does not know yet what is committed, neither proposes nor refuses', () => {
  const leaving = trimsOf('a');
  leaving.bus.log('a').stopTakingPushes();
  leaving.trims.receive('b', { type: 'trim', logNumber: 3 });
  expect(leaving.bus.log('a').log.lastIndex).toBe(6);
  const fresh = trimsOf('b');
  fresh.bus.log('b').lead(2, ['a', 'c']);
  const { lastIndex } = fresh.bus.log('b').log;
  for (const logNumber of [3, 6]) fresh.trims.receive('a', { type: 'trim', logNumber });
  expect(fresh.bus.log('b').log.lastIndex).toBe(lastIndex);
  expect([...leaving.sent, ...fresh.sent]).toEqual([]);
});

test('a refusal ends what it is about, and only when the leader says it', async () => {
  const { trims, pass, carryOut, bus } = trimsOf('b');
  const there = trims.trim(3);
  const missing = trims.trim(6);
  trims.receive('c', { type: 'trimRefused', logNumber: 3 });
  trims.receive('a', { type: 'trimRefused', logNumber: 6 });
  bus.log('a').proposeTrim(4);
  carryOut();
  pass(1);
  trims.close();
  await expect(there).resolves.toEqual({ floor: 3 });
  await expect(missing).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('a follower asks its leader, again until its own log has forgotten as much', async () => {
  const { bus, trims, sent, pass, carryOut } = trimsOf('b');
  const trimmed = trims.trim(3);
  pass(READ_CONFIRM_RETRY_MS - 1);
  expect(sent).toEqual([{ type: 'trim', logNumber: 3 }]);
  pass(1);
  expect(sent).toHaveLength(2);
  bus.log('a').proposeTrim(4);
  carryOut();
  pass(1);
  await expect(trimmed).resolves.toEqual({ floor: 3 });
});

test('on the leader a follower’s question becomes one entry, however often it comes', () => {
  const { bus, trims } = trimsOf('a');
  const { lastIndex } = bus.log('a').log;
  for (let times = 0; times < 3; times++) trims.receive('b', { type: 'trim', logNumber: 3 });
  expect(bus.log('a').log.lastIndex).toBe(lastIndex + 1);
});

test('a follower that does not know yet what is forgotten has no more forgotten than it asks for', () => {
  const { bus, trims, carryOut } = trimsOf('a');
  bus.log('a').proposeTrim(4);
  carryOut();
  const { lastIndex } = bus.log('a').log;
  for (const logNumber of [1, 3]) trims.receive('b', { type: 'trim', logNumber });
  expect(bus.log('a').log.lastIndex).toBe(lastIndex);
});

test('a log that is not there yet is refused, on the leader and by it', async () => {
  const leader = trimsOf('a');
  await expect(leader.trims.trim(6)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  leader.trims.receive('b', { type: 'trim', logNumber: 6 });
  expect(leader.sent).toEqual([{ type: 'trimRefused', logNumber: 6 }]);
  const follower = trimsOf('b');
  const trimmed = follower.trims.trim(6);
  follower.trims.receive('c', { type: 'trimRefused', logNumber: 6 });
  follower.trims.receive('a', { type: 'trimRefused', logNumber: 7 });
  follower.trims.receive('a', { type: 'trimRefused', logNumber: 6 });
  await expect(trimmed).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('without a leader nothing is trimmed; where one was asked the outcome is unknown', async () => {
  const { bus, trims, pass } = trimsOf('b');
  const asked = trims.trim(3);
  bus.log('b').follow(2, null);
  const never = trims.trim(3);
  pass(LOG_LIMITS.READ_DEADLINE_MS);
  await expect(asked).rejects.toMatchObject({ code: 'UNKNOWN_OUTCOME' });
  await expect(never).rejects.toMatchObject({ code: 'NO_LEADER' });
});

test('what is no index is refused, and more than may wait', async () => {
  const { trims } = trimsOf('b');
  for (const index of [0, -1, 1.5, NaN, Infinity])
    await expect(trims.trim(index)).rejects.toMatchObject({ code: 'BAD_ARGUMENT' });
  const waiting = Array.from({ length: TRIMS_WAITING_MAX }, () => trims.trim(3));
  await expect(trims.trim(3)).rejects.toMatchObject({ code: 'BUSY' });
  trims.close();
  for (const trimmed of waiting) await expect(trimmed).rejects.toMatchObject({ code: 'UNKNOWN_OUTCOME' });
});
