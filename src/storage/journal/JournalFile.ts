import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { invariant } from '../../errors';
import type { Entry, LogPoint } from '../../entry/Entry';
import { encodePoint, POINT_BYTES } from '../../entry/LogPoint';
import { damaged } from '../damage';
import type { HardState } from '../LogStore';
import { SECTOR_BYTES, type StoreFile } from '../StoreDisk';
import {
  decodeRecord,
  encodeRecord,
  GENERATION_BYTES,
  NO_HASH,
  recordBytes,
  type RecordKind,
  type FoundRecord,
  type JournalRecord,
  type RecordPlace,
} from './JournalRecord';

const hex = (bytes: number): z.ZodString => z.string().regex(new RegExp(`^[0-9a-f]{${2 * bytes}}$`));
const count = z.number().int().nonnegative();
const generationName = hex(GENERATION_BYTES);
const hardStateSchema = z.strictObject({ term: count, votedFor: z.string().nullable() });
const neededSchema = z.strictObject({
  /** Of its file. */
  name: z.string(),
  generation: generationName,
  /** Of its last record. */
  hash: hex(32),
  /** The highest index of an entry in it that no later record has cut. */
  highest: count,
});
const openingSchema = z.strictObject({
  /** 1, 2, 3, …: the generation with the highest one goes on. */
  sequence: count,
  /** The generation before. */
  previous: generationName.nullable(),
  /** Earlier generations whose entries are not all in segments yet, in order. */
  needed: z.array(neededSchema),
  hardState: hardStateSchema,
  /** Where the log begins, as {@link encodePoint} has it. */
  floor: hex(POINT_BYTES),
});
const closingSchema = z.strictObject({ next: generationName });

/** An earlier generation without which the log has a gap. */
export type NeededGeneration = z.infer<typeof neededSchema>;

/** What a generation begins with. */
export type Opening = z.infer<typeof openingSchema>;

/** What each record says of the store. */
type RecordedState = Pick<JournalRecord, 'commitIndex' | 'stored'>;

/** A generation as it was found in a file. */
export interface FoundGeneration {
  readonly opening: Opening;
  /** The opening's record and those behind it, in order. */
  readonly records: readonly [FoundRecord, ...FoundRecord[]];
  /** The generation that goes on, where this one was closed. */
  readonly next: string | null;
  /** Where a record is damaged that has others of the generation behind it, bytes; null where none is. */
  readonly damagedAt: number | null;
}

/**
 * One file of a journal, whose length and blocks never change, so that a record is one write and one sync. Its records
 * are of one generation: what a use of the file before it has left behind them is never read.
 */
export class JournalFile {
  private place: RecordPlace | null = null;
  private end = 0;
  /** Where its last record begins. */
  private lastAt = 0;
  private sequenceNumber = 0;

  /** @param scratch holds a record while it is written; as long as the file. */
  constructor(
    readonly name: string,
    private readonly file: StoreFile,
    private readonly bytes: number,
    private readonly scratch: Buffer,
  ) {}

  get path(): string {
    return this.file.path;
  }

  /** In hex; of a file that has one. */
  get generation(): string {
    return this.placeOf().generation.toString('hex');
  }

  get sequence(): number {
    return this.sequenceNumber;
  }

  /** Of its last record, in hex. */
  get hash(): string {
    return Buffer.from(this.placeOf().hash, 'latin1').toString('hex');
  }

  /** How many records its generation has. */
  get records(): number {
    return this.place?.number ?? 0;
  }

  /** Gives the file its length and its blocks; on disk on return. */
  allocate(): void {
    this.file.write(Buffer.alloc(this.bytes), 0, this.bytes);
    this.file.sync();
  }

  /**
   * Clears the file's beginning, which is no opening, for good. Else a crash while the next one is written may leave the
   * first sector of an opening that was torn before, and behind it a sector that is equal in both: that generation would
   * begin after all, and with it a record whose call never returned.
   */
  clear(): void {
    const begin = this.readBytes(SECTOR_BYTES);
    if (begin === null || begin.every((byte) => byte === 0)) return;
    this.file.write(Buffer.alloc(SECTOR_BYTES), 0, SECTOR_BYTES);
    this.file.sync();
  }

  /** Reads what its generation begins with; false when it begins with none. */
  readOpening(): boolean {
    return this.openingIn(this.readBytes(Math.min(OPENING_BYTES_MAX, this.bytes))) !== null;
  }

  /** The generation in the file, which begins with one; it goes on behind its last whole record. */
  read(): FoundGeneration {
    const content = this.readBytes(this.bytes);
    const begun = this.openingIn(content);
    if (content === null || begun === null) throw damaged(this.path, 'is damaged at byte 0');
    const { first, opening } = begun;
    const { generation } = this.placeOf();
    let place = this.placeOf();
    let at = this.end;
    this.lastAt = 0;
    const records: [FoundRecord, ...FoundRecord[]] = [first];
    let next: string | null = null;
    for (;;) {
      const found = decodeRecord(content, at, place);
      if (found?.kind === 'closing') next = this.parse(found.body, closingSchema, at).next;
      if (found === null || found.kind === 'closing' || found.kind === 'seal') break;
      records.push(found);
      this.lastAt = at;
      place = { generation, number: place.number + 1, hash: found.hash };
      at += found.bytes;
    }
    let damagedAt: number | null = null;
    for (let later = at + SECTOR_BYTES; later < this.bytes; later += SECTOR_BYTES)
      if (generation.equals(content.subarray(later, later + GENERATION_BYTES))) damagedAt = at;
    this.place = place;
    this.end = at;
    return { opening, records, next, damagedAt };
  }

  /** The term and vote of a record of this file. @throws StartError DATA_DAMAGED */
  hardStateOf({ body }: FoundRecord): HardState {
    return this.parse(body, hardStateSchema, this.end);
  }

  /**
   * Writes the last record that {@link read} found once more, and syncs. A process that was killed may not have synced it,
   * and after a sync that failed the system takes for written what is not.
   */
  rewriteLast(): void {
    const last = Buffer.allocUnsafe(this.end - this.lastAt);
    this.file.read(last, this.lastAt);
    this.file.write(last, this.lastAt, last.length);
    this.file.sync();
  }

  /** Begins a generation, which is on disk with its first record, after a {@link sync}. */
  begin(opening: Opening, state: RecordedState): void {
    // Cut, or made by a process that was killed before it had its length.
    if (this.file.size !== this.bytes) this.allocate();
    this.place = { generation: randomBytes(GENERATION_BYTES), number: 0, hash: NO_HASH };
    this.end = 0;
    this.sequenceNumber = opening.sequence;
    const body = asJson(opening);
    invariant(
      recordBytes(body) <= OPENING_BYTES_MAX,
      () => `${opening.needed.length} generations are needed`,
    );
    this.write('opening', body, state);
  }

  /** Whether a record with such a body fits, with what {@link KEPT_BYTES} is for behind it. */
  hasRoomFor(body: Buffer | readonly Entry[]): boolean {
    return this.end + recordBytes(body) + KEPT_BYTES <= this.bytes;
  }

  /** Writes a record; it is on disk after a {@link sync}, without which no other may follow but an opening's first. */
  write(kind: RecordKind, body: Buffer | readonly Entry[], state: RecordedState): void {
    const place = this.placeOf();
    const hash = this.put(kind, body, state);
    this.end += recordBytes(body);
    this.place = { generation: place.generation, number: place.number + 1, hash };
  }

  writeHardState(hardState: HardState, state: RecordedState): void {
    this.write('hardState', asJson(hardState), state);
  }

  writeFloor(floor: LogPoint, state: RecordedState): void {
    this.write('floor', encodePoint(floor), state);
  }

  /** A record that is followed by a seal is not the last, which alone may be torn. The next one takes the seal's place. */
  seal(state: RecordedState): void {
    this.put('seal', NO_BODY, state);
  }

  /** Says which generation goes on, in the seal's place. */
  close(next: string, state: RecordedState): void {
    this.put('closing', asJson({ next } satisfies z.infer<typeof closingSchema>), state);
  }

  sync(): void {
    this.file.sync();
  }

  release(): void {
    this.file.close();
  }

  /** The first bytes of the file; null when it has not the length that its kind has. */
  private readBytes(count: number): Buffer | null {
    if (this.file.size !== this.bytes) return null;
    const content = Buffer.allocUnsafe(count);
    return this.file.read(content, 0) < count ? null : content;
  }

  /** The opening that a file's content begins with, which the file goes on behind; null when there is none. */
  private openingIn(content: Buffer | null): { first: FoundRecord; opening: Opening } | null {
    if (content === null) return null;
    const generation = Buffer.from(content.subarray(0, GENERATION_BYTES));
    const first = decodeRecord(content, 0, { generation, number: 0, hash: NO_HASH });
    if (first?.kind !== 'opening') return null;
    const opening = this.parse(first.body, openingSchema, 0);
    this.place = { generation, number: 1, hash: first.hash };
    this.end = first.bytes;
    this.sequenceNumber = opening.sequence;
    return { first, opening };
  }

  private put(kind: RecordKind, body: Buffer | readonly Entry[], state: RecordedState): string {
    const bytes = recordBytes(body);
    invariant(this.end + bytes <= this.bytes, () => `no room for a record of ${bytes} bytes`);
    const hash = encodeRecord(this.scratch, this.placeOf(), { kind, ...state }, body);
    this.file.write(this.scratch, this.end, bytes);
    return hash;
  }

  private placeOf(): RecordPlace {
    invariant(this.place !== null, () => `${this.name} has no generation`);
    return this.place;
  }

  private parse<Content>(body: Buffer, schema: z.ZodType<Content>, at: number): Content {
    let content: unknown;
    try {
      content = JSON.parse(body.toString());
    } catch (error) {
      throw damaged(this.path, `is damaged at byte ${at}`, error);
    }
    const parsed = schema.safeParse(content);
    if (!parsed.success) throw damaged(this.path, `is damaged at byte ${at}`, parsed.error);
    return parsed.data;
  }
}

/** Bytes at the end that records of entries leave: for a record of term and vote, and for a seal or a closing. */
const KEPT_BYTES = 2 * SECTOR_BYTES;

const NO_BODY = Buffer.alloc(0);

/** Bytes that an opening takes at most. It names each generation that is needed, in 200: there are no more than 100 of them. */
const OPENING_BYTES_MAX = 64 * 1024;

function asJson(content: object): Buffer {
  return Buffer.from(JSON.stringify(content));
}
