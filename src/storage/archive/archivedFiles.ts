import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { StartError } from '../../errors';
import { ARCHIVED_NAME, CLUSTER_FOLDER, NODE_FOLDER } from './archiveNames';

/** A file of an archive. */
export interface ArchivedFile {
  readonly path: string;
  /** Its name among the store's segments. */
  readonly name: string;
  /** The cluster in whose folder it was found; null where the folder is no cluster's. */
  readonly identity: string | null;
}

/** The segments in a folder, and in those of clusters and nodes that stand there as an archive has them. */
export function archivedFiles(folder: string, identity: string | null = null): ArchivedFile[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((found) => {
    const path = join(folder, found.name);
    if (found.isDirectory()) {
      const cluster = CLUSTER_FOLDER.exec(found.name)?.[1];
      if (cluster !== undefined) return archivedFiles(path, cluster);
      return NODE_FOLDER.test(found.name) ? archivedFiles(path, identity) : [];
    }
    const first = ARCHIVED_NAME.exec(found.name)?.[1];
    return first === undefined ? [] : [{ path, name: `${first}.seg`, identity }];
  });
}

/**
 * The segments in an archive that are of a store's cluster; those of the only cluster there, where no store is given or its
 * identity is not known. What stands in a folder of its own is taken as it is: its hashes say whose it is.
 *
 * @throws StartError STORE_FAILED where there is none, DATA_FOREIGN where all are of other clusters
 */
export function filesOfCluster(
  archive: string,
  store: { readonly place: string; readonly identity: string | null } | null,
): ArchivedFile[] {
  const files = archivedFiles(archive);
  if (files.length === 0)
    throw new StartError(
      'STORE_FAILED',
      `${archive} holds neither a node's data nor archived segments: name a directory like data/node-0, or an archive`,
    );
  const clusters = [...new Set(files.flatMap(({ identity }) => identity ?? []))];
  const wanted = store?.identity ?? clusters[0];
  const chosen = files.filter(({ identity }) => identity === null || identity === wanted);
  const isClear =
    store?.identity !== null && store?.identity !== undefined ? chosen.length > 0 : clusters.length <= 1;
  if (isClear) return chosen;
  const whose =
    store === null || store.identity === null ? '' : `, and ${store.place} is of cluster ${store.identity}`;
  throw new StartError(
    'DATA_FOREIGN',
    `${archive} holds logs of ${clusters.map((identity) => `cluster ${identity}`).join(' and of ')}${whose}: name the archive of this cluster, or one of the folders cluster-… in it`,
  );
}
