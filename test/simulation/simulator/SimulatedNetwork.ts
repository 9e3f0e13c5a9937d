import type { Random } from './world/Random';
import type { SimulatedProcess } from './SimulatedProcess';

/** How packets travel. Times in µs. */
export interface NetworkSettings {
  readonly delayMin: number;
  readonly delayMax: number;
  /** Packets lost and delivered twice, of a thousand. Real links do neither; the algorithm must bear both. */
  readonly lossPerMille: number;
  readonly duplicatesPerMille: number;
  /** Whether a packet may overtake another of the same sender. */
  readonly reorders: boolean;
  /** How long a link takes to come up, at most. */
  readonly connectMax: number;
}

/**
 * A packet travels as a request on the sender's own connection, or in the answer to a request on the receiver's, as in
 * src/transport: the two do not wait for each other, and within each the order holds.
 */
export type Way = 'request' | 'answer';

export const QUIET_NETWORK: NetworkSettings = {
  delayMin: 200,
  delayMax: 2000,
  lossPerMille: 0,
  duplicatesPerMille: 0,
  reorders: false,
  // A link is tried again within RETRY_MS_MAX.
  connectMax: 400_000,
};

/** What the network needs of the world around it. */
export interface NetworkSurroundings {
  readonly now: number;
  at(time: number, run: () => void): void;
  processAt(node: number): SimulatedProcess | null;
  /** A packet arrives. */
  deliver(from: SimulatedProcess, to: SimulatedProcess, packet: Buffer, way: Way): void;
  /** A node's view of its link to a peer changed. */
  linkChanged(of: SimulatedProcess, peer: number, connected: boolean): void;
}

/** A connection breaks with its process at once; a cut or a frozen peer is noticed after ANSWER_MS_MAX or so. µs. */
const BREAK_MAX = 5_000;
const NOTICE_MIN = 1_000_000;
const NOTICE_MAX = 4_000_000;
/** A link comes up after this time at least, µs. */
const CONNECT_MIN = 1_000;

/**
 * Links between processes, as those of src/transport are: a link is between two processes and ends with either,
 * so no packet reaches a later process of a node. Cuts are per direction; a link needs both to come up.
 */
export class SimulatedNetwork {
  private readonly cuts = new Set<number>();
  /** For each node and peer: the life of the peer's process that it is linked to. */
  private readonly links = new Map<number, number>();
  private readonly lastArrival = new Map<string, number>();
  private slowness = 0;
  private readonly slowWays = new Map<string, number>();
  /** For scenarios: when the copies of a packet arrive, ms from now; null: as any other packet. */
  intercept: (from: number, to: number, packet: Buffer) => readonly number[] | null = () => null;

  constructor(
    private readonly size: number,
    private settings: NetworkSettings,
    private readonly world: NetworkSurroundings,
    private readonly random: Random,
  ) {}

  isLinked(from: number, to: number): boolean {
    return this.links.has(pair(from, to));
  }

  /** Packets from one node to another go nowhere. */
  cut(from: number, to: number): void {
    this.cuts.add(pair(from, to));
    this.review(from, to);
  }

  heal(from: number, to: number): void {
    this.cuts.delete(pair(from, to));
    this.review(from, to);
  }

  /** From now on nothing is cut, lost, doubled or late. */
  calm(): void {
    this.settings = QUIET_NETWORK;
    this.healAll();
  }

  healAll(): void {
    this.cuts.clear();
    this.slowness = 0;
    this.slowWays.clear();
    for (let one = 0; one < this.size; one++) this.reviewAll(one);
  }

  /** Packets take up to so many µs longer. */
  slowDown(slowness: number): void {
    this.slowness = slowness;
  }

  /** Packets of one way between two nodes take so many µs longer; those of the other way do not. */
  slowDownWay(from: number, to: number, way: Way, slowness: number): void {
    this.slowWays.set(wayBetween(from, to, way), slowness);
  }

  /** A process ended, and its links with it. */
  ended(node: number): void {
    for (let peer = 0; peer < this.size; peer++) this.links.delete(pair(node, peer));
    this.reviewAll(node);
  }

  /** A process of a node started, or goes on after a pause. */
  reviewAll(node: number): void {
    for (let other = 0; other < this.size; other++) if (other !== node) this.review(node, other);
  }

  /** @param asker the process of `to` whose request this packet answers; null: it is a request itself. */
  send(from: SimulatedProcess, to: number, packet: Buffer, at: number, asker: SimulatedProcess | null): void {
    const { settings, random } = this;
    const way = asker === null ? 'request' : 'answer';
    const life = asker === null ? this.links.get(pair(from.node, to)) : this.lifeOfAsker(from, asker);
    const slowness = this.slowness + (this.slowWays.get(wayBetween(from.node, to, way)) ?? 0);
    const delay = random.between(settings.delayMin, settings.delayMax) + random.below(slowness + 1);
    const lost = random.perMille(settings.lossPerMille);
    const twice = random.perMille(settings.duplicatesPerMille);
    if (life === undefined) return;
    const copies = this.intercept(from.node, to, packet);
    const carry = (arrival: number, by: Way = way): void =>
      this.carry(from, { node: to, life, way: by }, packet, arrival);
    // Not as requests: the sender may have ended, and what follows must not go the same way as an answer to it.
    for (const after of copies ?? []) carry(at + after * 1000, 'answer');
    if (copies !== null || lost) return;
    carry(this.inOrder(wayBetween(from.node, to, way), at + delay));
    if (twice) carry(at + delay + random.below(20 * settings.delayMax));
  }

  /** An answer goes back while the connection that the request came on is up. */
  private lifeOfAsker(from: SimulatedProcess, asker: SimulatedProcess): number | undefined {
    return this.links.get(pair(asker.node, from.node)) === from.life ? asker.life : undefined;
  }

  private inOrder(way: string, arrival: number): number {
    if (this.settings.reorders) return arrival;
    const earliest = Math.max(arrival, this.lastArrival.get(way) ?? 0);
    this.lastArrival.set(way, earliest);
    return earliest;
  }

  private carry(
    from: SimulatedProcess,
    { node, life, way }: { node: number; life: number; way: Way },
    packet: Buffer,
    arrival: number,
  ): void {
    this.world.at(arrival, () => {
      const process = this.world.processAt(node);
      if (process?.life !== life || this.cuts.has(pair(from.node, node))) return;
      this.world.deliver(from, process, packet, way);
    });
  }

  /** Lets both ends of a link notice, after a while, what became of it. */
  private review(one: number, other: number): void {
    for (const [of, peer] of [
      [one, other],
      [other, one],
    ] as const) {
      const wait = this.isOpen(of, peer)
        ? this.random.between(CONNECT_MIN, this.settings.connectMax)
        : this.isCut(of, peer)
          ? this.random.between(NOTICE_MIN, NOTICE_MAX)
          : this.random.below(BREAK_MAX);
      const life = this.links.get(pair(of, peer));
      if (life !== undefined && life !== this.world.processAt(peer)?.life && !this.isCut(of, peer))
        this.world.at(this.world.now + this.random.below(BREAK_MAX), () => this.drop(of, peer, life));
      this.world.at(this.world.now + wait, () => this.settle(of, peer));
    }
  }

  /** A frozen peer's link is given up, too. */
  noticeFrozen(peer: number): void {
    for (let of = 0; of < this.size; of++) {
      const life = this.links.get(pair(of, peer));
      if (of === peer || life === undefined) continue;
      this.world.at(this.world.now + this.random.between(NOTICE_MIN, NOTICE_MAX), () => {
        if (this.world.processAt(peer)?.isPaused === true) this.drop(of, peer, life);
      });
    }
  }

  private settle(of: number, peer: number): void {
    const process = this.world.processAt(of);
    const life = this.links.get(pair(of, peer));
    const peerProcess = this.world.processAt(peer);
    if (process === null) return;
    const broken = life !== undefined && (this.isCut(of, peer) || peerProcess?.life !== life);
    if (broken) this.drop(of, peer, life);
    if (this.isOpen(of, peer) && !this.links.has(pair(of, peer)) && peerProcess !== null) {
      this.links.set(pair(of, peer), peerProcess.life);
      this.world.linkChanged(process, peer, true);
    }
  }

  private drop(of: number, peer: number, life: number): void {
    const process = this.world.processAt(of);
    if (this.links.get(pair(of, peer)) !== life) return;
    this.links.delete(pair(of, peer));
    if (process === null) return;
    this.world.linkChanged(process, peer, false);
    if (this.isOpen(of, peer))
      this.world.at(this.world.now + this.random.between(CONNECT_MIN, this.settings.connectMax), () =>
        this.settle(of, peer),
      );
  }

  private isCut(one: number, other: number): boolean {
    return this.cuts.has(pair(one, other)) || this.cuts.has(pair(other, one));
  }

  private isOpen(one: number, other: number): boolean {
    const peer = this.world.processAt(other);
    return !this.isCut(one, other) && this.world.processAt(one) !== null && peer?.isPaused === false;
  }
}

/** Names a direction between two of at most ten nodes. */
function pair(from: number, to: number): number {
  return from * 10 + to;
}

function wayBetween(from: number, to: number, way: Way): string {
  return `${from}>${to} ${way}`;
}
