/**
 * How many items of a list, from the first on, fulfil a condition that, once it does not hold, never holds again: by
 * bisection.
 */
export function countLeading<Item>(
  list: readonly Item[],
  holds: (item: Item, itemsBefore: number) => boolean,
): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const item = list[middle];
    if (item !== undefined && holds(item, middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}
