/** A program of its own: `mokka-cluster NAME …`. Other words are a command for a running node. */
export interface Program {
  readonly name: string;
  readonly usage: string;
  readonly summary: string;
  /** Whether it runs nodes, which go on when nobody reads what they say. */
  readonly serves?: true;
  /** Runs it with the words after its name; loaded only for this. Sets the process's exit status. */
  run(args: readonly string[]): Promise<void>;
}

export const PROGRAMS: readonly Program[] = [
  {
    name: 'start',
    usage: 'start',
    summary: 'three nodes with the demo keys on this machine, and one prompt for them',
    serves: true,
    run: async (args) => (await import('./startCluster')).run(args),
  },
  {
    name: 'node',
    usage: 'node',
    summary: 'one node, which INDEX and CLUSTER_CONFIG choose',
    serves: true,
    run: async () => {
      // It reads the rest of the command line as its own.
      process.argv.splice(2, 1);
      await import('../cluster_node');
    },
  },
  {
    name: 'gen-keys',
    usage: 'gen-keys',
    summary: 'key pairs, or with --out all files of a cluster',
    run: async (args) => (await import('./genKeys')).run(args),
  },
  {
    name: 'token',
    usage: 'token create',
    summary: 'makes, lists and removes the tokens of programs that come over HTTP',
    run: async (args) => (await import('./token')).run(args),
  },
  {
    name: 'health',
    usage: 'health',
    summary: 'whether a running node can serve: status 0, else 1',
    run: async (args) => (await import('./health')).run(args),
  },
  {
    name: 'backup',
    usage: 'backup OUT',
    summary: 'copies the committed log of a running node to a file',
    run: async (args) => (await import('./backup')).run(args),
  },
  {
    name: 'restore',
    usage: 'restore FILE',
    summary: 'makes the data directory of a node that does not run from a backup',
    run: async (args) => (await import('./restore')).run(args),
  },
  {
    name: 'verify',
    usage: 'verify DIRECTORY',
    summary: 'checks the whole log of a stopped node',
    run: async (args) => (await import('./verify')).run(args),
  },
];
