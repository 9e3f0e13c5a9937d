/**
 * What text from elsewhere must not do to a line that a person reads: controls (C0, DEL, C1) and the ends of lines and
 * paragraphs break it or steer the terminal; what Unicode lets a terminal ignore turns its direction (U+061C, U+202A),
 * joins, or hides text within it (zero-width and tag characters, fillers), as do the marks of annotations. The two
 * selectors that make a sign an emoji or not only choose its picture.
 */
const UNSEEN = /(?![\ufe0e\ufe0f])[\p{Cc}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\ufff9-\ufffb]/gu;

/** Text on one line, of which all is seen: each such character is shown as \xNN, \uNNNN or \u{NNNNN}. */
export function escapeControls(text: string): string {
  return text.replace(UNSEEN, (character) => {
    const code = character.codePointAt(0) ?? 0;
    const hex = code.toString(16);
    if (code < 0x100) return `\\x${hex.padStart(2, '0')}`;
    return code < 0x10000 ? `\\u${hex.padStart(4, '0')}` : `\\u{${hex}}`;
  });
}
