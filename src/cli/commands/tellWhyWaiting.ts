import { ADD_WAIT_TOLD_MS } from '../../limits';
import type { NodeInfo } from '../../api';

/**
 * Looks every ADD_WAIT_TOLD_MS for the problem that info tells of, mostly why nothing can be committed, and tells it, once.
 * What `look` cannot find out is looked for again. Returns what ends the looking.
 */
export function tellWhyWaiting(
  look: () => Promise<Pick<NodeInfo, 'problem'>>,
  tell: (text: string) => void,
): () => void {
  let looking = false;
  let ended = false;
  const end = (): void => {
    ended = true;
    clearInterval(timer);
  };
  const lookOnce = async (): Promise<void> => {
    if (looking) return;
    looking = true;
    const problem = await look().then(
      (info) => info.problem,
      () => null,
    );
    looking = false;
    if (problem === null || ended) return;
    end();
    tell(`the add waits; info says: ${problem} Ctrl-C ends the wait.`);
  };
  const timer = setInterval(() => void lookOnce(), ADD_WAIT_TOLD_MS);
  return end;
}
