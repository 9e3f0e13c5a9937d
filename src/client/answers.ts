import { ConditionFailedError, Fault, isCode, RequestError, TrimmedError } from './clientErrors';

/** Statuses after which another try may succeed. 502 is a proxy's. */
const TRIED_AGAIN = [502, 503, 504];
/** Of these, the ones after which the request may have been done. */
const MAY_BE_DONE = [502, 504];

/** An answer that is whole. */
export interface Answer {
  readonly status: number;
  readonly text: string;
  /** What the node told of its log. */
  readonly since: string | null;
  /** What it came from, for messages. */
  readonly url: string;
}

/** What an answer holds. @throws RequestError or Fault, where it tells an error or is none of a node's. */
export function contentOf<T extends object>(answer: Answer, isOne: (content: object) => content is T): T {
  const content = parse(answer.text);
  if (answer.status >= 400) throw refusalOf(answer, content);
  if (content === null || !isOne(content)) throw noAnswer(answer);
  return content;
}

/** The error that an answer with a status of one tells. */
export function refusalOf(answer: Answer, content = parse(answer.text)): Error {
  const { status } = answer;
  const error = toldError(content, 'detail');
  if (TRIED_AGAIN.includes(status))
    return new Fault(error ?? unreachable(answer.url, `it answered ${status}`), MAY_BE_DONE.includes(status));
  return error ?? new RequestError('BAD_ARGUMENT', `${answer.url} is no node: it answered ${status}`);
}

/** What a node tells by code and message; null where it tells none. */
export function toldError(content: object | null, messageField: 'detail' | 'message'): RequestError | null {
  const { code, lastIndex, floor, [messageField]: message } = (content ?? {}) as Record<string, unknown>;
  if (!isCode(code) || typeof message !== 'string') return null;
  if (code === 'CONDITION_FAILED' && typeof lastIndex === 'number')
    return new ConditionFailedError(lastIndex, message);
  if (code === 'TRIMMED' && typeof floor === 'number') return new TrimmedError(floor, message);
  return new RequestError(code, message);
}

/** It did not answer, or not as a node does. */
export function unreachable(url: string, reason: string, cause?: unknown): RequestError {
  return new RequestError('NODE_UNREACHABLE', `${url}: ${reason}`, { cause });
}

/** A JSON object, null for anything else. */
export function parse(text: string): object | null {
  try {
    const content: unknown = JSON.parse(text);
    return typeof content === 'object' ? content : null;
  } catch {
    return null;
  }
}

function noAnswer({ url, status }: Answer): Fault {
  return new Fault(unreachable(url, `what it answered (${status}) is no answer of a node`), true);
}
