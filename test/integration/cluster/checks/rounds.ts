/**
 * How many rounds, or seconds, of what CASES asks for are done: `few` unless CASES_ROUNDS_FACTOR is set, with which
 * `all` is multiplied (1 does all that CASES asks for).
 */
export function rounds(all: number, few: number): number {
  const factor = process.env['CASES_ROUNDS_FACTOR'];
  if (factor === undefined) return few;
  if (!(Number(factor) > 0)) throw new Error(`CASES_ROUNDS_FACTOR must be a number over 0 (it is ${factor})`);
  return Math.max(1, Math.round(all * Number(factor)));
}

/** The seed of a test's random choices, printed so that a failure can be tried again with CI_SEED. */
export function printedSeed(): number {
  const seed = Number(process.env['CI_SEED'] ?? 1);
  process.stdout.write(`CI_SEED=${seed}\n`);
  return seed;
}
