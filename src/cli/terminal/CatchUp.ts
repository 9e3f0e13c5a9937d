import type { ClusterNode } from '../../api';
import { CATCH_UP_SHOWN_ENTRIES } from '../../limits';
import { describeProgress } from '../process/ProgressLine';

/** How often it is looked, ms. */
const LOOK_MS = 1000;

/** How far a node is that gets from its leader what it lacks, as a line for people. */
export class CatchUp {
  private begun: { readonly at: number; readonly held: number } | null = null;

  /** '' where the node is not far behind. `behind`: null where that is not known, as without a leader. */
  describe(held: number, behind: number | null, now: number): string {
    if (behind === null || behind < CATCH_UP_SHOWN_ENTRIES) {
      this.begun = null;
      return '';
    }
    this.begun ??= { at: now, held };
    const { at, held: from } = this.begun;
    const progress = { done: held, from, total: held + behind, unit: 'entries', elapsed: now - at };
    return `catching up: ${describeProgress(progress)}`;
  }
}

/** Has `show` show that line while a node is far behind; ends when the returned function is called. */
export function watchCatchUp(node: ClusterNode, show: (line: string) => void): () => void {
  const catchUp = new CatchUp();
  let looking = false;
  const look = async (): Promise<void> => {
    if (looking) return;
    looking = true;
    try {
      const state = node.getDb().getState();
      const [info, members] = await Promise.all([state.getInfo(), state.getStatus()]);
      const behind = members.find((member) => member.node === info.node)?.behind ?? null;
      show(catchUp.describe(info.index, behind, performance.now()));
    } catch {
      show('');
    }
    looking = false;
  };
  const timer = setInterval(() => void look(), LOOK_MS).unref();
  return () => clearInterval(timer);
}
