/** Letters that make a beginning worth a guess. */
const BEGINNING_MIN = 3;

/** The name that was most likely meant by a word, or null where none is near. */
export function nearestName(word: string, names: readonly string[]): string | null {
  const plain = word.toLowerCase().replaceAll('-', '_');
  const slipsMax = Math.max(1, Math.floor(plain.length / 3));
  const near = names
    .map((name) => ({ name, slips: slipsBetween(plain, name) }))
    .filter(({ slips }) => slips <= slipsMax && slips < plain.length)
    .sort((one, other) => one.slips - other.slips)[0];
  if (near !== undefined) return near.name;
  const begun = plain.length < BEGINNING_MIN ? [] : names.filter((name) => name.startsWith(plain));
  return begun[0] ?? null;
}

/** Letters that are missing, too many, wrong, or swapped with the next (the optimal string alignment distance). */
function slipsBetween(one: string, other: string): number {
  const rows = [Array.from({ length: other.length + 1 }, (_, at) => at)];
  const slips = (row: number, column: number): number => rows[row]?.[column] ?? Infinity;
  for (let row = 1; row <= one.length; row++) {
    const costs = [row];
    rows.push(costs);
    for (let column = 1; column <= other.length; column++) {
      const same = one[row - 1] === other[column - 1];
      const swapped = row > 1 && one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
      costs.push(
        Math.min(
          slips(row - 1, column) + 1,
          slips(row, column - 1) + 1,
          slips(row - 1, column - 1) + (same ? 0 : 1),
          swapped ? slips(row - 2, column - 2) + 1 : Infinity,
        ),
      );
    }
  }
  return slips(one.length, other.length);
}
