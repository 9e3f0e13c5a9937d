import { dirname } from 'node:path';
import type { StartError } from '../../errors';
import { damaged } from '../damage';

/** Makes the error for a file that is damaged; `reason` goes on from its name. */
export type DamagedAs = (path: string, reason: string, cause?: unknown) => StartError;

/** DATA_DAMAGED for a segment: the data directory is the one above its folder. */
export function damagedSegment(path: string, reason: string, cause?: unknown): StartError {
  return damaged(path, reason, cause, dirname(dirname(path)));
}
