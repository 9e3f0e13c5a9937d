import { StoppingLeader } from '../../../src/mokka/StoppingLeader';

type Parts = ConstructorParameters<typeof StoppingLeader>;

const silent = (): void => undefined;
const info = jest.fn();
const handOver = jest.fn();
let log: { leads: boolean; leader: string | null; upToDateVoters: string[] };
let logApi: { idle: boolean };
let leader: StoppingLeader;

/** Heard last of the peers: `c` longest ago, then `a`, then `b`; `b` is not linked. */
const HEARD_AT: Readonly<Record<string, number>> = { a: 20, b: 30, c: 10 };

beforeEach(() => {
  jest.resetAllMocks();
  log = { leads: true, leader: 'm', upToDateVoters: ['c', 'a', 'b'] };
  logApi = { idle: true };
  const election = { handOver, followerHeardAt: (peer: string) => HEARD_AT[peer] };
  const links = { linkState: (peer: string) => ({ connected: peer !== 'b' }) };
  const view = { memberIndex: (peer: string) => 'abc'.indexOf(peer) };
  const logger = { info, error: silent, warn: silent, debug: silent, trace: silent };
  leader = new StoppingLeader(...([log, logApi, election, links, view, logger] as unknown as Parts));
});

test('it leads as long as its log does', () => {
  expect(leader.leads()).toBe(true);
  log.leads = false;
  expect(leader.leads()).toBe(false);
});

test.each([
  ['nobody leads', null, true, false],
  ['its pushes wait', 'a', false, false],
  ['another leads and its pushes are answered', 'a', true, true],
])('when %s it is done: %#', (_when, leads, idle, done) => {
  log.leader = leads;
  logApi.idle = idle;
  expect(leader.done()).toBe(done);
});

test('its successor is linked, and was heard last', () => {
  expect(leader.successor()).toBe('a');
  log.upToDateVoters = ['b'];
  expect(leader.successor()).toBeNull();
});

test('it asks the successor to lead, and says so by its number', () => {
  leader.ask('c');
  expect(handOver.mock.calls).toEqual([['c']]);
  expect(info.mock.calls).toEqual([[{ event: 'handover' }, 'asking node 2 to lead']]);
});
