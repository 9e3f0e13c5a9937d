import { join, resolve } from 'node:path';

/** What tests start, from the repository's folder: the compiled programs, and those of the tests' own by ts-node. */

const ROOT = resolve(__dirname, '..');

/** Node.js's arguments for one node, as `npm run node:0` runs it. */
export const NODE = [join(ROOT, 'dist', 'cluster_node.js')] as const;

/** Node.js's arguments for `mokka-cluster`. */
export const MOKKA_CLUSTER = [join(ROOT, 'dist', 'bin', 'mokkaCluster.js')] as const;

/** Node.js's arguments before a TypeScript file, in the repository's folder or with its TS_NODE_PROJECT. */
export const BY_TS_NODE = ['-r', join(ROOT, 'node_modules', 'ts-node', 'register')] as const;

/** What `require('mokka-cluster')` gives in a program of a user's. */
export const LIBRARY = join(ROOT, 'dist', 'index.js');
