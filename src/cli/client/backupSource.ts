import type { BackupSource } from '../../backup/takeBackup';
import { decodeEntries } from '../../entry/entryFrames';
import { decodePoint } from '../../entry/LogPoint';
import { HEAD, headSchema, PAGE, pageSchema, UNCONFIRMED } from '../commands/backupCommands';
import type { NodeClient } from './NodeClient';

/**
 * A running node as the source of a backup. `confirmed`: nothing is missing that was committed before; else what the
 * node itself knows to be committed, which it can say without a leader.
 */
export function backupSourceOf(client: NodeClient, confirmed: boolean): BackupSource {
  return {
    head: async () => {
      const answer = await client.request(confirmed ? HEAD : `${HEAD} ${UNCONFIRMED}`);
      const { floor, ...head } = headSchema.parse(answer);
      return { ...head, floor: decodePoint(Buffer.from(floor, 'hex')) };
    },
    read: async (from) => {
      const { entries } = pageSchema.parse(await client.request(`${PAGE} ${from}`));
      return decodeEntries(Buffer.from(entries, 'base64'));
    },
  };
}
