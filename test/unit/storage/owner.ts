import type { StoreOwner } from '../../../src/storage/directory/MarkerFile';

/** The node that the tests' stores belong to. */
export const OWNER: StoreOwner = { clusterId: 'c1'.repeat(16), publicKey: 'ab'.repeat(65) };
