import { type Member, buildMember } from './Member';
import { type NodeKeys, keyPairFromSecret, shareAKey } from './keyPair';

/** The tutorial's three sample secrets. They are public: whoever has them can be any node of such a cluster. */
const TUTORIAL_SECRETS = [
  '4ca246e3ab29c0085b5cbb797f86e6deea778c6e6584a45764ec10f9e0cebd7fd6c922bc69a0cc059565a80996188d11d29e78ded4115b1d24039ba25e655afb',
  '931f1c648e1f87b56cd22e8de7ed235b9bd4ade9696c9d8c75f212a1fa401d5da757d4dbbeb8564e1a3575ba89a12fccaacf2940d86c453da8b3f881d1fcfdba',
  '7144046b5c55f38cf9b3b7ec53e3263ebb01ed7caf46fe8758d6337c87686077009d53a3733c81375c2b5dfd4e7c51c14be84919d6e118198d35afd80965a52c',
] as const;

const DEMO_HOST = '127.0.0.1';

/** The keys of the built-in demo cluster, by INDEX. */
export const DEMO_KEYS: readonly NodeKeys[] = TUTORIAL_SECRETS.map(keyPairFromSecret);

/** The built-in demo cluster: on this machine only, node i on `startPort` + i. */
export function demoMembers(startPort: number): Member[] {
  return DEMO_KEYS.map((keys, index) => buildMember(DEMO_HOST, startPort + index, keys.publicKey));
}

/** Whether a node's publicKey holds one of the demo keys, whose secrets are public. */
export function isDemoKey(publicKey: string): boolean {
  return DEMO_KEYS.some((keys) => shareAKey(keys.publicKey, publicKey));
}
