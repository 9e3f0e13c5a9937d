import { CATCH_UP_SHOWN_ENTRIES, STATUS_LOOK_MS, STATUS_SILENT_MS } from '../../limits';
import type { NodeInfo } from '../../api';

/** A follower that has this share of the logs is not said to catch up. */
const KEEPS_UP_SHARE = 0.95;

/** A node that is watched. */
export interface WatchedNode {
  /** Whether its process runs. */
  isRunning(): boolean;
  /** What it tells of itself now; rejects when it cannot be reached. */
  lookAtInfo(): Promise<NodeInfo>;
}

/** `silent`: its process runs, and has answered before, but does not now. */
export type WatchedState = NodeInfo['state'] | 'starting' | 'stopped' | 'silent' | CatchingUp;

/** How much of the logs a follower that is far behind the others has. */
export type CatchingUp = `catching up ${number} %`;

/** A cluster as its status line shows it. */
export interface ClusterState {
  /** By INDEX. */
  readonly nodes: readonly WatchedState[];
  /** The highest term that a node told, 0 while none did. */
  readonly term: number;
  /** The highest index that a node told to be committed. */
  readonly logs: number;
}

/** What is known of one node. */
interface Sight {
  /** Its last answer, while it is the last thing that is known. */
  info: NodeInfo | null;
  /** Whether this process of it has answered. */
  answered: boolean;
  /** When the look that has no answer yet was made (performance.now). */
  askedAt: number | null;
}

/** Looks at the nodes of a cluster, each by itself, so that one that does not answer hides no other. */
export class ClusterWatch {
  private readonly nodes: readonly WatchedNode[];
  private readonly sights: Sight[];
  private readonly timer: NodeJS.Timeout;
  private term = 0;
  private logs = 0;

  /** Each node is looked at every STATUS_LOOK_MS; `onLook` is told after each look at one. */
  constructor(nodes: readonly WatchedNode[], onLook: (state: ClusterState) => void) {
    this.nodes = nodes;
    this.sights = nodes.map(() => ({ info: null, answered: false, askedAt: null }));
    const look = async (node: WatchedNode, index: number): Promise<void> => {
      await this.look(node, this.sightOf(index));
      onLook(this.state);
    };
    const lookAtAll = (): void => nodes.forEach((node, index) => void look(node, index));
    this.timer = setInterval(lookAtAll, STATUS_LOOK_MS).unref();
  }

  get state(): ClusterState {
    const nodes = this.nodes.map((node, index) => describe(node, this.sightOf(index), this.logs));
    return { nodes, term: this.term, logs: this.logs };
  }

  /** What a node told last; null when it does not answer now. */
  infoOf(index: number): NodeInfo | null {
    return this.sights[index]?.info ?? null;
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private sightOf(index: number): Sight {
    const sight = this.sights[index];
    if (sight === undefined) throw new RangeError(`node ${index} of ${this.sights.length}`);
    return sight;
  }

  private async look(node: WatchedNode, sight: Sight): Promise<void> {
    if (!node.isRunning()) Object.assign(sight, { info: null, answered: false });
    else if (sight.askedAt === null) await this.ask(node, sight);
    else if (performance.now() - sight.askedAt > STATUS_SILENT_MS) sight.info = null;
  }

  private async ask(node: WatchedNode, sight: Sight): Promise<void> {
    sight.askedAt = performance.now();
    try {
      sight.info = await node.lookAtInfo();
      sight.answered = true;
      this.term = Math.max(this.term, sight.info.currentTerm);
      this.logs = Math.max(this.logs, sight.info.committedIndex);
    } catch {
      sight.info = null;
    }
    sight.askedAt = null;
  }
}

function describe(node: WatchedNode, { info, answered }: Sight, logs: number): WatchedState {
  if (!node.isRunning()) return 'stopped';
  if (info?.state === 'follower' && isFarBehind(info.committedIndex, logs))
    return `catching up ${Math.floor((100 * info.committedIndex) / logs)} %`;
  if (info !== null) return info.state;
  return answered ? 'silent' : 'starting';
}

/** The nodes are not looked at in one moment: under load a follower that keeps up seems some logs behind too. */
function isFarBehind(index: number, logs: number): boolean {
  return logs - index > CATCH_UP_SHOWN_ENTRIES && index < logs * KEEPS_UP_SHARE;
}
