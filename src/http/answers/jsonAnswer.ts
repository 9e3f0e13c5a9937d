import { NOT_STORED } from './caching';
import { JSON_TYPE } from './mediaTypes';
import type { Answer } from './problemAnswer';

/** An answer of JSON that may be another the next time. `headers`: more of them. */
export function jsonAnswer(
  status: number,
  content: unknown,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return {
    status,
    headers: { ...NOT_STORED, ...headers, 'content-type': JSON_TYPE },
    body: JSON.stringify(content),
  };
}
