import { entryHashHex, entryPushId, logParts, toLogEntry, type Entry } from '../../entry/Entry';
import { HTTP_BYTES_OWN, LOG_TEXT_LENGTH_MAX } from '../../httpLimits';

const ASCII_CONTROLS_END = 0x20;

/** What stands for a byte within the quotes of JSON; undefined where it stands for itself. */
const ESCAPES: readonly (Buffer | undefined)[] = Array.from({ length: 256 }, (_, byte) =>
  byte < ASCII_CONTROLS_END || byte === 0x22 || byte === 0x5c
    ? Buffer.from(JSON.stringify(String.fromCharCode(byte)).slice(1, -1))
    : undefined,
);

/** Bytes that JSON takes for each byte of UTF-8. */
const LENGTHS = Uint8Array.from(ESCAPES, (escape) => escape?.length ?? 1);

/** UTF-8 that goes into JSON as it is, but for what has to be escaped: of a long value no text is made, which V8 would keep until it collects all of its heap. */
class EscapedBytes {
  /** Bytes that it takes. */
  readonly length: number;

  constructor(private readonly bytes: Buffer) {
    let length = 0;
    for (let at = 0; at < bytes.length; at++) length += LENGTHS[bytes[at] ?? 0] ?? 0;
    this.length = length;
  }

  writeTo(target: Buffer, at: number): void {
    const { bytes } = this;
    if (this.length === bytes.length) {
      target.set(bytes, at);
      return;
    }
    let to = at;
    for (const byte of bytes) {
      const escape = ESCAPES[byte];
      if (escape === undefined) target[to++] = byte;
      else {
        target.set(escape, to);
        to += escape.length;
      }
    }
  }
}

/** JSON that is to be sent, in pieces: how long it is is known before there is room for it, and before it is made. */
export class JsonText {
  private readonly pieces: (string | EscapedBytes)[] = [];
  /** What stands behind the pieces. */
  private text = '';
  private bytes = 0;

  /** Bytes that it takes. */
  get length(): number {
    return this.bytes;
  }

  /** Adds what is JSON already. */
  add(text: string): this {
    this.text += text;
    this.bytes += Buffer.byteLength(text);
    if (this.text.length >= HTTP_BYTES_OWN) this.endPiece();
    return this;
  }

  addLog(entry: Entry): this {
    if (entry.bytes.length <= LOG_TEXT_LENGTH_MAX) return this.add(JSON.stringify(toLogEntry(entry)));
    const { key, value } = logParts(entry);
    const { logNumber, term, createdAt } = entry;
    this.add(
      `{"index":${logNumber},"term":${term},"hash":"${entryHashHex(entry)}","createdAt":${createdAt},"log":{"key":${JSON.stringify(key)},"value":{"value":"`,
    );
    const escaped = new EscapedBytes(value);
    this.endPiece();
    this.pieces.push(escaped);
    this.bytes += escaped.length;
    return this.add(`","nonce":${entryPushId(entry)?.nonce ?? 0}}}}`);
  }

  /** As a socket takes it: a text, or bytes where it is long, which would be held twice as a text that nobody reads. */
  toSend(): string | Buffer {
    if (this.pieces.length === 0) return this.text;
    this.endPiece();
    const sent = Buffer.allocUnsafeSlow(this.bytes);
    let at = 0;
    for (const piece of this.pieces)
      if (typeof piece === 'string') at += sent.write(piece, at);
      else {
        piece.writeTo(sent, at);
        at += piece.length;
      }
    return sent;
  }

  private endPiece(): void {
    this.pieces.push(this.text);
    this.text = '';
  }
}
