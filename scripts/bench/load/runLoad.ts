import type { BenchNode } from '../cluster/BenchNode';
import { fromLibraryNode, type ToLibraryNode } from '../cluster/libraryMessages';
import type { Load, LoadResult, OnProgress } from './load';
import { PipeLoad } from './PipeLoad';

/**
 * Loads a node, from this process or, where it is a library node, inside its own.
 *
 * @throws Error when a request is refused, the node ends, or it does not answer for long.
 */
export function runLoad(node: BenchNode, load: Load, onProgress: OnProgress): Promise<LoadResult> {
  return node.options.mode === 'pipe'
    ? new PipeLoad(node, load, onProgress).result
    : askForLoad(node, load, onProgress);
}

async function askForLoad(node: BenchNode, load: Load, onProgress: OnProgress): Promise<LoadResult> {
  const message: ToLibraryNode = { load };
  let onMessage: (message: unknown) => void = () => undefined;
  const result = new Promise<LoadResult>((resolve, reject) => {
    onMessage = (received) => {
      const { data } = fromLibraryNode.safeParse(received);
      // Nodes also tell what only `npm start` wants to know.
      if (data === undefined) return;
      if ('progress' in data) onProgress(data.progress);
      else if ('result' in data) resolve(data.result);
      else reject(new Error(`node ${node.index}: ${data.failed}`));
    };
    node.process.on('message', onMessage);
    void node.ended.then(() => reject(new Error(`node ${node.index} ended under load`)));
    node.process.send(message);
  });
  return result.finally(() => node.process.off('message', onMessage));
}
