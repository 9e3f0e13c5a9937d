/**
 * What takes two columns of a terminal: what Unicode calls wide or fullwidth (UAX 11, by blocks: Hangul Jamo, CJK, kana,
 * Yi, Hangul, compatibility and vertical forms, fullwidth forms, Tangut, Khitan, Nushu, counting signs, the two
 * planes of CJK extensions), and emoji. The libraries that know it are ESM alone, or of a Unicode years ago.
 */
const WIDE = new RegExp(
  `^(?:${[
    '[\\u1100-\\u115f\\u2329\\u232a\\u2630-\\u2637\\u268a-\\u268f\\u2e80-\\u303e\\u3041-\\u3247\\u3250-\\ua4cf]',
    '[\\ua960-\\ua97c\\uac00-\\ud7a3\\uf900-\\ufaff\\ufe10-\\ufe19\\ufe30-\\ufe6b\\uff01-\\uff60\\uffe0-\\uffe6]',
    '[\\u{16fe0}-\\u{18dff}\\u{1aff0}-\\u{1b2ff}\\u{1d300}-\\u{1d376}\\u{1f200}-\\u{1f265}]',
    '[\\u{20000}-\\u{2fffd}\\u{30000}-\\u{3fffd}]',
    '\\p{Emoji_Presentation}',
  ].join('|')})`,
  'u',
);

/** Columns that a character, as {@link splitCharacters} gives it, takes. */
export function columnsOf(character: string): number {
  return WIDE.test(character) ? 2 : 1;
}

const segmenter = new Intl.Segmenter();

/** What a reader sees as characters: an accent is not cut from its letter. */
export function splitCharacters(text: string): string[] {
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}
