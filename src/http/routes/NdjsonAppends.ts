import { errorNumbers, toError } from '../../errors';
import { HTTP_BODY_BYTES_MAX, HTTP_BYTES_OWN, NDJSON_LINES_MAX } from '../../httpLimits';
import { LineReader, RefusedLine, type InputLine } from '../../lines/LineReader';
import type { BytesUnderWay, Release } from '../answers/BytesUnderWay';
import { NOT_STORED } from '../answers/caching';
import type { Exchange } from '../answers/Exchange';
import { NDJSON_TYPE } from '../answers/mediaTypes';
import { problemOf } from '../answers/problemAnswer';
import type { HttpNode } from '../contract/HttpNode';
import { appendLineSchema } from '../contract/schemas';
import { namedBy } from './once';
import { parseBody } from './requestBody';

/** A line that was taken, in the order of the lines. */
interface Slot {
  /** Its answer, once there is one. */
  answer: string | null;
  readonly bytes: number;
  readonly release: Release;
}

/**
 * A request whose lines are each a log: pushed as they come, answered in their order as they are committed. While too many
 * wait, or the answers are not read, no more are read.
 */
export class NdjsonAppends {
  private readonly reader = new LineReader(HTTP_BODY_BYTES_MAX);
  private readonly slots: Slot[] = [];
  /** Bytes of lines that hold no room of their own: up to HTTP_BYTES_OWN in all. */
  private ownBytes = 0;
  /** Of a line that is long, and not whole yet. */
  private unfinished: Release | null = null;
  private tellSoon = false;
  private wake: () => void = () => undefined;

  constructor(
    private readonly exchange: Exchange,
    private readonly node: HttpNode,
    private readonly bytes: BytesUnderWay,
  ) {}

  /** Resolves when the request has ended and all of it is answered, or its client has gone. */
  async run(): Promise<void> {
    const { incoming, outgoing } = this.exchange;
    const since = this.exchange.sinceHeader();
    outgoing.writeHead(200, { ...NOT_STORED, 'content-type': NDJSON_TYPE, ...since });
    outgoing.flushHeaders();
    const goOn = (): void => this.wake();
    outgoing.on('drain', goOn).once('close', goOn);
    this.exchange.signal.addEventListener('abort', goOn);
    // Nothing came for long: what was taken is answered, and that is the end.
    outgoing.on('timeout', () => this.idle());
    incoming.on('readable', goOn).once('end', goOn);
    await this.takeChunks();
    while (this.slots.length > 0 && !this.exchange.gone) await this.progress();
    for (const { release } of this.slots) release();
    outgoing.end();
  }

  /** Whether no more lines are taken: nobody reads the answers, or the door closes. */
  private get ended(): boolean {
    return this.exchange.gone || this.exchange.signal.aborted;
  }

  private async takeChunks(): Promise<void> {
    const { incoming } = this.exchange;
    while (!this.ended) {
      const chunk = incoming.read() as Buffer | null;
      if (chunk !== null) this.reader.push(chunk);
      else if (incoming.readableEnded) break;
      else await this.progress();
      await this.takeLines();
      await this.holdUnfinished();
    }
    this.releaseUnfinished();
    // Of a request that was cut off, the last line may not be whole.
    if (!incoming.readableEnded) return;
    this.reader.end();
    await this.takeLines();
  }

  private async takeLines(): Promise<void> {
    for (;;) {
      while (!this.hasRoom && !this.ended) await this.progress();
      const line = this.ended ? null : this.reader.next();
      if (line === null) return;
      // It takes what it needs itself, which those that wait with an unfinished one would wait for.
      this.releaseUnfinished();
      await this.take(line);
    }
  }

  /** A line may become as long as any before it is whole: that much room it needs, or waits for, to be read on. */
  private async holdUnfinished(): Promise<void> {
    if (this.unfinished !== null || this.reader.unfinishedBytes <= HTTP_BYTES_OWN) return;
    this.unfinished = await this.bytes.takeInTime(HTTP_BODY_BYTES_MAX, () => !this.ended);
  }

  private releaseUnfinished(): void {
    this.unfinished?.();
    this.unfinished = null;
  }

  private get hasRoom(): boolean {
    return this.slots.length < NDJSON_LINES_MAX && !this.exchange.outgoing.writableNeedDrain;
  }

  private async take(line: InputLine): Promise<void> {
    if (typeof line === 'string' && line.trim() === '') return;
    const slot = await this.slotFor(typeof line === 'string' ? line.length : 0);
    if (line instanceof RefusedLine) this.answer(slot, failed(line.error));
    else
      this.push(line).then(
        (answer) => this.answer(slot, answer),
        (thrown: unknown) => this.answer(slot, failed(thrown)),
      );
  }

  private async slotFor(bytes: number): Promise<Slot> {
    const isOwn = this.ownBytes + bytes <= HTTP_BYTES_OWN;
    let release: Release;
    if (isOwn) {
      this.ownBytes += bytes;
      release = () => (this.ownBytes -= bytes);
    } else release = await this.bytes.takeInTime(Math.max(bytes, HTTP_BYTES_OWN + 1), () => !this.ended);
    const slot: Slot = { answer: null, bytes, release };
    this.slots.push(slot);
    return slot;
  }

  private async push(line: string): Promise<string> {
    const { key, value, ...words } = parseBody(line, appendLineSchema);
    const { nonce, options } = namedBy(words);
    const entry = await this.node.logApi.push(
      key,
      nonce === undefined ? { value } : { value, nonce },
      options,
    );
    const since = options.session === undefined ? null : this.node.logApi.since;
    const tail = since === null ? '' : `,"since":${JSON.stringify(since)}`;
    return `{"command":"add_log","ok":true,"result":${JSON.stringify(entry)}${tail}}\n`;
  }

  private answer(slot: Slot, answer: string): void {
    slot.answer = answer;
    this.tellNext();
  }

  /** What is committed at once is told at once, in one write. */
  private tellNext(): void {
    if (this.tellSoon || (this.slots[0]?.answer ?? null) === null) return;
    this.tellSoon = true;
    setImmediate(() => {
      this.tellSoon = false;
      this.tell();
    });
  }

  private tell(): void {
    const { outgoing } = this.exchange;
    let text = '';
    let told = 0;
    for (const { answer } of this.slots) {
      if (answer === null) break;
      text += answer;
      told++;
      if (text.length >= HTTP_BYTES_OWN) break;
    }
    const slots = this.slots.splice(0, told);
    const release = (): void => {
      for (const slot of slots) slot.release();
      this.wake();
    };
    if (this.exchange.gone) release();
    else if (told > 0) outgoing.write(text, release);
    this.tellNext();
    this.wake();
  }

  /** Until something has changed. */
  private progress(): Promise<void> {
    return new Promise((resolve) => (this.wake = resolve));
  }

  private idle(): void {
    const { outgoing } = this.exchange;
    if (outgoing.writableLength > 0) outgoing.destroy();
    else if (this.slots.length === 0) this.exchange.end();
  }
}

/** The line that answers one that was not done. */
function failed(thrown: unknown): string {
  const error = toError(thrown);
  const { code, detail: message } = problemOf(error);
  return `${JSON.stringify({ command: 'add_log', ok: false, error: { code, message, ...errorNumbers(error) } })}\n`;
}
