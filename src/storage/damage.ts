import { dirname } from 'node:path';
import { StartError } from '../errors';

/**
 * DATA_DAMAGED for a file of a data directory, or of a folder in it. `reason` goes on from the file's name: "is empty".
 */
export function damaged(
  file: string,
  reason: string,
  cause?: unknown,
  directory = dirname(file),
): StartError {
  return new StartError('DATA_DAMAGED', `${file} ${reason}; ${howToRejoin(directory)}`, { cause });
}

/** DATA_FOREIGN for a file of a data directory that belongs to another node, cluster or version. */
export function foreign(file: string, reason: string): StartError {
  return new StartError(
    'DATA_FOREIGN',
    `${file} ${reason}; start this node with a directory of its own (DATA_DIR), or, if nothing needs that data, ` +
      `remove the directory ${dirname(file)} and start again`,
  );
}

function howToRejoin(directory: string): string {
  return (
    `to rejoin the cluster, stop this node, remove the directory ${directory} and start it again: ` +
    'it gets the log from the other members'
  );
}
