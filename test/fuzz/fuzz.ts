import { toError } from '../../src/errors';
import { helloOf, type Hello } from '../../src/transport/hello';
import { makeNodeCertificate, signingPart } from '../../src/transport/tls/NodeCertificate';
import { Cluster } from '../integration/cluster/Cluster';
import type { NodeProcess } from '../integration/cluster/NodeProcess';
import { until } from '../integration/cluster/until';
import { Random } from '../simulation/simulator/world/Random';
import { Adders } from './Adders';
import { checkLogs } from './checkLogs';
import { FrameMaker, type FuzzFrame } from './frames';
import { ImpostorListener } from './ImpostorListener';
import { MemberConnection } from './MemberConnection';
import { residentBytes } from './memory';
import { Sight } from './Sight';
import { Strangers } from './strangers';

/** The honest nodes; the third member's key is stolen. */
const HONEST = [0, 1];
const STOLEN = 2;

/**
 * Of the frames, one in so many warms up: until then the caches of the log and V8's and malloc's heaps grow to the size
 * that they keep.
 */
const WARM_UP = 4;

/** Memory that fuzzing may cost a node, against its own when it is warmed up, bytes. */
const GROWTH_BYTES_MAX = 30 * 1024 * 1024;

/** Samples of memory that are looked at together; one is taken after each burst. */
const SAMPLES = 3;

/** Garbage that V8 has no reason to collect yet, up to 48 MiB unless told otherwise, would hide what grows. */
const NODE_OPTIONS = '--max-semi-space-size=2';

/** Frames between two bursts against elections, and frames of a burst. */
const CALM_FRAMES = 10_000;
const BURST_FRAMES = 50;

/** Frames sent at once on a connection, at most. */
const FRAMES_AT_ONCE = 32;

/** For so many frames with the stolen key, one visit of a stranger. */
const FRAMES_A_STRANGER = 50;

/** Progress is told after so many bursts. */
const TOLD_BURSTS = 5;

/** The cluster must have a leader and take adds so long after a burst, ms. */
const RECOVERS_WITHIN_MS = 20_000;

export interface FuzzOptions {
  readonly frames: number;
  readonly seed: number;
  /** Told what happens. */
  readonly say: (line: string) => void;
  /** Told how many frames were sent. */
  readonly onProgress?: (frames: number) => void;
  /** Ends it after the burst under way; the result is then a fault, and its nodes end all the same. */
  readonly signal?: AbortSignal;
}

export interface FuzzResult {
  /** What was wrong; null: nothing. */
  readonly fault: string | null;
  readonly frames: number;
  /** Frames that the node answered, and those it closed the connection for. */
  readonly answered: number;
  readonly closedFor: number;
  /** Answers to the nodes' own packets, from the stolen address. */
  readonly impostorAnswers: number;
  readonly handshakes: number;
  readonly strangers: number;
  readonly bursts: number;
  readonly acknowledged: number;
  readonly refused: number;
  readonly slowestAddMs: number;
  /** Resident memory of each honest node, bytes, warmed up and at the end. */
  readonly memoryBefore: readonly number[];
  readonly memoryAfter: readonly number[];
}

/** Fuzzes a live cluster of real processes with a member's own key, and from strangers. */
export async function fuzz(options: FuzzOptions): Promise<FuzzResult> {
  const cluster = await Cluster.createWithOwnKeys({ LOG_LEVEL: 'warn', NODE_OPTIONS });
  try {
    for (const index of [...HONEST, STOLEN]) cluster.start(index);
    await cluster.leader();
    await cluster.node(STOLEN).kill();
    return await new Fuzzer(cluster, options).run();
  } finally {
    await cluster.end();
  }
}

class Fuzzer {
  private readonly sight = new Sight();
  private readonly pushed = new Set<string>();
  private readonly hello: Hello;
  private readonly certificate;
  private readonly self: string;
  private readonly strangers: Strangers;
  private readonly makers: FrameMaker[];
  private readonly sizes: Random;
  private readonly honest: NodeProcess[];
  private sent = 0;
  private answered = 0;
  private closedFor = 0;
  private handshakes = 0;
  private visits = 0;
  private bursts = 0;
  private bursting = false;
  private readonly samples: number[][] = [];
  private visitsDue = 0;
  private visiting = false;

  constructor(
    private readonly cluster: Cluster,
    private readonly options: FuzzOptions,
  ) {
    const { seed } = options;
    const { keys } = cluster.member(STOLEN);
    this.self = keys.publicKey;
    this.certificate = makeNodeCertificate(keys.secretKey);
    this.hello = helloOf(
      cluster.members.map((member) => member.keys.publicKey),
      null,
    );
    this.strangers = new Strangers(new Random(seed, 'strangers'), this.hello);
    this.sizes = new Random(seed, 'sizes');
    this.honest = HONEST.map((index) => cluster.node(index));
    this.makers = [...HONEST, STOLEN].map((index) => this.maker(`frames of ${index}`));
  }

  async run(): Promise<FuzzResult> {
    const impostor = await this.listen();
    const adders = new Adders(this.honest);
    let memoryBefore: number[] = [];
    let fault: string | null;
    let memoryAfter: number[] = [];
    try {
      const warmUp = Math.floor(this.options.frames / WARM_UP);
      await this.sendUntil(warmUp);
      memoryBefore = this.memory();
      this.tell(memoryBefore);
      await this.sendUntil(this.options.frames);
      memoryAfter = this.memory();
      this.tell(memoryAfter);
      await adders.stop();
      await impostor.close();
      fault = tooMuch(memoryBefore, memoryAfter) ?? (await this.checkLogs(adders));
    } catch (error) {
      fault = `${toError(error).message}; last words: ${this.honest.map((node) => node.lastWords.slice(-1000)).join(' | ')}`;
      await Promise.allSettled([adders.stop(), impostor.close()]);
    }
    return {
      fault,
      frames: this.sent,
      answered: this.answered,
      closedFor: this.closedFor,
      impostorAnswers: impostor.answered,
      handshakes: this.handshakes,
      strangers: this.visits,
      bursts: this.bursts,
      acknowledged: adders.acknowledged.length,
      refused: adders.refused,
      slowestAddMs: adders.slowestMs,
      memoryBefore,
      memoryAfter,
    };
  }

  private maker(part: string): FrameMaker {
    return new FrameMaker(new Random(this.options.seed, part), this.self, this.sight, this.pushed);
  }

  private listen(): Promise<ImpostorListener> {
    const member = (signingKey: string): string =>
      this.cluster.members.find(({ keys }) => signingPart(keys.publicKey) === signingKey)?.keys.publicKey ??
      '';
    const { secureContext } = this.certificate;
    const { port } = this.cluster.member(STOLEN);
    return ImpostorListener.listen(port, secureContext, this.hello, member, (from, packets) => {
      for (const packet of packets) this.sight.see(from, packet);
      return this.makers[STOLEN]?.answer(this.bursting) ?? [];
    });
  }

  /** Calm frames with a burst after each stretch of them, until so many are sent in all. */
  private async sendUntil(total: number): Promise<void> {
    while (this.sent < total) {
      if (this.options.signal?.aborted === true) throw new Error('it was asked to stop');
      const calmEnd = Math.min(total - BURST_FRAMES, this.sent + CALM_FRAMES);
      await this.stretch(calmEnd);
      this.bursting = true;
      await this.stretch(Math.min(total, this.sent + BURST_FRAMES));
      this.bursting = false;
      this.bursts++;
      await this.recovered();
    }
  }

  /** Both nodes are fuzzed side by side. */
  private async stretch(end: number): Promise<void> {
    await Promise.all(HONEST.map((index) => this.lane(index, end)));
  }

  private async lane(index: number, end: number): Promise<void> {
    const { port, keys } = this.cluster.member(index);
    const { secureContext } = this.certificate;
    while (this.sent < end) {
      this.handshakes++;
      const connection = await MemberConnection.open(port, secureContext, this.hello, (packet) =>
        this.sight.see(keys.publicKey, packet),
      );
      if (connection === null) {
        if (this.honest.some((node) => node.hasEnded)) throw new Error('a node has ended');
        continue;
      }
      await this.useUp(connection, index, end);
    }
  }

  /** Sends frames on a connection until it is closed, or is left with an unfinished frame. */
  private async useUp(connection: MemberConnection, index: number, end: number): Promise<void> {
    while (this.sent < end) {
      const { fine, last } = this.batch(index, end);
      if (fine.length > 0 && (await this.send(connection, index, fine))) return;
      if (last?.is === 'risky' && (await this.send(connection, index, [last]))) return;
      if (last?.is === 'unfinished') {
        this.sent++;
        this.closedFor++;
        await connection.end(last.bytes);
        return;
      }
    }
    await connection.end(Buffer.alloc(0));
  }

  /** Returns whether the node has closed the connection; the frame that it closed it for is taken as well. */
  private async send(
    connection: MemberConnection,
    index: number,
    frames: readonly FuzzFrame[],
  ): Promise<boolean> {
    const count = frames.reduce((sum, frame) => sum + frame.count, 0);
    const bytes = Buffer.concat(frames.map((frame) => frame.bytes));
    const { answered, closed } = await connection.send(bytes, count);
    const taken = Math.min(count, answered + (closed ? 1 : 0));
    this.sent += taken;
    this.options.onProgress?.(this.sent);
    this.answered += answered;
    this.closedFor += taken - answered;
    this.maybeVisit(index, taken);
    return closed;
  }

  /** Frames to be sent at once, and one that is to be sent after them. */
  private batch(index: number, end: number): { fine: FuzzFrame[]; last: FuzzFrame | null } {
    const maker = this.makers[index];
    if (maker === undefined) throw new Error(`no frames for node ${index}`);
    const fine: FuzzFrame[] = [];
    const count = Math.min(this.sizes.between(1, FRAMES_AT_ONCE), Math.max(1, end - this.sent));
    while (fine.length < count) {
      const frame = maker.make(this.bursting);
      if (frame.is !== 'fine') return { fine, last: frame };
      fine.push(frame);
    }
    return { fine, last: null };
  }

  /** Strangers come beside the frames, one after the other. */
  private maybeVisit(index: number, frames: number): void {
    this.visitsDue += frames / FRAMES_A_STRANGER;
    if (this.visiting || this.visitsDue < 1) return;
    this.visiting = true;
    this.visitsDue--;
    this.visits++;
    this.sent++;
    void this.strangers.visit(this.cluster.member(index).port).finally(() => (this.visiting = false));
  }

  /** Adds are taken again by both nodes; what the term is now is known. */
  private async recovered(): Promise<void> {
    await until(RECOVERS_WITHIN_MS, 'both nodes name a leader after a burst', async () => {
      const infos = await Promise.all(this.honest.map((node) => node.info()));
      this.sight.term = Math.max(...infos.map(({ currentTerm }) => currentTerm));
      return infos.every(({ leader }) => leader !== null) ? true : undefined;
    });
    await Promise.all(
      this.honest.map((node) => {
        const value = `after burst ${this.bursts} on ${node.options.index}`;
        this.expected.add(value);
        return until(RECOVERS_WITHIN_MS, 'an add is taken after a burst', async () =>
          (await node.command(`add_log burst ${value}`)).ok ? true : undefined,
        );
      }),
    );
    const memory = this.memory();
    if (this.bursts % TOLD_BURSTS === 0) this.tell(memory);
  }

  private readonly expected = new Set<string>();

  private async checkLogs(adders: Adders): Promise<string | null> {
    await this.cluster.converged();
    await Promise.all(this.honest.map((node) => node.expectOk('exit').then(() => node.exited)));
    const ownValues = (value: string): boolean => adders.values.has(value) || this.expected.has(value);
    return checkLogs(
      this.cluster,
      HONEST,
      adders.acknowledged,
      ({ log }, digest) => this.pushed.has(digest) || ownValues(log.value.value),
    );
  }

  /** Each node's lowest of the last samples, this one included: V8 collects garbage when it likes. */
  private memory(): number[] {
    this.samples.push(this.honest.map(({ pid }) => residentBytes(pid)));
    this.samples.splice(0, this.samples.length - SAMPLES);
    return this.honest.map((_, at) => Math.min(...this.samples.map((sample) => sample[at] ?? Infinity)));
  }

  private tell(memory: readonly number[]): void {
    const inMiB = memory.map((bytes) => `${(bytes / 1024 / 1024).toFixed(1)} MiB`).join(', ');
    this.options.say(
      `${this.sent} frames, ${this.handshakes} handshakes, ${this.bursts} bursts, resident ${inMiB}`,
    );
  }
}

function tooMuch(before: readonly number[], after: readonly number[]): string | null {
  const grown = after.map((bytes, at) => bytes - (before[at] ?? 0));
  if (grown.every((bytes) => bytes <= GROWTH_BYTES_MAX)) return null;
  return `memory grew by ${grown.map((bytes) => Math.round(bytes / 1024)).join(' and ')} KiB`;
}
