import { ProtocolError } from '../errors';

const VERSION = 1;
const META_BYTES = 1;
const LENGTH_BYTES = 4;
const NOTHING = Buffer.alloc(0);

/**
 * Cuts a stream of bytes into axon's frames (AMP: one byte of version and argument count, then each argument after
 * its length, 32 bits). Stricter than axon's own parser (HAZARDS, axon 6): version, count and every length are
 * checked as soon as they are declared, so that a frame holds at most `bytesMax` bytes of memory.
 */
export class FrameParser {
  /** The begun frame's bytes, copied together as they come: a peer may send each in a chunk of its own. */
  private held = NOTHING;
  private heldBytes = 0;
  /** No frame can end before so many bytes are held. */
  private neededBytes = 0;

  /**
   * @param bytesMax limit of one frame; may be set anew between frames.
   * @param onFrame is given each frame's arguments: views of the bytes pushed or held, not copies.
   */
  constructor(
    public bytesMax: number,
    private readonly onFrame: (args: Buffer[]) => void,
  ) {}

  /** Whether a frame has begun and not ended. */
  get isWithinFrame(): boolean {
    return this.heldBytes > 0;
  }

  /**
   * Takes the next bytes. Frames that end in them are handed on before it returns.
   *
   * @throws ProtocolError when they break the format. The parser must not be used after that.
   */
  push(chunk: Buffer): void {
    let bytes = chunk;
    if (this.heldBytes > 0) {
      this.hold(chunk);
      if (this.heldBytes < this.neededBytes) return;
      bytes = this.held.subarray(0, this.heldBytes);
      this.held = NOTHING;
      this.heldBytes = 0;
    }
    let start = 0;
    while (start < bytes.length) {
      const args = this.readFrame(bytes, start);
      if (args === null) {
        this.hold(bytes.subarray(start));
        return;
      }
      start += frameBytes(args);
      this.onFrame(args);
    }
  }

  private hold(bytes: Buffer): void {
    const end = this.heldBytes + bytes.length;
    if (end > this.held.length) {
      // Memory that no byte has come for yet is only address space.
      const grown = Buffer.allocUnsafeSlow(Math.max(end, this.neededBytes));
      this.held.copy(grown, 0, 0, this.heldBytes);
      this.held = grown;
    }
    bytes.copy(this.held, this.heldBytes);
    this.heldBytes = end;
  }

  /** The arguments of the frame that begins at `start`, or null when more bytes are needed. */
  private readFrame(bytes: Buffer, start: number): Buffer[] | null {
    const meta = bytes[start] ?? 0;
    const count = meta & 0xf;
    if (meta >> 4 !== VERSION || count === 0)
      throw new ProtocolError(`a frame begins with the byte 0x${meta.toString(16)}`);
    const args: Buffer[] = [];
    let at = start + META_BYTES;
    while (args.length < count) {
      const lengthEnd = at + LENGTH_BYTES;
      if (lengthEnd > bytes.length) return this.need(lengthEnd - start);
      const end = lengthEnd + bytes.readUInt32BE(at);
      if (end - start > this.bytesMax)
        throw new ProtocolError(`a frame of over ${this.bytesMax} bytes is declared`);
      if (end > bytes.length) return this.need(end - start);
      args.push(bytes.subarray(lengthEnd, end));
      at = end;
    }
    return args;
  }

  private need(bytes: number): null {
    this.neededBytes = bytes;
    return null;
  }
}

function frameBytes(args: readonly Buffer[]): number {
  return args.reduce((sum, arg) => sum + LENGTH_BYTES + arg.length, META_BYTES);
}
