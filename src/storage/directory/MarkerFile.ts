import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { invariant } from '../../errors';
import { damaged, foreign } from '../damage';
import { replaceFile } from './durableFile';
import type { LogStore } from '../LogStore';

/** Version of the data directory's layout. A directory of another version is refused. */
export const STORE_FORMAT = 4;

/** The name of the marker in a data directory. */
export const MARKER_NAME = 'marker.json';

/** Whose data a directory holds. */
export interface StoreOwner {
  /** The cluster's fingerprint. */
  readonly clusterId: string;
  /** The node's public key. */
  readonly publicKey: string;
}

const version = z.object({ format: z.number() });
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
    directory: string,
    private readonly owner: StoreOwner,
  ) {
    this.path = join(directory, MARKER_NAME);
  }

  /**
   * What the node is, and of which cluster; 'none' and null when there is no marker.
   *
   * @throws StartError DATA_FOREIGN for the marker of another node, cluster or version, DATA_DAMAGED for an unreadable one.
   */
  read(): Marked {
    const content = readMarker(this.path);
    if (content === undefined) return { membership: 'none', identity: null };
    const { clusterId, publicKey, membership, identity } = content;
    if (clusterId !== this.owner.clusterId)
      throw foreign(this.path, `is of cluster ${clusterId}, and this node is of ${this.owner.clusterId}`);
    if (publicKey !== this.owner.publicKey)
      throw foreign(this.path, `is of node ${publicKey}, and this node is ${this.owner.publicKey}`);
    return { membership, identity };
  }

  /** Puts the marker on disk, in place of the one before. */
  write({ membership, identity }: Marked): void {
    invariant(membership !== 'none', () => 'a marker of a node that is nothing');
    const content = { format: STORE_FORMAT, ...this.owner, membership, identity };
    replaceFile(this.path, `${JSON.stringify(content, null, 2)}\n`);
  }
}

/**
 * Whose data a directory holds; null when it has no marker.
 *
 * @throws StartError DATA_FOREIGN for a marker of another version, DATA_DAMAGED for an unreadable one.
 */
export function readStoreOwner(directory: string): StoreOwner | null {
  const content = readMarker(join(directory, MARKER_NAME));
  return content === undefined ? null : { clusterId: content.clusterId, publicKey: content.publicKey };
}

function readMarker(path: string): z.infer<typeof marker> | undefined {
  const text = readText(path);
  if (text === undefined) return undefined;
  const content = parseJson(path, text);
  const found = version.safeParse(content);
  if (found.success && found.data.format !== STORE_FORMAT)
    throw foreign(path, `is of format ${found.data.format}, and this version knows format ${STORE_FORMAT}`);
  const parsed = marker.safeParse(content);
  if (!parsed.success) throw damaged(path, 'is not a marker that this program wrote', parsed.error);
  return parsed.data;
}

/** @throws what reading throws, except for a file that does not exist. */
function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw damaged(path, 'is not valid JSON', error);
  }
}
