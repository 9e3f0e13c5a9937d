import { parseArgs } from 'node:util';
import { whyNpmTookOptions } from '../../src/cli/shell/npmOptions';
import { quote } from '../../src/config/faults';
import { escapeControls } from '../../src/escapeControls';
import { StartError } from '../../src/errors';
import { KEY_BYTES_MAX, MEMBERS_MAX, VALUE_BYTES_MAX } from '../../src/limits';

/** How the load reaches the node: JSON lines over pipes from another process, or `logApi.push` inside it. */
export const MODES = ['pipe', 'library'] as const;
export type Mode = (typeof MODES)[number];

/** Which node the load reaches. */
export const ROLES = ['leader', 'follower'] as const;
export type Role = (typeof ROLES)[number];

/** What one run of the bench is asked for. */
export interface BenchOptions {
  readonly inflight: readonly number[];
  /** Length of a measurement, and of what runs before it, s. */
  readonly seconds: number;
  readonly warmup: number;
  readonly keyBytes: number;
  readonly valueBytes: number;
  readonly size: number;
  readonly node: Role;
  readonly mode: Mode;
  readonly get: boolean;
  /** Entries that are there before gets are measured. */
  readonly entries: number;
  /** 0: not asked for; so are the two below. */
  readonly failover: number;
  readonly catchUp: number;
  readonly restart: number;
  readonly grow: boolean;
  readonly growTo: number;
  readonly http: boolean;
  readonly peers: boolean;
  /** The script that runs the peers; undefined where none was named. */
  readonly peersScript: string | undefined;
  readonly rounds: number;
  readonly json: boolean;
  readonly plot: string | undefined;
  readonly directory: string | undefined;
}

/** A key has room for a number that tells it from millions of others. */
const KEY_BYTES_MIN = 8;

const COUNT_MAX = 10_000_000;
const INFLIGHT_MAX = 65_536;
const SECONDS_MAX = 3600;
const ROUNDS_MAX = 100;

/** A failover or a catch-up needs a majority without the node that is away. */
const SIZE_THAT_LOSES_ONE = 3;

export const USAGE = `npm run bench -- [options]

Starts a cluster of real nodes with keys, ports and data of its own, loads it, and removes it.
What is measured (adds, unless another is named):
  --get             get_log of random committed entries, after a fill of --entries N (default 100000)
  --failover N      kill -9 of the leader, N times: ms to the next committed add
  --catch-up N      a member that is N entries behind, while 1,000 adds a second go on
  --restart N       kill -9 and start of a member that holds N entries: ms to its first answers
  --grow            adds and memory by number of entries (up to --grow-to N, default 1000000), value and size
  --http            adds as lines of one request beside the pipe; adds and gets of a request each, beside etcd where it is
                    installed; 20 followers of 5,000 adds a second; a node's memory with HTTP and without
  --peers [SCRIPT]  adds, alternating in --rounds N (default 3), beside etcd, if it is installed, as by Debian's
                    package etcd-server, and beside one-disk: the same entries written and synced to one store,
                    without a cluster. SCRIPT has other peers: it prints one line of JSON a level
How:
  --inflight 1,64,256         requests that are unanswered at any time, one level each
  --seconds 5  --warmup 1     of each level
  --key 16  --value 100       bytes
  --size 3                    nodes, 1 to ${MEMBERS_MAX}
  --node leader|follower      which node is loaded
  --mode pipe|library         JSON lines to a node from this process, or logApi.push inside the node
  --dir DIR                   where the data go: the disk that is measured (default data)
  --json                      one JSON object per row instead of the table
  --plot FILE.svg             also draws what was measured`;

const OPTIONS = {
  inflight: { type: 'string', default: '1,64,256' },
  seconds: { type: 'string', default: '5' },
  warmup: { type: 'string', default: '1' },
  key: { type: 'string', default: '16' },
  value: { type: 'string', default: '100' },
  size: { type: 'string', default: '3' },
  node: { type: 'string', default: 'leader' },
  mode: { type: 'string', default: 'pipe' },
  get: { type: 'boolean', default: false },
  entries: { type: 'string', default: '100000' },
  failover: { type: 'string' },
  'catch-up': { type: 'string' },
  restart: { type: 'string' },
  grow: { type: 'boolean', default: false },
  'grow-to': { type: 'string', default: '1000000' },
  http: { type: 'boolean', default: false },
  peers: { type: 'boolean', default: false },
  rounds: { type: 'string', default: '3' },
  json: { type: 'boolean', default: false },
  plot: { type: 'string' },
  dir: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const;

/**
 * The options that a command line stands for; 'help' where it asks for that.
 *
 * @throws StartError BAD_CONFIG, in one line that says what is wrong and what is allowed.
 */
export function readOptions(args: readonly string[], env: NodeJS.ProcessEnv): BenchOptions | 'help' {
  const taken =
    env['npm_lifecycle_event'] === 'bench' ? whyNpmTookOptions('bench', Object.keys(OPTIONS), env) : null;
  if (taken !== null) throw badOption(taken);
  const { values, script } = parse(args);
  if (values.help) return 'help';
  const options: BenchOptions = {
    inflight: values.inflight.split(',').map((text) => wholeNumber('inflight', text, 1, INFLIGHT_MAX)),
    seconds: secondsOf('seconds', values.seconds, 0.1),
    warmup: secondsOf('warmup', values.warmup, 0),
    keyBytes: wholeNumber('key', values.key, KEY_BYTES_MIN, KEY_BYTES_MAX),
    valueBytes: wholeNumber('value', values.value, 1, VALUE_BYTES_MAX),
    size: wholeNumber('size', values.size, 1, MEMBERS_MAX),
    node: oneOf('node', values.node, ROLES),
    mode: oneOf('mode', values.mode, MODES),
    get: values.get,
    entries: wholeNumber('entries', values.entries, 1, COUNT_MAX),
    failover: countOf('failover', values.failover, 1000),
    catchUp: countOf('catch-up', values['catch-up'], COUNT_MAX),
    restart: countOf('restart', values.restart, COUNT_MAX),
    grow: values.grow,
    growTo: wholeNumber('grow-to', values['grow-to'], 1000, COUNT_MAX),
    http: values.http,
    peers: values.peers,
    peersScript: script,
    rounds: wholeNumber('rounds', values.rounds, 1, ROUNDS_MAX),
    json: values.json,
    plot: pathOf('plot', values.plot),
    directory: pathOf('dir', values.dir),
  };
  checkTogether(options);
  return options;
}

interface Parsed {
  readonly values: ReturnType<typeof parseStrictly>['values'];
  readonly script: string | undefined;
}

/** parseArgs, and the one optional value: the word right after --peers. */
function parse(args: readonly string[]): Parsed {
  const { values, tokens } = parseStrictly(args);
  let script: string | undefined;
  for (const [at, token] of tokens.entries()) {
    if (token.kind !== 'positional') continue;
    const before = tokens[at - 1];
    if (before?.kind !== 'option' || before.name !== 'peers')
      throw badOption(`${quote(token.value)} belongs to no option`);
    script = token.value;
  }
  return { values, script };
}

/** @returns parseArgs' result; its errors as ours. */
function parseStrictly(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, tokens: true, allowPositionals: true });
  } catch (thrown) {
    throw badOption(thrown instanceof Error ? thrown.message : String(thrown));
  }
}

function checkTogether({
  size,
  node,
  failover,
  catchUp,
  restart,
  mode,
  get,
  http,
  peers,
}: BenchOptions): void {
  if (node === 'follower' && size === 1)
    throw badOption('--node follower needs --size 2 or more: one node alone leads');
  if (size < SIZE_THAT_LOSES_ONE && failover + catchUp > 0)
    throw badOption(`--failover and --catch-up need --size 3 or more: ${size} cannot lose one`);
  if (size < 2 && restart > 0) throw badOption('--restart needs --size 2 or more');
  if (mode === 'library' && peers)
    throw badOption('--peers needs --mode pipe: peers are loaded from another process too');
  if (http && mode === 'library') throw badOption('--http is compared with --mode pipe');
  if (get && peers) throw badOption('--peers compares adds and failovers: leave out --get');
}

function wholeNumber(name: string, text: string, min: number, max: number): number {
  const number = /^(0|[1-9]\d*)$/.test(text) ? Number(text) : NaN;
  if (number >= min && number <= max) return number;
  throw badOption(`--${name} must be a whole number from ${min} to ${max} (it is ${quote(text)})`);
}

function countOf(name: string, text: string | undefined, max: number): number {
  return text === undefined ? 0 : wholeNumber(name, text, 1, max);
}

function secondsOf(name: string, text: string, min: number): number {
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
  if (seconds >= min && seconds <= SECONDS_MAX) return seconds;
  throw badOption(`--${name} must be ${min} to ${SECONDS_MAX} seconds (it is ${quote(text)})`);
}

function oneOf<T extends string>(name: string, text: string, allowed: readonly T[]): T {
  const found = allowed.find((each) => each === text);
  if (found !== undefined) return found;
  throw badOption(`--${name} must be ${allowed.join(' or ')} (it is ${quote(text)})`);
}

function pathOf(name: string, text: string | undefined): string | undefined {
  if (text === '') throw badOption(`--${name} needs a path`);
  return text;
}

function badOption(message: string): StartError {
  return new StartError('BAD_CONFIG', escapeControls(message.replaceAll('\n', ' ')));
}
