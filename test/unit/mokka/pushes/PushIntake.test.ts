import { FORWARD_BYTES_WAITING_MAX, FORWARDS_WAITING_MAX, VALUE_BYTES_MAX } from '../../../../src/limits';
import { LOG_LIMITS } from '../../../../src/mokka/log/LogLimits';
import { PushIntake } from '../../../../src/mokka/pushes/PushIntake';
import type { Proposal } from '../../../../src/mokka/log/Replication';
import { encodePayload, payloadId } from '../../../../src/entry/Entry';
import type { ForwardedPush, Refusal } from '../../../../src/mokka/messages/pushes';

const SESSION = '00000000000000aa';

/** So many pushes of the largest values may wait. */
const LARGE_FIT = Math.floor(FORWARD_BYTES_WAITING_MAX / (VALUE_BYTES_MAX + 100));

function pushOf(nonce: number, valueBytes = 1): ForwardedPush {
  return {
    since: null,
    ifLast: null,
    ifKeyLast: null,
    payload: encodePayload({ session: SESSION, nonce }, 'k', 'v'.repeat(valueBytes)),
  };
}

/** An intake, the own pushes that wait, and the names of what it has proposed in the room that the log has. */
function intakeWith(own: number[] = []): {
  intake: PushIntake;
  proposed: string[];
  step: (room: number) => void;
  unknown: Set<number>;
  foreseen: number[];
} {
  const proposed: string[] = [];
  const log = {
    room: 0,
    get hasRoom(): boolean {
      return this.room > 0;
    },
    /** Nonces of pushes that ask for what is not known yet. */
    unknown: new Set<number>(),
    foreseen: [] as number[],
    canPropose({ payload }: Pick<Proposal, 'payload'>): boolean {
      return !this.unknown.has(payloadId(payload).nonce);
    },
    foresee({ payload }: Pick<Proposal, 'payload'>): void {
      this.foreseen.push(payloadId(payload).nonce);
    },
    propose({ id }: Proposal, pusher: string | null): Refusal {
      this.room--;
      proposed.push(`${pusher ?? 'own'}${id.nonce}`);
      return 'NO_LEADER';
    },
  };
  const source = {
    proposeNext(): boolean {
      const nonce = own.shift();
      if (nonce === undefined) return false;
      log.propose(
        {
          id: { session: SESSION, nonce },
          since: null,
          ifLast: null,
          ifKeyLast: null,
          payload: Buffer.alloc(0),
        },
        null,
      );
      return true;
    },
  };
  const { unknown, foreseen } = log;
  const intake = new PushIntake(log, source, { proposed: () => undefined }, LOG_LIMITS);
  const step = (given: number): void => {
    log.room = given;
    intake.step();
  };
  return { intake, proposed, step, unknown, foreseen };
}

test('each node has its turn, whatever waits of another, and each node’s pushes keep their order', () => {
  const own = Array.from({ length: 100 }, (_, nonce) => nonce);
  const { intake, proposed, step } = intakeWith(own);
  for (let nonce = 0; nonce < 3; nonce++) intake.take('a', pushOf(nonce));
  intake.take('b', pushOf(0));
  step(2);
  step(2);
  step(4);
  expect(proposed).toEqual(['own0', 'a0', 'b0', 'own1', 'a1', 'own2', 'a2', 'own3']);
  expect(intake.holdsForwarded).toBe(false);
});

test('a step proposes no more than the log has room for', () => {
  const { intake, proposed, step } = intakeWith();
  for (let nonce = 0; nonce < 10; nonce++) intake.take('a', pushOf(nonce));
  step(0);
  expect(proposed).toEqual([]);
  step(4);
  expect(proposed).toHaveLength(4);
  expect(intake.holdsForwarded).toBe(true);
  step(100);
  expect(proposed).toHaveLength(10);
});

test('what one node may have waiting is bounded by number and by bytes; others have places of their own', () => {
  const { intake, proposed, step } = intakeWith();
  for (let nonce = 0; nonce < FORWARDS_WAITING_MAX + 10; nonce++) intake.take('a', pushOf(nonce));
  for (let nonce = 0; nonce < LARGE_FIT + 2; nonce++) intake.take('b', pushOf(nonce, VALUE_BYTES_MAX));
  step(Infinity);
  expect(proposed.filter((name) => name.startsWith('a'))).toHaveLength(FORWARDS_WAITING_MAX);
  expect(proposed.filter((name) => name.startsWith('b'))).toHaveLength(LARGE_FIT);
  intake.take('b', pushOf(99, VALUE_BYTES_MAX));
  step(Infinity);
  expect(proposed.at(-1)).toBe('b99');
});

test('a node that leads no more forgets the pushes of others', () => {
  const { intake, proposed, step } = intakeWith();
  intake.take('a', pushOf(0));
  intake.clear();
  expect(intake.holdsForwarded).toBe(false);
  step(10);
  expect(proposed).toEqual([]);
  // What it forgot takes no room.
  for (let round = 0; round < 2; round++) {
    intake.clear();
    for (let nonce = 0; nonce < LARGE_FIT; nonce++) intake.take('a', pushOf(nonce, VALUE_BYTES_MAX));
  }
  step(Infinity);
  expect(proposed).toHaveLength(LARGE_FIT);
});

test('a push that asks for what is not known yet holds up its own node’s alone, in their order', () => {
  const { intake, proposed, step, unknown, foreseen } = intakeWith();
  unknown.add(2);
  for (const nonce of [1, 2, 3]) intake.take('a', pushOf(nonce));
  for (const nonce of [4, 5]) intake.take('b', pushOf(nonce));
  expect(foreseen).toEqual([1, 2, 3, 4, 5]);
  step(10);
  step(10);
  expect(proposed.sort()).toEqual(['a1', 'b4', 'b5']);
  expect(intake.holdsForwarded).toBe(true);
  unknown.clear();
  step(10);
  expect(proposed.slice(3)).toEqual(['a2', 'a3']);
});
