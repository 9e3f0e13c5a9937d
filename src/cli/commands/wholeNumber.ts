/**
 * The number from 1 to 2^53 - 1 that a text is. Spaces around it do not count; signs, leading zeros, exponents and the like
 * are refused (null).
 */
export function wholeNumber(text: string): number | null {
  const digits = text.replace(/^ +| +$/g, '');
  const number = /^[1-9][0-9]{0,15}$/.test(digits) ? Number(digits) : NaN;
  return Number.isSafeInteger(number) ? number : null;
}
