import { CatchUp } from '../../../../src/cli/terminal/CatchUp';

test('a node that is far behind tells how far it is and how long the rest takes, from when it was first seen so', () => {
  const catchUp = new CatchUp();
  expect(catchUp.describe(0, 9999, 0)).toBe('');
  expect(catchUp.describe(50_000, 150_000, 10_000)).toBe('catching up: 50,000 of 200,000 entries, 25 %');
  expect(catchUp.describe(100_000, 100_000, 15_000)).toBe(
    'catching up: 100,000 of 200,000 entries, 50 %, 10 s left',
  );
  expect(catchUp.describe(199_990, 10, 25_000)).toBe('');
  expect(catchUp.describe(0, null, 26_000)).toBe('');
});
