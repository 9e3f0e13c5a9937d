/**
 * `mokka-cluster restore [--same-cluster] [--json] FILE`: makes the data directory of a node that does not run from a
 * backup, in the environment (INDEX, DATA_DIR, CLUSTER_CONFIG, …) that this node will start in. Status 0, or one of the
 * kind of error.
 */
import { restoreBackup } from '../backup/restoreBackup';
import type { OnProgress } from '../backup/takeBackup';
import { logsInWords } from '../cli/shell/logsInWords';
import { runFileScript, tell, type FileResult, type OptionValues } from '../cli/shell/fileScript';
import { readConfig } from '../config/ClusterConfig';
import { clusterFingerprint } from '../config/clusterFingerprint';

const USAGE = `npx mokka-cluster restore [--same-cluster] [--json] FILE

Makes the data directory of the node that the environment names (INDEX, DATA_DIR, CLUSTER_CONFIG, …) from FILE, which
mokka-cluster backup wrote. Do it for every member, from the same FILE, before any is started.
  --same-cluster  FILE is of this very cluster, and no member's old data will be used any more
  --json          one line of JSON`;

const { env } = process;

const restore = async (file: string, values: OptionValues, onProgress: OnProgress): Promise<FileResult> => {
  const { members, index, keys, dataDirectory } = readConfig(env);
  const clusterId = clusterFingerprint(members.map(({ publicKey }) => publicKey));
  const owner = { clusterId, publicKey: keys.publicKey };
  const sameCluster = values['same-cluster'] === true;
  const head = await restoreBackup({ file, directory: dataDirectory, owner, sameCluster, onProgress });
  const others = members.flatMap((_, member) => (member === index ? [] : [member])).join(', ');
  const next =
    others === ''
      ? ''
      : `; restore the other members (INDEX ${others}) from this same file too, before any is started`;
  return {
    head,
    made: dataDirectory,
    advice: `${logsInWords(head)}, restored to ${dataDirectory} for node ${index}${next}`,
  };
};

const options = { 'same-cluster': { type: 'boolean' } } as const;

export async function run(args: readonly string[]): Promise<void> {
  tell(await runFileScript({ name: 'restore', usage: USAGE, options, run: restore }, args, env));
}
