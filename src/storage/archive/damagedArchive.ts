import { StartError } from '../../errors';
import type { DamagedAs } from '../segments/damagedSegment';

/** DATA_DAMAGED for a file of an archive. `reason` goes on from its name. */
export const damagedArchive: DamagedAs = (path, reason, cause) =>
  new StartError(
    'DATA_DAMAGED',
    `${path} ${reason}; take it away, and check again with a copy of it, or with the archive of another node, which has the same logs`,
    { cause },
  );
