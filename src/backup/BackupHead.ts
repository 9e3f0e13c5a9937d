import { BackupError } from '../errors';
import { HASH_BYTES } from '../entry/Entry';

/**
 * What stands at the beginning of a backup file. The file:
 *
 * | bytes | field |
 * | --- | --- |
 * | 8 | `MOKKABAK` |
 * | 2 | version of this format |
 * | 6 | entries: how many there are, which is also the index of the last |
 * | 6 | logs: how many of them people see, which is also the index of the last |
 * | 32 | fingerprint of the cluster that it was taken of |
 * | 32 | head hash: the last entry's, which covers all before it |
 * | … | each entry, from the log's first on: its length (4 bytes), then the bytes that the store holds |
 * | 32 | sha256 over all before |
 */
export interface BackupHead {
  /** At least 1. */
  readonly entries: number;
  readonly logs: number;
  /** The cluster's fingerprint, hex. */
  readonly clusterId: string;
  /** Hex. */
  readonly headHash: string;
}

/** Version of the format above. A file of another one is refused. */
export const BACKUP_FORMAT = 1;

/** Length of the sha256 at the end, bytes. */
export const CHECKSUM_BYTES = 32;

const MAGIC = Buffer.from('MOKKABAK');
const FORMAT_AT = MAGIC.length;
const ENTRIES_AT = FORMAT_AT + 2;
const NUMBER_BYTES = 6;
const LOGS_AT = ENTRIES_AT + NUMBER_BYTES;
const CLUSTER_AT = LOGS_AT + NUMBER_BYTES;
const CLUSTER_BYTES = 32;
const HASH_AT = CLUSTER_AT + CLUSTER_BYTES;

/** Length of an encoded head, bytes. */
export const HEAD_BYTES = HASH_AT + HASH_BYTES;

export function encodeHead({ entries, logs, clusterId, headHash }: BackupHead): Buffer {
  const bytes = Buffer.alloc(HEAD_BYTES);
  MAGIC.copy(bytes);
  bytes.writeUInt16BE(BACKUP_FORMAT, FORMAT_AT);
  bytes.writeUIntBE(entries, ENTRIES_AT, NUMBER_BYTES);
  bytes.writeUIntBE(logs, LOGS_AT, NUMBER_BYTES);
  bytes.write(clusterId, CLUSTER_AT, CLUSTER_BYTES, 'hex');
  bytes.write(headHash, HASH_AT, HASH_BYTES, 'hex');
  return bytes;
}

/**
 * Reads a head from the first bytes of a file, which may have fewer.
 *
 * @throws BackupError BACKUP_FOREIGN when the file is no backup or of another version, BACKUP_DAMAGED when it is cut
 * or no entry can be where it says.
 */
export function decodeHead(path: string, bytes: Buffer): BackupHead {
  const magic = bytes.subarray(0, MAGIC.length);
  if (!magic.equals(MAGIC.subarray(0, magic.length)))
    throw new BackupError(
      'BACKUP_FOREIGN',
      `${path} is no backup: name a file that mokka-cluster backup wrote`,
    );
  if (bytes.length < ENTRIES_AT) throw damagedBackup(path, `is cut: it has ${bytes.length} bytes`);
  const format = bytes.readUInt16BE(FORMAT_AT);
  if (format !== BACKUP_FORMAT)
    throw new BackupError(
      'BACKUP_FOREIGN',
      `${path} is a backup of format ${format}, and this version knows format ${BACKUP_FORMAT}: ` +
        'restore it with the version that wrote it',
    );
  if (bytes.length < HEAD_BYTES) throw damagedBackup(path, `is cut: it has ${bytes.length} bytes`);
  const entries = bytes.readUIntBE(ENTRIES_AT, NUMBER_BYTES);
  const logs = bytes.readUIntBE(LOGS_AT, NUMBER_BYTES);
  if (entries === 0 || logs > entries)
    throw damagedBackup(path, `is damaged: it says that of ${entries} entries ${logs} are logs`);
  return {
    entries,
    logs,
    clusterId: bytes.toString('hex', CLUSTER_AT, HASH_AT),
    headHash: bytes.toString('hex', HASH_AT, HEAD_BYTES),
  };
}

/** BACKUP_DAMAGED; `reason` goes on from the file's name. */
export function damagedBackup(path: string, reason: string, cause?: unknown): BackupError {
  return new BackupError(
    'BACKUP_DAMAGED',
    `${path} ${reason}; nothing was restored: take another copy or an older backup`,
    { cause },
  );
}
