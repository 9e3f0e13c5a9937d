import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { NodeClient } from '../../src/cli/client/NodeClient';
import { parseErrorHelp } from '../../src/cli/commands/errorHelp';
import { COMMANDS } from '../../src/cli/commands/CommandTable';
import { readConfig, type NodeConfig } from '../../src/config/ClusterConfig';
import { LOG_LEVELS } from '../../src/config/environment';
import { readKeyFile } from '../../src/config/keyFile';
import { generateKeyPair, PUBLIC_KEY_HEX_LENGTH } from '../../src/config/keyPair';
import { writeCluster } from '../../src/config/writeCluster';
import { StartError, toError } from '../../src/errors';
import { REMEMBERED_PUSHES_MAX } from '../../src/limits';
import { describeProblem } from '../../src/mokka/status/problem';
import { damagedSegment } from '../../src/storage/segments/damagedSegment';
import { DirectoryLock } from '../../src/storage/directory/DirectoryLock';
import { helloMismatch } from '../../src/transport/hello';
import { Listener } from '../../src/transport/Listener';
import { makeNodeCertificate } from '../../src/transport/tls/NodeCertificate';
import { plants } from '../simulation/plants/plants';
import { CALM } from './mokka/status/calmStanding';

/** What the README says of the code, held against the code. */
const ROOT = resolve(__dirname, '..', '..');
const page = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const README = page('README.md');
const PAGES = [
  'README.md',
  'src/README.md',
  'src/HAZARDS.md',
  'src/cli/README.md',
  'src/config/README.md',
  'src/transport/README.md',
  'scripts/bench/README.md',
];

let directory: string;
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'mokka-readme-'))));
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** The text below a heading of any page, up to the next one. */
function section(heading: string): string {
  const [text, ...more] = PAGES.flatMap((file) => page(file).split(`\n## ${heading}\n`).slice(1));
  if (text === undefined || more.length > 0)
    throw new Error(`"${heading}" heads ${more.length} more sections`);
  return text.split('\n## ')[0] ?? '';
}

/** The rows of the table with this first column's title, as lists of cells. */
function table(heading: string, title: string): string[][] {
  const lines = section(heading).split('\n');
  const start = lines.findIndex((line) => line.startsWith(`| ${title} `));
  const end = lines.findIndex((line, at) => at > start && !line.startsWith('|'));
  if (start < 0) throw new Error(`"${heading}" has no table of "${title}"`);
  return lines.slice(start + 2, end).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

/** A table's cells by the name in its first column, without backquotes. */
function rows(heading: string, title: string): Map<string, string[]> {
  return new Map(table(heading, title).map(([name = '', ...cells]) => [name.replaceAll('`', ''), cells]));
}

/** A page's headings as links name them. */
function anchorsOf(text: string): string[] {
  return [...text.matchAll(/^##+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\w -]/g, '')
      .replaceAll(' ', '-'),
  );
}

function sourceFiles(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(ROOT, folder, name));
}

function sources(...folders: string[]): string {
  return folders
    .flatMap(sourceFiles)
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n');
}

/** `low to high`, as a range stands in the README. */
function rangeOf(cell: string): [number, number] {
  const [, low, high] = /(\d+) to (\d+)$/.exec(cell) ?? [];
  return [Number(low), Number(high)];
}

describe('environment', () => {
  const documented = rows('Environment', 'variable');

  /** Variables that a node's configuration looks at, seen by a process environment that remembers it. */
  function variablesOfNode(): string[] {
    const seen = new Set<string>();
    const watch = new Proxy<NodeJS.ProcessEnv>(
      { INDEX: '0' },
      {
        get: (env, name: string) => {
          seen.add(name);
          return env[name];
        },
      },
    );
    readConfig(watch);
    return [...seen];
  }

  test('every variable that the code reads is in the table, and none that it does not', () => {
    const others = [...sources('src', 'scripts').matchAll(/\benv\['([A-Z_]+)'\]/g)].map(
      ([, name]) => name ?? '',
    );
    const read = new Set([...variablesOfNode(), ...others]);
    // The system's own.
    read.delete('PATH');
    expect([...documented.keys()].sort()).toEqual([...read].sort());
  });

  test('INDEX and START_PORT have the default and the range that the table says', () => {
    const [, port = '', range = ''] = documented.get('START_PORT') ?? [];
    const [low, high] = rangeOf(range);
    const portOf = (env: NodeJS.ProcessEnv): number | undefined =>
      readConfig({ INDEX: '0', ...env }).members[0]?.port;
    expect(portOf({})).toBe(Number(port));
    for (const inside of [low, high]) expect(portOf({ START_PORT: String(inside) })).toBe(inside);
    for (const outside of [low - 1, high + 1])
      expect(() => portOf({ START_PORT: String(outside) })).toThrow(StartError);
    expect(documented.get('INDEX')).toEqual(['number', 'required', '0 to members − 1', expect.anything()]);
    expect(() => readConfig({})).toThrow(/INDEX is not set/);
    expect(() => readConfig({ INDEX: '3' })).toThrow(/0 to 2/);
  });

  test('DATA_DIR, LOG_LEVEL, CLUSTER_CONFIG and NODE_KEY_FILE have the defaults that the table says', () => {
    const config = readConfig({ INDEX: '0' });
    const unquoted = (name: string, at: number): string =>
      (documented.get(name)?.[at] ?? '').replaceAll('`', '');
    expect(config.dataDirectory).toBe(`${unquoted('DATA_DIR', 1)}/node-0`);
    expect(unquoted('LOG_LEVEL', 2)).toBe(LOG_LEVELS.join(', '));
    const entry = page('src/cluster_node.ts');
    const [, inTerminal = '', elsewhere = ''] = /stdin\.isTTY \? '(\w+)' : '(\w+)'/.exec(entry) ?? [];
    expect(unquoted('LOG_LEVEL', 1)).toBe(`${elsewhere}; ${inTerminal} in a terminal`);
    expect(config.demo && unquoted('CLUSTER_CONFIG', 1)).toBe('unset');
    expect(unquoted('NODE_KEY_FILE', 1)).toBe('node-INDEX.key beside cluster.json');
    expect(configWith({}).index).toBe(1);
  });
});

/** The configuration of node 1 of two in a cluster.json with these settings. */
function configWith(settings: object | undefined, fields: object = {}): NodeConfig {
  const folder = mkdtempSync(join(directory, 'cluster-'));
  const members = [1, 2].map((port) => ({ host: '127.0.0.1', port, keys: generateKeyPair() }));
  writeCluster(folder, members);
  const file = join(folder, 'cluster.json');
  const content = JSON.parse(readFileSync(file, 'utf8')) as object;
  writeFileSync(file, JSON.stringify({ ...content, ...(settings && { settings }), ...fields }));
  return readConfig({ INDEX: '1', CLUSTER_CONFIG: file });
}

describe('cluster.json', () => {
  const documented = rows('cluster.json', 'field');

  function allowedFields(fault: () => unknown): string[] {
    try {
      fault();
    } catch (thrown) {
      return /allowed are ([\w, ]+)/.exec(toError(thrown).message)?.[1]?.split(', ') ?? [];
    }
    return [];
  }

  test('every field is in the table, and none that there is not', () => {
    const member = { address: 'tcp://a:1', publicKey: generateKeyPair().publicKey, other: 1 };
    const top = allowedFields(() => configWith(undefined, { other: 1 })).filter(
      (name) => name !== 'settings',
    );
    const known = [
      ...top,
      ...allowedFields(() => configWith(undefined, { members: [member] })).map((name) => `members[].${name}`),
      ...allowedFields(() => configWith({ other: 1 })).map((name) => `settings.${name}`),
    ];
    expect(known.length).toBeGreaterThan(3);
    expect([...documented.keys()].sort()).toEqual(known.sort());
  });

  test.each(['heartbeat', 'electionTimeout'] as const)('settings.%s: default and range', (name) => {
    const [unit, fallback, range = ''] = documented.get(`settings.${name}`) ?? [];
    const [low, high] = rangeOf(range);
    // The other one as it has to be beside it.
    const beside = (): object => (name === 'heartbeat' ? { electionTimeout: 60_000 } : { heartbeat: 10 });
    const read = (ms: number): number => configWith({ ...beside(), [name]: ms })[name];
    expect([unit, Number(fallback)]).toEqual(['ms', configWith(undefined)[name]]);
    expect([read(low), read(high)]).toEqual([low, high]);
    for (const outside of [low - 1, high + 1])
      expect(() => read(outside)).toThrow(`settings.${name} must be`);
  });

  test('the timeout is at least three heartbeats; members, ports and keys are as said', () => {
    expect(documented.get('settings.electionTimeout')?.[3]).toContain('at least three heartbeats');
    expect(configWith({ heartbeat: 100, electionTimeout: 300 }).electionTimeout).toBe(300);
    expect(() => configWith({ heartbeat: 100, electionTimeout: 299 })).toThrow(/at least 3 heartbeats/);
    const [low, high] = rangeOf(documented.get('members')?.[2] ?? '');
    const member = (): object => ({ address: 'tcp://a:1', publicKey: generateKeyPair().publicKey });
    const many = Array.from({ length: high + 1 }, member);
    expect(() => configWith(undefined, { members: many })).toThrow(`at most ${high} members`);
    expect(() => configWith(undefined, { members: many.slice(0, low - 1) })).toThrow('at least one member');
    expect(Number(documented.get('members[].publicKey')?.[2])).toBe(PUBLIC_KEY_HEX_LENGTH);
    expect(() => configWith(undefined, { members: [{ address: 'a' }] })).toThrow('PORT 1 to 65535');
    expect(documented.get('members[].address')?.[2]).toMatch(/PORT 1 to 65535$/);
  });
});

test('every exit status is told', () => {
  const told = section('Exit statuses').matchAll(/(?:^|; )(\d+)(?: to (\d+))? /gm);
  const named = [...told].flatMap(([, first, last = first]) => {
    const [from, to] = [Number(first), Number(last)];
    return Array.from({ length: to - from + 1 }, (_, at) => from + at);
  });
  const known = (parseErrorHelp('errors') ?? []).flatMap(({ status }) => status ?? []);
  expect(named).toEqual([...new Set([0, ...known])].sort((a, b) => a - b));
});

describe('commands', () => {
  test('every command is in the table as help shows it', () => {
    expect([...rows('Commands', 'command').keys()]).toEqual(COMMANDS.map(({ usage }) => usage));
  });

  const scripts = (
    JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: Record<string, string> }
  ).scripts;

  /** Where each script's options are read. */
  const optionSources: Readonly<Record<string, readonly string[]>> = {
    cli: ['src/cli/shell/shellWords.ts'],
    bench: ['scripts/bench/options.ts'],
    backup: ['src/bin/backup.ts', 'src/cli/shell/fileScript.ts'],
    restore: ['src/bin/restore.ts', 'src/cli/shell/fileScript.ts'],
    'gen-keys': ['src/bin/genKeys.ts'],
    simulate: ['scripts/simulate.ts'],
    fuzz: ['scripts/fuzz.ts', 'scripts/trial.ts'],
    torture: ['scripts/torture.ts', 'scripts/trial.ts'],
  };

  /** Each `npm run NAME`, `npm start`, `npm test` in the text, with the options behind it. */
  function npmCommands(text: string): { name: string; options: string[] }[] {
    return [...text.matchAll(/npm (?:run (?:--silent )?([a-z:0-9-]+)|(start|test)\b)([^\n`#;|]*)/g)].map(
      ([, run, short, rest = '']) => ({
        name: run ?? short ?? '',
        options: [...(/ -- (.*)$/.exec(rest)?.[1] ?? '').matchAll(/--([a-z-]+)/g)].map(
          ([, option = '']) => option,
        ),
      }),
    );
  }

  test('every npm script that the README names exists, with every option', () => {
    const used = PAGES.flatMap((file) => npmCommands(page(file)));
    expect(used.length).toBeGreaterThan(25);
    const unknown = used.flatMap(({ name, options }) => {
      if (scripts[name] === undefined) return [`npm run ${name}`];
      const text = (optionSources[name] ?? [])
        .map((file) => readFileSync(join(ROOT, file), 'utf8'))
        .join('\n');
      const exists = (option: string): boolean =>
        text.includes(`'--${option}'`) ||
        new RegExp(`^ *'?${option}'?: \\{`, 'm').test(text) ||
        text.includes(` ${option}: { type`) ||
        text.includes(`unit: '${option}'`);
      return options.filter((option) => !exists(option)).map((option) => `npm run ${name} -- --${option}`);
    });
    expect(unknown).toEqual([]);
  });

  test('every bug that src/README.md names is planted', () => {
    const text = page('src/README.md');
    const rules = text.split('\n## What must hold\n')[1]?.split('\n## ')[0] ?? '';
    const lastCells = [...rules.matchAll(/\| ([^|]+) \|$/gm)].map(([, cell = '']) => cell).slice(2);
    const named = lastCells.flatMap((cell) => [...cell.matchAll(/`([\w-]+)`/g)].map(([, name = '']) => name));
    expect(named.length).toBeGreaterThan(10);
    for (const name of named) expect([...plants.keys()]).toContain(name);
  });

  test('every file and room that src/README.md names is there', () => {
    const text = page('src/README.md');
    const named = [...text.matchAll(/`((?:\w+\/)+\w*)`/g)].map(([, name = '']) => name);
    expect(named.length).toBeGreaterThan(40);
    const exists = (name: string): boolean =>
      ['src', 'src/mokka', 'src/cli', '.'].some((folder) =>
        ['', '.ts'].some((ending) => existsSync(join(ROOT, folder, `${name}${ending}`))),
      );
    expect(named.filter((name) => !exists(name))).toEqual([]);
  });

  test.each(PAGES)('every link in %s leads to a file, and to a heading in it', (from) => {
    for (const [, file = '', anchor] of page(from).matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)/g)) {
      const linked = page(file === '' ? from : join(from, '..', file));
      if (anchor !== undefined) expect(anchorsOf(linked)).toContain(anchor);
    }
  });

  test('the README has under 300 lines', () => {
    expect(README.split('\n').length).toBeLessThan(301);
  });

  test('what comments cite of HAZARDS and of src/README.md is there', () => {
    const comments = sources('src').replaceAll(/\n\s*(?:\*|\/\/) /g, ' ');
    const hazards = page('src/HAZARDS.md');
    const numbers = (name: string): string[] =>
      [
        ...(hazards
          .split(`\n## ${name}\n`)[1]
          ?.split('\n## ')[0]
          ?.matchAll(/^(\d+)\. /gm) ?? []),
      ].map(([, number = '']) => number);
    const cited = [...comments.matchAll(/HAZARDS, (\w+) (\d+)/g)];
    expect(cited.length).toBeGreaterThan(15);
    for (const [, name = '', number] of cited) expect(numbers(name)).toContain(number);
    const words = anchorsOf(page('src/README.md'));
    for (const [, heading = ''] of comments.matchAll(/\(src\/README\.md, (\w+)/g))
      expect(words).toContain(heading.toLowerCase());
    expect(comments).not.toMatch(/DESIGN|\btest\/\w+\//);
  });
});

test('the window of Once is the one of the code', () => {
  expect(section('Guarantees')).toContain(
    `the last ${REMEMBERED_PUSHES_MAX.toLocaleString('en-US')} entries`,
  );
});

describe('When it does not work', () => {
  const shown = table('When it does not work', 'what you see').map(([message = '']) => message.slice(1, -1));

  /** A message as the README may show it: what is the reader's own as "…", numbers and quoted names as any. */
  function matches(pattern: string, message: string): boolean {
    const escaped = pattern.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    const open = escaped
      .replaceAll('…', '[^]*')
      .replace(/"[^"]*"/g, '"[^"]*"')
      .replace(/\b(?:cluster|data)\/node-0(?:\\\.key)?/g, '\\S+')
      .replace(/\d+/g, '\\d+');
    return new RegExp(`^${open}$`).test(message);
  }

  function expectShown(message: string): void {
    expect(shown.filter((each) => matches(each, message))).toHaveLength(1);
  }

  async function failure(attempt: () => unknown): Promise<string> {
    try {
      await attempt();
    } catch (thrown) {
      const error = toError(thrown);
      return 'code' in error ? `${String(error.code)}: ${error.message}` : error.message;
    }
    throw new Error('it did not fail');
  }

  const fingerprint = 'a'.repeat(64);
  const hello = { protocolVersion: 4, lowestVersion: 4, clusterSize: 3, fingerprint, identity: null };
  const away = (name: string): { name: string; reason: string; forMs: number } => ({
    name,
    reason: 'it does not answer',
    forMs: 5000,
  });

  test('there are ten', () => expect(shown).toHaveLength(10));

  test('PORT_TAKEN', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { publicKey, secretKey } = generateKeyPair();
    const { tlsOptions } = makeNodeCertificate(secretKey);
    const listener = new Listener(
      tlsOptions,
      () => hello,
      () => null,
    );
    const unbound = once(listener, 'unbound');
    listener.bind(`tcp://127.0.0.1:${(taken.address() as AddressInfo).port}/${publicKey}`);
    const [error] = (await unbound) as [StartError];
    expectShown(`${error.code}: ${error.message}`);
    await listener.close();
    taken.close();
  });

  test('DATA_LOCKED', async () => {
    const lock = await DirectoryLock.acquire(directory);
    expectShown(await failure(() => DirectoryLock.acquire(directory)));
    lock.release();
  });

  test('BAD_KEY', async () => {
    const file = join(directory, 'node-0.key');
    writeFileSync(file, generateKeyPair().secretKey);
    chmodSync(file, 0o644);
    expectShown(await failure(() => readKeyFile(file)));
  });

  test('what info says of a cluster that forms, or has lost its majority', () => {
    const forming = {
      ...CALM,
      membership: 'none',
      missing: ['node 2'],
      unreachable: [away('node 2')],
    } as const;
    expectShown(describeProblem(forming) ?? '');
    expectShown(describeProblem({ ...CALM, unreachable: [away('node 1'), away('node 2')] }) ?? '');
  });

  test('members of different clusters', () => {
    expectShown(helloMismatch(hello, { ...hello, fingerprint: 'b'.repeat(64) }) ?? '');
  });

  test('NODE_UNREACHABLE', async () => {
    expectShown(await failure(() => NodeClient.connect(join(directory, 'none'))));
  });

  test('DATA_DAMAGED', async () => {
    const error = damagedSegment(
      'data/node-0/log/00000000000000000001.seg',
      'is damaged at position 20: the hash is wrong',
    );
    expectShown(await failure(() => Promise.reject(error)));
  });

  test.each(['NO_LEADER', 'UNKNOWN_OUTCOME'])('%s of a push whose time is over', (code) => {
    const message = shown.find((each) => each.startsWith(`${code}: `))?.slice(code.length + 2) ?? 'none';
    expect(readFileSync(join(ROOT, 'src', 'mokka', 'pushes', 'pushErrors.ts'), 'utf8')).toContain(
      `'${message}'`,
    );
  });
});
