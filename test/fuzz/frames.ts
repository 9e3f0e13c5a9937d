import { createHash } from 'node:crypto';
import { ProtocolError } from '../../src/errors';
import { ANSWER_PACKETS_MAX, FRAME_BYTES_MAX } from '../../src/limits';
import { decodeElectionPacket, isElectionPacket, PacketType } from '../../src/mokka/messages/ElectionPacket';
import { decodeLogMessage } from '../../src/mokka/messages/LogMessage';
import { decodeRequest, encodeFrame, encodeRequest } from '../../src/transport/frames';
import { FrameParser } from '../../src/transport/FrameParser';
import type { Random } from '../simulation/simulator/world/Random';
import { mutate } from './mutate';
import { PacketMaker } from './packets';
import type { Sight } from './Sight';

/** Of 1,000 frames: how many are well-formed, have a packet that is not, or are no frames at all; the rest is cut. */
const WELL_FORMED = 910;
const BAD_PACKET = 60;
const BAD_FRAME = 18;
const RANDOM_BYTES = 6;

const PACKET_KIND = Buffer.from([1]);

/** One frame, or what is sent in its place. */
export interface FuzzFrame {
  readonly bytes: Buffer;
  /** How many frames a node finds in it, the one that it closes the connection for included. */
  readonly count: number;
  /**
   * `risky`: the node may close the connection for it, and then looks at nothing behind it. `unfinished`: the node waits
   * for more, so that it must be the last on its connection.
   */
  readonly is: 'fine' | 'risky' | 'unfinished';
}

/** The digest by which the payload of a push is known. */
export function payloadDigest(payload: Buffer): string {
  return createHash('sha1').update(payload).digest('base64');
}

/**
 * Makes frames, the same ones for the same random numbers and the same sight.
 *
 * Between bursts it holds back what ends the term or puts off the next election: a stolen key may stop progress, and
 * adds are to go on meanwhile.
 */
export class FrameMaker {
  private readonly packets: PacketMaker;
  private id = 0;

  constructor(
    private readonly random: Random,
    private readonly self: string,
    private readonly sight: Sight,
    /** Of all pushes in what was made, well-formed by design or by chance. */
    private readonly pushed: Set<string>,
  ) {
    this.packets = new PacketMaker(random, self, sight);
  }

  /** @param burst whether elections may be disturbed now. */
  make(burst: boolean): FuzzFrame {
    for (;;) {
      const bytes = this.bytes();
      const frame = this.review(bytes, burst);
      if (frame !== null) return frame;
    }
  }

  /** Packets for an answer, each well-formed or not. */
  answer(burst: boolean): Buffer[] {
    const made: Buffer[] = [];
    for (let n = this.random.below(3); n > 0; n--) {
      const packet = this.random.perMille(950) ? this.packets.make() : this.badPacket();
      if (this.judge(packet, burst) !== 'held back') made.push(packet);
    }
    return made;
  }

  private bytes(): Buffer {
    const { random } = this;
    const id = String(++this.id);
    const kind = random.below(1000);
    if (kind < WELL_FORMED)
      return random.perMille(30) ? this.manyPackets(id) : encodeRequest(this.packets.make(), id);
    if (kind < WELL_FORMED + BAD_PACKET) return encodeRequest(this.badPacket(), id);
    const frame = encodeRequest(this.packets.make(), id);
    if (kind < WELL_FORMED + BAD_PACKET + BAD_FRAME) return mutate(frame, random, [random.bytes(30)]);
    if (kind < WELL_FORMED + BAD_PACKET + BAD_FRAME + RANDOM_BYTES)
      return random.bytes(random.between(1, 300));
    return random.perMille(100) ? this.oversized(id) : frame.subarray(0, random.between(1, frame.length - 1));
  }

  private badPacket(): Buffer {
    const { random, sight } = this;
    const model =
      sight.models.length > 0 && random.perMille(200) ? random.pick(sight.models) : this.packets.make();
    return mutate(model, random, sight.models);
  }

  private manyPackets(id: string): Buffer {
    const packets = Array.from({ length: this.random.between(2, ANSWER_PACKETS_MAX + 1) }, () =>
      Buffer.concat([PACKET_KIND, this.packets.make()]),
    );
    return encodeFrame([...packets, Buffer.from(`s:${id}`)]);
  }

  /** Just within the limit and of no use, just over it, or far over it. */
  private oversized(id: string): Buffer {
    const { random } = this;
    if (random.perMille(300)) return Buffer.from('11ffffffff', 'hex');
    return encodeRequest(
      Buffer.alloc(FRAME_BYTES_MAX - 20 + random.below(40), random.pick([0x7b, 0x9f, 0x06])),
      id,
    );
  }

  /** What a node will see in these bytes; null: nothing, or what is held back. */
  private review(bytes: Buffer, burst: boolean): FuzzFrame | null {
    const requests: Buffer[][] = [];
    const parser = new FrameParser(FRAME_BYTES_MAX, (args) => requests.push(args));
    const isParsed = attempt(() => parser.push(bytes)) !== null;
    const packets = requests.map((args) => attempt(() => decodeRequest(args))?.packets ?? null);
    const verdicts = packets.flatMap(
      (found) => found?.map((packet) => this.judge(packet, burst)) ?? ['risky'],
    );
    if (bytes.length === 0 || verdicts.includes('held back')) return null;
    const count = requests.length + (isParsed ? 0 : 1);
    if (isParsed && parser.isWithinFrame) return { bytes, count, is: 'unfinished' };
    return { bytes, count, is: isParsed && !verdicts.includes('risky') ? 'fine' : 'risky' };
  }

  private judge(packet: Buffer, burst: boolean): 'fine' | 'risky' | 'held back' {
    if (isElectionPacket(packet)) {
      const decoded = attempt(() => decodeElectionPacket(packet, this.self));
      if (decoded === null) return 'risky';
      const { type, term } = decoded;
      const disturbs = term > this.sight.term || type === PacketType.VOTE || type === PacketType.PRE_VOTE;
      if (disturbs && !burst) return 'held back';
      return type === PacketType.HEARTBEAT || type === PacketType.HELLO_ANSWER ? 'risky' : 'fine';
    }
    const message = attempt(() => decodeLogMessage(packet));
    if (message === null) return 'risky';
    if (message.type === 'forward')
      for (const { payload } of message.pushes) this.pushed.add(payloadDigest(payload));
    return message.type === 'appended' && message.matchIndex > this.sight.lastIndex ? 'risky' : 'fine';
  }
}

/** What `read` gives; null when it finds a fault in what a peer sent. */
function attempt<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof ProtocolError) return null;
    throw error;
  }
}
