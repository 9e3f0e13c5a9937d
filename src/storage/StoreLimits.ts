const KiB = 1024;
const MiB = 1024 * KiB;

/**
 * The length of each of a journal's files, bytes: what they hold is read and checked at a start, some 10 ms for each; the
 * largest entry fits behind the longest beginning, so that a record never needs a file of its own.
 */
export const JOURNAL_BYTES = 1.5 * MiB;

/**
 * Files of a journal from which on a store waits for the sync of its segments: so many are filled in half a second at full speed.
 * What is not committed may take more of them, see UNCOMMITTED_BYTES_MAX.
 */
export const JOURNAL_FILES_MAX = 8;

/** Bytes of entries from which on a segment is closed: few files for a long log, and a short walk through the open one at a start. */
export const SEGMENT_BYTES = 16 * MiB;

/**
 * Committed entries in memory from which on they are written to a segment, bytes: some at a time, since all that a journal's
 * file holds would hold up what comes meanwhile.
 */
export const SEGMENT_WRITE_BYTES = 64 * KiB;

/**
 * What is written to segments from which on they are synced, bytes: the journal's own syncs wait behind that, each for some
 * milliseconds. A store draws its own number, three quarters of this to five, so that those of one disk take turns.
 */
export const SEGMENT_SYNC_BYTES = 512 * KiB;

/** So many times faster than the next segment fills is the one before it closed: soon, and in small steps. */
export const CLOSING_PACE = 8;

/** Entries of a segment that are read together, bytes (one entry at least): two pages, to be read for one of them. */
export const BLOCK_BYTES = 8 * KiB;

/** Segments that a store holds open: what is read lies mostly in few; a process may have some 1,000 files. */
export const SEGMENT_FILES_OPEN_MAX = 16;

/** So often a node looks at the room on its disk, ms: what fills it faster is met by the reserve. */
export const ROOM_LOOK_MS = 1000;

/** A node makes its reserve only so long after its start, ms: a start is busy enough. */
export const RESERVE_AFTER_MS = 10_000;

/** So long it waits after each step of the reserve, ms: 64 MiB in half a minute, so that the journal's syncs stay short. */
export const RESERVE_STEP_MS = 500;

/** After how many ms a file is archived again that could not be: soon after space is made, and seldom enough for a disk that is slow to fail. */
export const ARCHIVE_RETRY_MS = 10_000;

/** A file that is not archived within so many ms is told as one that cannot be: at 16 MiB, the disk or what leads to it hangs. */
export const ARCHIVE_SLOW_MS = 60_000;

/** How much of two files is compared at once, bytes: few reads, beside the main thread, for little memory. */
export const ARCHIVE_COMPARE_BYTES = MiB;

/** The sizes of a durable store's parts, which a test makes small. */
export const STORE_LIMITS = {
  BLOCK_BYTES,
  CLOSING_PACE,
  JOURNAL_BYTES,
  JOURNAL_FILES_MAX,
  SEGMENT_BYTES,
  SEGMENT_SYNC_BYTES,
  SEGMENT_WRITE_BYTES,
};

export type StoreLimits = Readonly<typeof STORE_LIMITS>;
