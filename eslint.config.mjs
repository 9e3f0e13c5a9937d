import eslint from '@eslint/js';
import importX, { createNodeResolver } from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

/** What the replication core may not touch: it is given a store, a way to send, and the time. */
const impureGlobals = [
  'setTimeout',
  'setInterval',
  'setImmediate',
  'clearTimeout',
  'clearInterval',
  'process',
  'performance',
];

/** What the page uses of a browser. */
const browserGlobals = [
  ...['document', 'location', 'history', 'sessionStorage', 'addEventListener', 'requestAnimationFrame'],
  ...['fetch', 'Headers', 'URLSearchParams', 'AbortController', 'AbortSignal', 'TextDecoderStream'],
  ...['crypto', 'setTimeout', 'clearTimeout'],
];

/**
 * The rooms of src, each of which may import only from those before it and from the files at the top that all use. The
 * programs in `bin` may import all.
 */
const rooms = [
  'client',
  'linux',
  'counts',
  'lines',
  'entry',
  'config',
  'http/answers',
  'http/access',
  'http/contract',
  'http/routes',
  'http',
  'storage',
  'storage/directory',
  'storage/room',
  'storage/keys',
  'storage/segments',
  'storage/archive',
  'storage/journal',
  'storage/durable',
  'watch',
  'backup',
  'transport/tls',
  'transport',
  'mokka/messages',
  'mokka/log',
  'mokka/pushes',
  'mokka/election',
  'mokka/status',
  'mokka/requests',
  'mokka',
  'metrics',
  'cli/answers',
  'cli/render',
  'cli/commands',
  'cli/lines',
  'cli/terminal',
  'cli/socket',
  'cli/client',
  'cli/shell',
  'cli/cluster',
  'cli',
];

/** The files of a room, without those of the rooms in it. */
const filesOf = (room) => `./src/${room}/*`;

const upward = rooms.map((room, at) => ({
  target: filesOf(room),
  from: [
    ...[...rooms.slice(at + 1), 'bin'].map(filesOf),
    './src/{TCPMokka,createMokka,openDoors,cluster_node,index}.ts',
  ],
  message: 'nothing imports upward: see the rooms in eslint.config.mjs',
}));

/** A program's client holds nothing of a node, and runs in a browser too. */
const clientAlone = {
  target: './src/client/*',
  from: './src',
  except: ['./client'],
  message: 'the client imports nothing of a node',
};

export default tseslint.config(
  { ignores: ['dist/', 'coverage/', 'data/', 'node_modules/'] },
  eslint.configs.recommended,
  tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['*.mjs', '*.js', 'scripts/build/*.js'] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      'max-lines-per-function': ['error', { max: 70, skipBlankLines: true, skipComments: true }],
      'max-lines': ['error', { max: 450, skipBlankLines: true, skipComments: true }],
      complexity: ['error', 20],
      'no-restricted-imports': [
        'error',
        { name: 'readline', message: "Use 'node:readline': npm has a package of that name." },
      ],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
    },
  },
  {
    files: ['src/**/*.ts'],
    plugins: { 'import-x': importX },
    settings: { 'import-x/resolver-next': [createNodeResolver({ extensions: ['.ts', '.d.ts', '.js'] })] },
    rules: {
      'import-x/no-cycle': 'error',
      'import-x/no-restricted-paths': ['error', { zones: [...upward, clientAlone] }],
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/config/keyPair.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector: 'PrivateIdentifier',
          message: "Members are `private`; NodeKeys alone hides secrets by '#'.",
        },
      ],
    },
  },
  {
    files: ['src/mokka/{log,pushes,election}/*.ts'],
    rules: {
      'no-restricted-globals': ['error', ...impureGlobals],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'The core is given the time.' },
        { object: 'Math', property: 'random', message: 'The core is deterministic.' },
      ],
      'no-restricted-imports': [
        'error',
        'net',
        'node:net',
        'fs',
        'node:fs',
        'axon',
        'timers',
        'node:timers',
        'perf_hooks',
        'node:perf_hooks',
        'mokka',
      ],
    },
  },
  {
    files: ['src/client/*.ts'],
    rules: {
      'no-restricted-globals': ['error', 'Buffer', 'process', 'require', 'setImmediate'],
      'no-restricted-imports': [
        'error',
        { patterns: [{ regex: '^[^.]', message: 'The client has no dependency.' }] },
      ],
    },
  },
  {
    files: ['test/**/*.ts'],
    rules: { 'max-lines-per-function': 'off' },
  },
  {
    // What a browser runs as it is: it is in no TypeScript project that eslint knows; `npm run typecheck` checks its types.
    files: ['src/http/page/*.js'],
    extends: [tseslint.configs.disableTypeChecked],
    rules: { 'max-lines': ['error', { max: 400 }] },
    languageOptions: { globals: Object.fromEntries(browserGlobals.map((name) => [name, 'readonly'])) },
  },
  {
    files: ['*.mjs', '*.js', 'scripts/build/*.js'],
    extends: [tseslint.configs.disableTypeChecked],
    rules: { '@typescript-eslint/no-require-imports': 'off' },
    languageOptions: {
      globals: Object.fromEntries(
        ['module', 'exports', 'require', 'process', 'console', '__dirname'].map((name) => [name, 'readonly']),
      ),
    },
  },
);
