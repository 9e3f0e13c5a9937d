import type { ServerResponse } from 'node:http';

let due: { readonly outgoing: ServerResponse; readonly body: string | Buffer }[] = [];

/**
 * Ends an answer whose head is written, with those of the same turn of the event loop, one right after the other: only
 * the first wakes a client that waits for several, which takes longer than to write an answer.
 */
export function endTogether(outgoing: ServerResponse, body: string | Buffer): void {
  if (due.length === 0) setImmediate(endDue);
  due.push({ outgoing, body });
}

function endDue(): void {
  const ends = due;
  due = [];
  // Of one whose client has gone meanwhile, an end would be an error that nobody hears.
  for (const { outgoing, body } of ends) if (!outgoing.destroyed) outgoing.end(body);
}
