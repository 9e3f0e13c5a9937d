import { RequestError } from '../errors';

/** Of a node that is not connected: it has stopped, or was not connected yet. */
export function notRunning(stopped: boolean): RequestError {
  return new RequestError(
    'NODE_UNREACHABLE',
    stopped
      ? 'this node has stopped; nothing was done: ask another node, or start this one anew'
      : 'this node is not connected yet: call connect() first',
  );
}

/** Nothing is told or taken after the log `shared`, the last that this node and those that it needs have in common. */
export function historiesDiffer(shared: number): RequestError {
  return new RequestError(
    'HISTORIES_DIFFER',
    `the members that are needed share no log after ${shared} with this node: info says what to do`,
  );
}
