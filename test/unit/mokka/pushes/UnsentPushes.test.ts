import { FORWARD_BYTES_MAX } from '../../../../src/limits';
import { LOG_LIMITS } from '../../../../src/mokka/log/LogLimits';
import { PendingPush } from '../../../../src/mokka/pushes/PendingPush';
import { UnsentPushes } from '../../../../src/mokka/pushes/UnsentPushes';

const BYTES = 100;
const DEADLINE = 1000;

function pushOf(nonce: number, bytes = BYTES): PendingPush {
  const id = { session: '00000000000000aa', nonce };
  const content = {
    id,
    key: 'k',
    value: 'v',
    bytes,
    named: false,
    ifLast: null,
    ifKeyLast: null,
    acceptedAt: 0,
  };
  return new PendingPush(content, DEADLINE, 0);
}

let unsent: UnsentPushes;
let pushes: PendingPush[];
beforeEach(() => {
  const few = { FORWARDS_IN_FLIGHT_MAX: 3, FORWARD_BYTES_IN_FLIGHT_MAX: 3 * BYTES };
  unsent = new UnsentPushes({ ...LOG_LIMITS, ...few });
  pushes = Array.from({ length: 8 }, (_, nonce) => pushOf(nonce));
  for (const push of pushes) unsent.add(push);
});

test('what has ended is not sent, and takes no place of those that are', () => {
  for (const push of pushes.slice(0, 4)) {
    push.ended = true;
    unsent.landed(push);
  }
  expect(unsent.nextForwarded(0)).toHaveLength(3);
  expect(pushes.map(({ attempts }) => attempts)).toEqual([0, 0, 0, 0, 1, 1, 1, 0]);
  expect(unsent.nextForwarded(0)).toEqual([]);
});

test('what lands twice gives back one place', () => {
  unsent.nextForwarded(0);
  const [first] = pushes;
  if (first !== undefined) for (let time = 0; time < 2; time++) unsent.landed(first);
  expect(unsent.nextForwarded(0)).toHaveLength(1);
});

test('another leader is sent as much, by number and by bytes', () => {
  for (let leaders = 0; leaders < 3; leaders++) {
    expect(unsent.nextForwarded(0)).toHaveLength(3);
    unsent.sendAnew(pushes);
  }
});

test('what is larger than a message should be goes alone', () => {
  unsent = new UnsentPushes(LOG_LIMITS);
  for (const bytes of [FORWARD_BYTES_MAX + 1, BYTES, BYTES]) unsent.add(pushOf(bytes, bytes));
  expect([unsent.nextForwarded(0).length, unsent.nextForwarded(0).length]).toEqual([1, 2]);
});
