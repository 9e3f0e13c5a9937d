import { BackupError } from '../errors';
import { HASH_BYTES, IDENTITY_BYTES, NUMBER_BYTES } from '../entry/Entry';
import { decodePoint, encodePoint, GENESIS, POINT_BYTES, type LogPoint } from '../entry/LogPoint';
import { MalformedEntryError } from '../entry/MalformedEntryError';

/**
 * What stands at the beginning of a backup file. The file:
 *
 * | bytes | field |
 * | --- | --- |
 * | 8 | `MOKKABAK` |
 * | 2 | version of this format |
 * | 6 | entries: how many there are |
 * | 6 | logs: how many of them people see |
 * | 32 | fingerprint of the cluster that it was taken of |
 * | 32 | head hash: the last entry's, which covers all before it |
 * | 50 | from version 2 on: the floor, what the first entry follows on ({@link encodePoint}) |
 * | 16 | from version 2 on: the identity of the cluster that it was taken of; zeros where its node did not know it |
 * | … | each entry, from the one behind the floor on: its length (4 bytes), then the bytes that the store holds |
 * | 32 | sha256 over all before |
 *
 * A file of version 1 begins with the log's first entry, which names the identity.
 */
export interface BackupHead {
  /** At least 1. */
  readonly entries: number;
  readonly logs: number;
  /** The cluster's fingerprint, hex. */
  readonly clusterId: string;
  /** Hex. */
  readonly headHash: string;
  /** What the first entry follows on; {@link GENESIS} where the log is whole. */
  readonly floor: LogPoint;
  /** Hex; null where the head does not say. */
  readonly identity: string | null;
}

/** Version of the format above. A file of a later one is refused. */
export const BACKUP_FORMAT = 2;

/** The version whose heads end with the head hash. */
const FORMAT_OF_WHOLE_LOGS = 1;

/** Length of the sha256 at the end, bytes. */
export const CHECKSUM_BYTES = 32;

const MAGIC = Buffer.from('MOKKABAK');
const FORMAT_AT = MAGIC.length;
const ENTRIES_AT = FORMAT_AT + 2;
const LOGS_AT = ENTRIES_AT + NUMBER_BYTES;
const CLUSTER_AT = LOGS_AT + NUMBER_BYTES;
const CLUSTER_BYTES = 32;
const HASH_AT = CLUSTER_AT + CLUSTER_BYTES;
const FLOOR_AT = HASH_AT + HASH_BYTES;
const IDENTITY_AT = FLOOR_AT + POINT_BYTES;
const NO_IDENTITY = '0'.repeat(2 * IDENTITY_BYTES);

/** Length of an encoded head, bytes. */
export const HEAD_BYTES = IDENTITY_AT + IDENTITY_BYTES;

/** A file as it is read, from its beginning on. */
interface HeadSource {
  readonly path: string;
  /** The next bytes, fewer than `length` only where the file ends. */
  takeUpTo(length: number): Buffer;
}

/** Raft's index of the last entry. */
export function lastIndexOf({ floor, entries }: Pick<BackupHead, 'floor' | 'entries'>): number {
  return floor.index + entries;
}

/** Index of the last log. */
export function lastLogOf({ floor, logs }: Pick<BackupHead, 'floor' | 'logs'>): number {
  return floor.logNumber + logs;
}

export function encodeHead({ entries, logs, clusterId, headHash, floor, identity }: BackupHead): Buffer {
  const bytes = Buffer.alloc(HEAD_BYTES);
  MAGIC.copy(bytes);
  bytes.writeUInt16BE(BACKUP_FORMAT, FORMAT_AT);
  bytes.writeUIntBE(entries, ENTRIES_AT, NUMBER_BYTES);
  bytes.writeUIntBE(logs, LOGS_AT, NUMBER_BYTES);
  bytes.write(clusterId, CLUSTER_AT, CLUSTER_BYTES, 'hex');
  bytes.write(headHash, HASH_AT, HASH_BYTES, 'hex');
  encodePoint(floor).copy(bytes, FLOOR_AT);
  bytes.write(identity ?? NO_IDENTITY, IDENTITY_AT, IDENTITY_BYTES, 'hex');
  return bytes;
}

/**
 * Reads the head at the beginning of a file.
 *
 * @throws BackupError BACKUP_FOREIGN when the file is no backup or of a later version, BACKUP_DAMAGED when it is cut
 * or no entry can be where it says.
 */
export function decodeHead(file: HeadSource): BackupHead {
  const { path } = file;
  const bytes = file.takeUpTo(FLOOR_AT);
  const magic = bytes.subarray(0, MAGIC.length);
  if (!magic.equals(MAGIC.subarray(0, magic.length)))
    throw new BackupError(
      'BACKUP_FOREIGN',
      `${path} is no backup: name a file that mokka-cluster backup wrote`,
    );
  if (bytes.length < ENTRIES_AT) throw damagedBackup(path, `is cut: it has ${bytes.length} bytes`);
  const format = bytes.readUInt16BE(FORMAT_AT);
  if (format < FORMAT_OF_WHOLE_LOGS || format > BACKUP_FORMAT)
    throw new BackupError(
      'BACKUP_FOREIGN',
      `${path} is a backup of format ${format}, and this version knows formats up to ${BACKUP_FORMAT}: ` +
        'restore it with the version that wrote it',
    );
  if (bytes.length < FLOOR_AT) throw damagedBackup(path, `is cut: it has ${bytes.length} bytes`);
  const entries = bytes.readUIntBE(ENTRIES_AT, NUMBER_BYTES);
  const logs = bytes.readUIntBE(LOGS_AT, NUMBER_BYTES);
  if (entries === 0 || logs > entries)
    throw damagedBackup(path, `is damaged: it says that of ${entries} entries ${logs} are logs`);
  return {
    entries,
    logs,
    clusterId: bytes.toString('hex', CLUSTER_AT, HASH_AT),
    headHash: bytes.toString('hex', HASH_AT, FLOOR_AT),
    ...(format === FORMAT_OF_WHOLE_LOGS ? { floor: GENESIS, identity: null } : decodeBeginning(file)),
  };
}

function decodeBeginning(file: HeadSource): Pick<BackupHead, 'floor' | 'identity'> {
  const { path } = file;
  const bytes = file.takeUpTo(HEAD_BYTES - FLOOR_AT);
  if (bytes.length < HEAD_BYTES - FLOOR_AT)
    throw damagedBackup(path, `is cut: it has ${FLOOR_AT + bytes.length} bytes`);
  const identity = bytes.toString('hex', IDENTITY_AT - FLOOR_AT);
  try {
    return { floor: decodePoint(bytes), identity: identity === NO_IDENTITY ? null : identity };
  } catch (error) {
    if (!(error instanceof MalformedEntryError)) throw error;
    throw damagedBackup(path, `is damaged: it says to begin behind ${error.message}`, error);
  }
}

/** BACKUP_DAMAGED; `reason` goes on from the file's name. */
export function damagedBackup(path: string, reason: string, cause?: unknown): BackupError {
  return new BackupError(
    'BACKUP_DAMAGED',
    `${path} ${reason}; nothing was restored: take another copy or an older backup`,
    { cause },
  );
}
