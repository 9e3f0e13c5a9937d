import { createHash } from 'node:crypto';
import { z } from 'zod';
import { HASH_BYTES } from '../../entry/Entry';
import type { HardState } from '../LogStore';
import { STORE_FORMAT } from '../directory/MarkerFile';

/** The journal's generations that a state names: of the records that follow on it, and of those that it has taken in. */
export interface JournalGenerations {
  readonly current: string;
  /** Null when the journal held nothing before. */
  readonly previous: string | null;
}

/** What is stored beside the entries. */
export interface StoredState {
  readonly hardState: HardState;
  readonly commitIndex: number;
  readonly journal: JournalGenerations;
  /** How many blocks of entries there are. */
  readonly blocks: number;
}

const wholeNumber = z.number().int().nonnegative();
const generation = z.string().regex(/^[0-9a-f]{32}$/);
const content = z.strictObject({
  format: z.literal(STORE_FORMAT),
  hardState: z.strictObject({ term: wholeNumber, votedFor: z.string().nullable() }),
  commitIndex: wholeNumber,
  journal: z.strictObject({ current: generation, previous: generation.nullable() }),
  blocks: wholeNumber,
});

/** A state as it stands on disk: SHA-256 over the JSON after it, since lmdb has no checksums (HAZARDS, lmdb 2). */
export function encodeState(state: StoredState): Buffer {
  const stored: z.input<typeof content> = { format: STORE_FORMAT, ...state };
  const json = Buffer.from(JSON.stringify(stored));
  return Buffer.concat([sha256(json), json]);
}

/** Takes apart what {@link encodeState} made; null when it is anything else. */
export function decodeState(bytes: Buffer): StoredState | null {
  const json = bytes.subarray(HASH_BYTES);
  if (!sha256(json).equals(bytes.subarray(0, HASH_BYTES))) return null;
  const { hardState, commitIndex, journal, blocks } = content.parse(JSON.parse(json.toString()));
  return { hardState, commitIndex, journal, blocks };
}

function sha256(json: Buffer): Buffer {
  return createHash('sha256').update(json).digest();
}
