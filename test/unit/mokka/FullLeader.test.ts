import { FULL_LEADER_ASK_MS } from '../../../src/limits';
import { FullLeader } from '../../../src/mokka/FullLeader';

type Fullness = 'leader' | 'quorum' | null;

/** A leader with this fullness; whom it asked to lead. */
function leader(fullness: Fullness, successor: string | null): { tick(now: number): void; asked: string[] } {
  const asked: string[] = [];
  const view = { successor: () => successor, ask: (peer: string) => void asked.push(peer) };
  const full = new FullLeader({ fullness }, view);
  return { tick: (now) => full.tick(now), asked };
}

test.each([
  [null, []],
  ['quorum', []],
  ['leader', ['b']],
] as const)('one with fullness %s asks %j to lead', (fullness, expected) => {
  const { tick, asked } = leader(fullness, 'b');
  tick(0);
  expect(asked).toEqual(expected);
});

test('it asks again after some time, and nobody where nobody can lead', () => {
  const { tick, asked } = leader('leader', 'b');
  for (const now of [0, 1, FULL_LEADER_ASK_MS - 1, FULL_LEADER_ASK_MS]) tick(now);
  expect(asked).toEqual(['b', 'b']);
  const alone = leader('leader', null);
  alone.tick(0);
  expect(alone.asked).toEqual([]);
});
