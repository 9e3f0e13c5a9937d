import { ANSWER_PIECE_LENGTH } from '../../limits';
import { errorNumbers } from '../../errors';
import type { Answer } from './CommandQueue';
import { piecesOf, type TextPieces } from '../answers/pieces';

/** The one line of JSON, with its LF, that answers a line where stdin is not a terminal. */
export function answerJson(answer: Answer): TextPieces {
  if (!('result' in answer)) {
    const { code, message } = answer.error;
    const error = { code, message, ...errorNumbers(answer.error) };
    return `${JSON.stringify({ command: answer.name, ok: false, error })}\n`;
  }
  const { name, command, result } = answer;
  const json = command.json?.(result) ?? JSON.stringify(result);
  // Built by hand around the result: names from the table need no escaping.
  const head = `{"command":"${name}","ok":true,"result":`;
  if (typeof json === 'string' && json.length <= ANSWER_PIECE_LENGTH) return `${head}${json}}\n`;
  return longAnswer(head, typeof json === 'string' ? piecesOf(json) : json);
}

function* longAnswer(head: string, json: Iterable<string>): Generator<string> {
  yield head;
  yield* json;
  yield '}\n';
}
