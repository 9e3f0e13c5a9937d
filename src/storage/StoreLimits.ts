import { BLOCK_BYTES, JOURNAL_BYTES, JOURNAL_FILES_MAX, SEGMENT_BYTES } from '../limits';

/** The sizes of a durable store's parts, which a test makes small. */
export const STORE_LIMITS = { BLOCK_BYTES, JOURNAL_BYTES, JOURNAL_FILES_MAX, SEGMENT_BYTES };

export type StoreLimits = Readonly<typeof STORE_LIMITS>;
