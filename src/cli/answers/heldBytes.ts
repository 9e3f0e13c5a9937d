/** A string of JavaScript has up to two bytes a character. */
const CHARACTER_BYTES = 2;

/** What any value takes beside its text, about. */
const VALUE_BYTES = 16;

/** About what a result holds in memory, bytes: in a log it is nearly all text. */
export function heldBytes(result: unknown): number {
  if (typeof result === 'string') return VALUE_BYTES + CHARACTER_BYTES * result.length;
  if (typeof result !== 'object' || result === null) return VALUE_BYTES;
  let bytes = VALUE_BYTES;
  for (const part of Object.values(result)) bytes += heldBytes(part);
  return bytes;
}
