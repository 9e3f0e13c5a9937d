import {
  closeSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { StartError, toError } from '../errors';
import { escapeControls } from '../escapeControls';
import { formatKeyFile, KEY_FILE_MODE, keyFileName } from './keyFile';
import type { NodeKeys } from './keyPair';
import { formatAddress } from './Member';

/** Name of the file that all nodes of a cluster share. */
export const CLUSTER_FILE_NAME = 'cluster.json';

const DIRECTORY_MODE = 0o700;
const SHARED_FILE_MODE = 0o644;

/** A member that is about to be written, with its secrets. */
export interface MemberWithKeys {
  readonly host: string;
  readonly port: number;
  readonly keys: NodeKeys;
}

/**
 * Writes one key file a node and cluster.json into a directory, which is made (mode 0700) where it is missing; its
 * parent must be there. Either all files are written, or none; no file that is there is ever touched.
 *
 * @returns the files' paths, in the order of the nodes, cluster.json last.
 * @throws StartError BAD_CONFIG when a file is there already or cannot be written.
 */
export function writeCluster(directory: string, members: readonly MemberWithKeys[]): string[] {
  const files = clusterFiles(directory, members);
  const undo: (() => void)[] = [];
  try {
    const present = files.filter(({ path }) => isPresent(path)).map(({ path }) => path);
    if (present.length > 0) throw new Error(`already there: ${present.join(', ')}`);
    // Not recursive: Node 20 never returns from that where the parent refuses new names (/proc).
    if (!isPresent(directory)) {
      mkdirSync(directory, DIRECTORY_MODE);
      undo.push(() => rmdirSync(directory));
    }
    for (const { path, text, mode } of files) {
      // 'wx' fails on what another process made since the check above.
      const descriptor = openSync(path, 'wx', mode);
      undo.push(() => rmSync(path));
      writeAndClose(descriptor, text);
    }
  } catch (thrown) {
    for (const step of undo.reverse()) step();
    const reason = toError(thrown).message;
    throw new StartError(
      'BAD_CONFIG',
      escapeControls(`nothing was written, choose another directory: ${reason}`),
    );
  }
  return files.map(({ path }) => path);
}

function clusterFiles(
  directory: string,
  members: readonly MemberWithKeys[],
): { path: string; text: string; mode: number }[] {
  const keyFiles = members.map(({ keys }, index) => ({
    path: join(directory, keyFileName(index)),
    text: formatKeyFile(keys),
    mode: KEY_FILE_MODE,
  }));
  const path = join(directory, CLUSTER_FILE_NAME);
  return [...keyFiles, { path, text: formatClusterFile(members), mode: SHARED_FILE_MODE }];
}

/** Also true of a link that leads nowhere. */
function isPresent(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** Keys that others are told about must outlive a crash of the machine. */
function writeAndClose(descriptor: number, text: string): void {
  try {
    writeFileSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function formatClusterFile(members: readonly MemberWithKeys[]): string {
  const shared = members.map(({ host, port, keys }) => ({
    address: formatAddress(host, port),
    publicKey: keys.publicKey,
  }));
  return `${JSON.stringify({ members: shared }, null, 2)}\n`;
}
