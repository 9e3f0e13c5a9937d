/** The requests of one load, numbered from 0, as the lines of them that a node reads. */
export interface Requests {
  readonly command: 'add_log' | 'get_log';
  /** The lines of the requests `first` to `first + count - 1`. */
  lines(first: number, count: number): Buffer;
}

/** Digits that tell keys apart; a key of fewer bytes repeats after all of its digits were used. */
const DIGITS_MAX = 15;

const KEY_START = 'k';
const FILLER = '.';

/** What an add stores: keys and values of a given length, each with the number of its request. */
export class Payloads {
  readonly #digits: number;
  readonly #modulus: number;

  constructor(
    readonly keyBytes: number,
    readonly valueBytes: number,
  ) {
    this.#digits = Math.min(keyBytes - KEY_START.length, DIGITS_MAX);
    this.#modulus = 10 ** this.#digits;
  }

  key(number: number): string {
    return this.numberText(number)
      .padStart(this.keyBytes - KEY_START.length, '0')
      .padStart(this.keyBytes, KEY_START);
  }

  value(number: number): string {
    return this.numberText(number).slice(-this.valueBytes).padEnd(this.valueBytes, FILLER);
  }

  /** The digits in which a key or a value differs from those of other requests. */
  numberText(number: number): string {
    return String(number % this.#modulus).padStart(this.#digits, '0');
  }
}

/** What stands before, between and after a key and a value. */
export type AddForm = readonly [head: string, middle: string, tail: string];

/** A line at a prompt, one of an HTTP request, and the body of one. */
export const ADD_LINE: AddForm = ['add_log ', ' ', '\n'];
export const JSON_LINE: AddForm = ['{"key":"', '","value":"', '"}\n'];
export const JSON_BODY: AddForm = ['{"key":"', '","value":"', '"}'];

/** Adds, each of a key and a value of its own. One template line is copied, and its digits written. */
export class AddRequests implements Requests {
  readonly command = 'add_log';
  readonly #template: Buffer;
  readonly #keyDigitsAt: number;
  readonly #valueAt: number;

  /** @param base number of the first request's payload, so that several loads of one log differ. */
  constructor(
    private readonly payloads: Payloads,
    private readonly base: number,
    [head, middle, tail]: AddForm = ADD_LINE,
  ) {
    this.#template = Buffer.from(`${head}${payloads.key(0)}${middle}${payloads.value(0)}${tail}`, 'latin1');
    const keyEnd = head.length + payloads.keyBytes;
    this.#valueAt = keyEnd + middle.length;
    this.#keyDigitsAt = keyEnd - payloads.numberText(0).length;
  }

  lines(first: number, count: number): Buffer {
    const { length } = this.#template;
    const buffer = Buffer.allocUnsafe(count * length);
    for (let nth = 0, at = 0; nth < count; nth++, at += length) {
      const digits = this.payloads.numberText(this.base + first + nth);
      this.#template.copy(buffer, at);
      buffer.write(digits, at + this.#keyDigitsAt, 'latin1');
      buffer.write(digits.slice(-this.payloads.valueBytes), at + this.#valueAt, 'latin1');
    }
    return buffer;
  }
}

/** Reads of random entries out of those that are committed. */
export class GetRequests implements Requests {
  readonly command = 'get_log';

  constructor(private readonly entries: number) {}

  lines(_first: number, count: number): Buffer {
    let lines = '';
    for (let nth = 0; nth < count; nth++) lines += `get_log ${randomIndex(this.entries)}\n`;
    return Buffer.from(lines, 'latin1');
  }
}

/** An index from 1 to `entries`, each as likely. */
export function randomIndex(entries: number): number {
  return 1 + Math.floor(Math.random() * entries);
}
