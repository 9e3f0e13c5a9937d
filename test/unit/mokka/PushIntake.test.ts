import { FORWARD_BYTES_WAITING_MAX, FORWARDS_WAITING_MAX } from '../../../src/limits';
import { PushIntake } from '../../../src/mokka/pushes/PushIntake';
import type { Proposal } from '../../../src/mokka/log/ReplicatedLog';

const nothing = (): void => undefined;

function proposalOf(pusher: string, nonce: number, payload = Buffer.alloc(0)): Proposal {
  const id = { session: '00000000000000aa', nonce };
  return { id, since: null, payload, pusher, found: nothing, committed: nothing, refused: nothing };
}

/** An intake, the own pushes that wait, and the names of what it has proposed in the room that the log has. */
function intakeWith(own: Proposal[] = []): {
  intake: PushIntake;
  proposed: string[];
  step: (room: number) => void;
} {
  const proposed: string[] = [];
  let room = 0;
  const intake = new PushIntake({
    nextOwn: () => own.shift(),
    hasRoom: () => room > 0,
    propose: ({ pusher, id }) => {
      room--;
      proposed.push(`${String(pusher)}${id.nonce}`);
    },
  });
  const step = (given: number): void => {
    room = given;
    intake.step();
  };
  return { intake, proposed, step };
}

test('each node has its turn, whatever waits of another, and each node’s pushes keep their order', () => {
  const own = Array.from({ length: 100 }, (_, nonce) => proposalOf('own', nonce));
  const { intake, proposed, step } = intakeWith(own);
  for (let nonce = 0; nonce < 3; nonce++) intake.take('a', proposalOf('a', nonce));
  intake.take('b', proposalOf('b', 0));
  step(2);
  step(2);
  step(4);
  expect(proposed).toEqual(['own0', 'a0', 'b0', 'own1', 'a1', 'own2', 'a2', 'own3']);
  expect(intake.holdsForwarded).toBe(false);
});

test('a step proposes no more than the log has room for', () => {
  const { intake, proposed, step } = intakeWith();
  for (let nonce = 0; nonce < 10; nonce++) intake.take('a', proposalOf('a', nonce));
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
  for (let nonce = 0; nonce < FORWARDS_WAITING_MAX + 10; nonce++) intake.take('a', proposalOf('a', nonce));
  const half = Buffer.alloc(FORWARD_BYTES_WAITING_MAX / 2);
  for (let nonce = 0; nonce < 3; nonce++) intake.take('b', proposalOf('b', nonce, half));
  step(Infinity);
  expect(proposed.filter((name) => name.startsWith('a'))).toHaveLength(FORWARDS_WAITING_MAX);
  expect(proposed.filter((name) => name.startsWith('b'))).toEqual(['b0', 'b1']);
  intake.take('b', proposalOf('b', 3, half));
  step(Infinity);
  expect(proposed.at(-1)).toBe('b3');
});

test('a node that leads no more forgets the pushes of others', () => {
  const { intake, proposed, step } = intakeWith();
  intake.take('a', proposalOf('a', 0));
  intake.clear();
  expect(intake.holdsForwarded).toBe(false);
  step(10);
  expect(proposed).toEqual([]);
  // What it forgot takes no room.
  const half = Buffer.alloc(FORWARD_BYTES_WAITING_MAX / 2);
  for (let round = 0; round < 2; round++) {
    intake.clear();
    for (let nonce = 0; nonce < 2; nonce++) intake.take('a', proposalOf('a', nonce, half));
  }
  step(10);
  expect(proposed).toEqual(['a0', 'a1']);
});
