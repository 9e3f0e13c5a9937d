import type { EventEmitter } from 'node:events';

/**
 * Emits a node's 'fatal'. Where nobody listens the process ends with the error, as with Node's 'error': never in
 * silence.
 */
export function tellFatal(node: EventEmitter, error: Error): void {
  if (node.listenerCount('fatal') > 0) node.emit('fatal', error);
  else
    queueMicrotask(() => {
      throw error;
    });
}
