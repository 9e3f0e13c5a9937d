import { createHash } from 'node:crypto';

/**
 * What tells one cluster from another: sha256, in hex, over its members' public keys, in whatever order they are
 * given. Addresses are no part of it: a member may move.
 */
export function clusterFingerprint(publicKeys: readonly string[]): string {
  const members = [...publicKeys].map((key) => key.toLowerCase()).sort();
  return createHash('sha256')
    .update(`mokka-cluster 1\n${members.join('\n')}`)
    .digest('hex');
}
