import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { invariant, type StartError } from '../../errors';
import { damaged, foreign } from '../damage';
import type { LogStore } from '../LogStore';
import { replaceFile } from '../replaceFile';
import type { StoreDisk } from '../StoreDisk';

/** Version of the data directory's layout. A directory of another version is refused. */
export const STORE_FORMAT = 6;

/** The name of the marker in a data directory. */
export const MARKER_NAME = 'marker.json';

/** Whose data a directory holds. */
export interface StoreOwner {
  /** The cluster's fingerprint. */
  readonly clusterId: string;
  /** The node's public key. */
  readonly publicKey: string;
}

/** Formats whose markers had no checksum. */
const EARLIER_FORMAT_MAX = 4;

const earlier = z.strictObject({
  format: z.number().int().min(1).max(EARLIER_FORMAT_MAX),
  clusterId: z.string(),
  publicKey: z.string(),
  membership: z.string(),
  identity: z.string().nullable().optional(),
});
const checked = z.looseObject({ format: z.number(), checksum: z.string() });
const marker = z.strictObject({
  format: z.literal(STORE_FORMAT),
  clusterId: z.string(),
  publicKey: z.string(),
  membership: z.enum(['rejoining', 'voter']),
  identity: z
    .string()
    .regex(/^[0-9a-f]{32}$/)
    .nullable(),
});

/** What a node is, as its marker says. */
export type Marked = Pick<LogStore, 'membership' | 'identity'>;

/**
 * The file that says that a node has data in this directory, of which cluster and node, and what the node is.
 * It is written before a node first votes: without it, a directory is a new member's or a lost one's.
 */
export class MarkerFile {
  readonly path: string;

  constructor(
    private readonly disk: StoreDisk,
    private readonly owner: StoreOwner,
  ) {
    this.path = join(disk.place, MARKER_NAME);
  }

  /**
   * What the node is, and of which cluster; 'none' and null when there is no marker.
   *
   * @throws StartError DATA_FOREIGN for the marker of another node, cluster or version, DATA_DAMAGED for an unreadable one.
   */
  read(): Marked {
    const content = readMarker(this.disk);
    if (content === undefined) return { membership: 'none', identity: null };
    const { clusterId, publicKey, membership, identity } = content;
    if (clusterId !== this.owner.clusterId)
      throw foreign(this.path, `is of cluster ${clusterId}, and this node is of ${this.owner.clusterId}`);
    if (publicKey !== this.owner.publicKey)
      throw foreign(this.path, `is of node ${publicKey}, and this node is ${this.owner.publicKey}`);
    return { membership, identity };
  }

  /** Puts the marker on disk, in place of the one before: after a crash at any moment it is one of them, whole. */
  write({ membership, identity }: Marked): void {
    invariant(membership !== 'none', () => 'a marker of a node that is nothing');
    const content = { format: STORE_FORMAT, ...this.owner, membership, identity };
    replaceFile(this.disk, MARKER_NAME, asText({ ...content, checksum: checksumOf(content) }));
  }
}

/**
 * Whose data a directory holds; null when it has no marker.
 *
 * @throws StartError DATA_FOREIGN for a marker of another version, DATA_DAMAGED for an unreadable one.
 */
export function readStoreOwner(disk: StoreDisk): StoreOwner | null {
  const content = readMarker(disk);
  return content === undefined ? null : { clusterId: content.clusterId, publicKey: content.publicKey };
}

function readMarker(disk: StoreDisk): z.infer<typeof marker> | undefined {
  const path = join(disk.place, MARKER_NAME);
  const text = readText(disk);
  if (text === null) return undefined;
  const content = parseJson(path, text);
  const old = earlier.safeParse(content);
  if (old.success) throw ofFormat(path, old.data.format);
  // What it says counts only if it is what was written, the format too.
  const found = checked.safeParse(content);
  if (!found.success) throw damaged(path, 'is not a marker that this program wrote', found.error);
  // As it stands there: in the order of the text.
  const { checksum, ...rest } = content as z.infer<typeof checked>;
  if (checksum !== checksumOf(rest) || text !== asText({ ...rest, checksum }))
    throw damaged(path, 'is not what was written: its checksum is wrong');
  if (rest.format !== STORE_FORMAT) throw ofFormat(path, rest.format);
  const parsed = marker.safeParse(rest);
  if (!parsed.success) throw damaged(path, 'is not a marker that this program wrote', parsed.error);
  return parsed.data;
}

function ofFormat(path: string, format: number): StartError {
  const way = ': to keep its log, back it up with the version that wrote it, and restore that with this one';
  return foreign(
    path,
    `is of format ${format}, and this version knows format ${STORE_FORMAT}${format < STORE_FORMAT ? way : ''}`,
  );
}

function readText(disk: StoreDisk): string | null {
  const file = disk.open(MARKER_NAME);
  if (file === null) return null;
  try {
    const bytes = Buffer.alloc(file.size);
    file.read(bytes, 0);
    return bytes.toString();
  } finally {
    file.close();
  }
}

function asText(content: object): string {
  return `${JSON.stringify(content, null, 2)}\n`;
}

/** SHA-256 in hex over all that the marker says beside it. */
function checksumOf(content: object): string {
  return createHash('sha256').update(asText(content)).digest('hex');
}

function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw damaged(path, 'is not valid JSON', error);
  }
}
