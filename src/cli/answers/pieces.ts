import { ANSWER_PIECE_LENGTH } from '../../limits';

/** A text, whole where it is short, else a piece at a time, so that no more than that is ever made of it at once. */
export type TextPieces = string | Iterable<string>;

/** A text in pieces of about ANSWER_PIECE_LENGTH characters; none ends within a character that takes two. */
export function* piecesOf(text: string): Generator<string> {
  for (let start = 0; start < text.length;) {
    let end = Math.min(start + ANSWER_PIECE_LENGTH, text.length);
    if (isHighSurrogate(text.charCodeAt(end - 1)) && isLowSurrogate(text.charCodeAt(end))) end++;
    yield text.slice(start, end);
    start = end;
  }
}

function isLowSurrogate(code: number): boolean {
  return code >= 0xdc00 && code < 0xe000;
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code < 0xdc00;
}
