import { join } from 'node:path';

/** The folder in an archive of a cluster's files, by the identity that is in its name. */
export const CLUSTER_FOLDER = /^cluster-([0-9a-f]{32})$/;

/** The folder in that of a node's files, by its INDEX. */
export const NODE_FOLDER = /^node-\d+$/;

/**
 * The name of an archived segment: that of the segment, by the position of its first entry; with a number where another
 * file has that name.
 */
export const ARCHIVED_NAME = /^(\d{20})(?:-\d+)?\.seg$/;

/** The name of an archived segment that is not there whole yet. `mark`: 8 hex digits, drawn for it. */
export function partName(name: string, mark: string): string {
  return `${name}.${mark}.part`;
}

/** What {@link partName} gives. */
export const PART_NAME = /^\d{20}(?:-\d+)?\.seg\.[0-9a-f]{8}\.part$/;

/** Where an archive has the files of a node, in relation to all others: nodes of several clusters may share it. */
export function nodeFolder(archive: string, identity: string, index: number): string {
  return join(archive, `cluster-${identity}`, `node-${index}`);
}
