import type { Answer } from './CommandQueue';

/** The one line of JSON, with its LF, that answers a line where stdin is not a terminal (DESIGN, Commands). */
export function answerJson(answer: Answer): string {
  // Built by hand around the result: names from the table need no escaping.
  if ('result' in answer) {
    const { name, command, result } = answer;
    return `{"command":"${name}","ok":true,"result":${command.json?.(result) ?? JSON.stringify(result)}}\n`;
  }
  const { code, message } = answer.error;
  return `${JSON.stringify({ command: answer.name, ok: false, error: { code, message } })}\n`;
}
