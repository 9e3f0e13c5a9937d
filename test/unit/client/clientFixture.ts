import type { ServerResponse } from 'node:http';
import { connect, type ConnectOptions, type LogClient, RequestError } from '../../../src/client';
import { FakeNode } from './FakeNode';

const nodes: FakeNode[] = [];

/** Stops all that {@link fake} has started: to be called after each test. */
export function stopFakes(): void {
  for (const node of nodes.splice(0)) node.stop();
}

/** A node that answers as a test wants it to. */
export async function fake(...[serve]: Parameters<typeof FakeNode.start>): Promise<FakeNode> {
  const node = await FakeNode.start(serve);
  nodes.push(node);
  return node;
}

/** Of these nodes, with a token. */
export function clientOf(endpoints: readonly FakeNode[], options: Partial<ConnectOptions> = {}): LogClient {
  return connect({ endpoints: endpoints.map(({ url }) => url), token: 'secret', ...options });
}

/** What a call is rejected with. */
export async function errorOf(asked: Promise<unknown>): Promise<RequestError> {
  const thrown = await asked.then(
    () => null,
    (error: unknown) => error,
  );
  if (!(thrown instanceof RequestError)) throw new Error(`no RequestError: ${String(thrown)}`);
  return thrown;
}

/** Answers the tries one after the other, the last of them for all that follow. */
export function inOrder(
  ...tries: ((answer: ServerResponse) => void)[]
): Parameters<typeof FakeNode.start>[0] {
  let at = 0;
  return (_, answer) => tries[Math.min(at++, tries.length - 1)]?.(answer);
}
