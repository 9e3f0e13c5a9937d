import { createHash } from 'node:crypto';

/** Version of what nodes say to each other and keep on disk. Nodes of different versions refuse each other. */
export const FORMAT_VERSION = 1;

/**
 * What tells one cluster from another: sha256, in hex, over the format version and its members' public keys, in
 * whatever order they are given. Addresses are no part of it: a member may move.
 */
export function clusterFingerprint(publicKeys: readonly string[]): string {
  const members = [...publicKeys].map((key) => key.toLowerCase()).sort();
  return createHash('sha256')
    .update(`mokka-cluster ${FORMAT_VERSION}\n${members.join('\n')}`)
    .digest('hex');
}
