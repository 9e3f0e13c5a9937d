/** How far a store's segments count: what stands behind that in their files is not known to be on disk. */
export interface StoredExtent {
  /** The last index in them; 0 when there is none. */
  readonly index: number;
  /** The first index of the last segment; all segments before it are closed. */
  readonly first: number;
  /** How many bytes of entries count in that one. */
  readonly bytes: number;
}

/** The extent of a store without entries. */
export const NOTHING_STORED: StoredExtent = { index: 0, first: 1, bytes: 0 };
