import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { readConfig } from '../../../src/config/ClusterConfig';
import { DEMO_KEYS } from '../../../src/config/demoCluster';
import { generateKeyPair, type NodeKeys } from '../../../src/config/keyPair';
import { StartError } from '../../../src/errors';
import { CONFIG_FILE_BYTES_MAX, MEMBERS_MAX } from '../../../src/limits';

/** Made once: the pure JavaScript of tweetnacl takes its time. */
const KEYS: readonly NodeKeys[] = Array.from({ length: MEMBERS_MAX + 1 }, generateKeyPair);

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'config-'));
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

function keysAt(index: number): NodeKeys {
  const keys = KEYS[index];
  if (keys === undefined) throw new Error(`no test keys ${index}`);
  return keys;
}

function member(index: number, address = `tcp://10.0.0.${index + 1}:2000`): object {
  return { address, publicKey: keysAt(index).publicKey };
}

function threeMembers(): object[] {
  return [member(0), member(1), member(2)];
}

function write(name: string, content: unknown, mode = 0o600): string {
  const path = join(directory, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  chmodSync(path, mode);
  return path;
}

/** Environment of node 0 of a cluster file, with the right key file beside it. */
function environmentOf(clusterFile: unknown): NodeJS.ProcessEnv {
  write('node-0.key', { secretKey: keysAt(0).secretKey });
  return { INDEX: '0', CLUSTER_CONFIG: write('cluster.json', clusterFile) };
}

/** The refusal of a start: a StartError of status 2, in one line, that shows no secret of the tests. */
function refusalOf(env: NodeJS.ProcessEnv, code: StartError['code'] = 'BAD_CONFIG'): string {
  try {
    readConfig(env);
  } catch (thrown) {
    if (!(thrown instanceof StartError)) throw thrown;
    expect(thrown).toMatchObject({ code, exitStatus: 2 });
    expect(thrown.message).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u);
    for (const { secretKey } of KEYS) expect(thrown.message).not.toContain(secretKey.slice(0, 16));
    return thrown.message;
  }
  throw new Error('the start was not refused');
}

describe('the built-in demo cluster', () => {
  test('needs INDEX alone', () => {
    const config = readConfig({ INDEX: '1' });
    expect(config).toMatchObject({
      index: 1,
      dataDirectory: join('data', 'node-1'),
      logLevel: undefined,
      demo: true,
      heartbeat: 50,
      electionTimeout: 200,
    });
    expect(config.keys).toBe(DEMO_KEYS[1]);
    expect(config.members.map(({ host, port }) => `${host}:${port}`)).toEqual([
      '127.0.0.1:2000',
      '127.0.0.1:2001',
      '127.0.0.1:2002',
    ]);
    expect(config.members[2]?.address).toBe(`tcp://127.0.0.1:2002/${DEMO_KEYS[2]?.publicKey}`);
  });

  test('takes START_PORT, DATA_DIR and LOG_LEVEL', () => {
    const config = readConfig({ INDEX: '0', START_PORT: '65433', DATA_DIR: '/srv/x', LOG_LEVEL: 'trace' });
    expect(config.members.map(({ port }) => port)).toEqual([65_433, 65_434, 65_435]);
    expect(config.dataDirectory).toBe(join('/srv/x', 'node-0'));
    expect(config.logLevel).toBe('trace');
  });
});

describe('the environment', () => {
  test.each([
    '',
    '9',
    '3',
    '1.5',
    ' 1',
    '1 ',
    '-0',
    '-1',
    '+1',
    '0x1',
    '01',
    '1e0',
    'NaN',
    '99999999999999999999',
  ])('INDEX=%j is refused', (INDEX) => expect(refusalOf({ INDEX })).toMatch(/^environment: INDEX must be /));

  test('INDEX out of range is answered with the range, and a missing one with what to do', () => {
    expect(refusalOf({ INDEX: '3' })).toContain('INDEX must be 0 to 2: the cluster has 3 members (it is 3)');
    expect(refusalOf({})).toContain('INDEX is not set');
    expect(refusalOf({})).toContain('npm run node:0');
  });

  test.each(['', '0', '65534', '65535', '65536', 'abc', '2000 ', '-1', '02000', '2e3', '1.5'])(
    'START_PORT=%j is refused',
    (START_PORT) =>
      expect(refusalOf({ INDEX: '0', START_PORT })).toMatch(/^environment: START_PORT must be /),
  );

  test.each(['', 'INFO', 'verbose', '30', 'info '])(
    'LOG_LEVEL=%j is refused, naming the levels',
    (LOG_LEVEL) => {
      expect(refusalOf({ INDEX: '0', LOG_LEVEL })).toContain(
        'LOG_LEVEL must be one of trace, debug, info, warn, error, fatal',
      );
    },
  );

  test.each(['DATA_DIR', 'CLUSTER_CONFIG', 'NODE_KEY_FILE'])('%s set but empty is refused', (name) => {
    expect(refusalOf({ INDEX: '0', [name]: '' })).toContain(`${name} is set but empty`);
  });

  test('all faults stand in one message', () => {
    const message = refusalOf({ INDEX: 'x', START_PORT: 'y\nz', LOG_LEVEL: 'w', DATA_DIR: '' });
    for (const name of ['INDEX', 'START_PORT', 'LOG_LEVEL', 'DATA_DIR']) expect(message).toContain(name);
  });

  test('what would have no effect is refused: a key file for the demo, a port beside a cluster file', () => {
    expect(refusalOf({ INDEX: '0', NODE_KEY_FILE: 'x.key' })).toContain('NODE_KEY_FILE needs CLUSTER_CONFIG');
    const env = { ...environmentOf({ members: threeMembers() }), START_PORT: '3000' };
    expect(refusalOf(env)).toContain('START_PORT must be unset');
  });
});

describe('a cluster file', () => {
  test('gives members, timing and, beside it, the node’s key', () => {
    const config = readConfig(
      environmentOf({
        members: [member(0), member(1, 'tcp://[2001:DB8::0:1]:2001'), member(2, 'tcp://DB.example.com:2002')],
        settings: { heartbeat: 100, electionTimeout: 300 },
      }),
    );
    expect(config).toMatchObject({ index: 0, demo: false, heartbeat: 100, electionTimeout: 300 });
    expect(config.keys.secretKey).toBe(keysAt(0).secretKey);
    expect(config.members).toEqual([
      { host: '10.0.0.1', port: 2000, publicKey: keysAt(0).publicKey, address: expect.any(String) as string },
      {
        host: '2001:db8::1',
        port: 2001,
        publicKey: keysAt(1).publicKey,
        address: `tcp://[2001:db8::1]:2001/${keysAt(1).publicKey}`,
      },
      {
        host: 'db.example.com',
        port: 2002,
        publicKey: keysAt(2).publicKey,
        address: `tcp://db.example.com:2002/${keysAt(2).publicKey}`,
      },
    ]);
  });

  test.each([1, 2, MEMBERS_MAX])('may have %d members, and needs no settings', (size) => {
    const members = Array.from({ length: size }, (_, index) => member(index));
    expect(readConfig(environmentOf({ members }))).toMatchObject({ heartbeat: 50, electionTimeout: 200 });
  });

  test('reads a public key in upper case as the same member', () => {
    const upper = { address: 'tcp://10.0.0.1:2000', publicKey: keysAt(0).publicKey.toUpperCase() };
    expect(readConfig(environmentOf({ members: [upper] })).members[0]?.publicKey).toBe(keysAt(0).publicKey);
  });

  test('INDEX is held against its members', () => {
    const env = environmentOf({ members: [member(0)] });
    expect(refusalOf({ ...env, INDEX: '1' })).toContain('INDEX must be 0: the cluster has one member');
  });

  const broken: [string, () => unknown, string][] = [
    ['a list', () => [], 'must be an object with members, settings'],
    ['null', () => null, 'must be an object with members, settings'],
    ['without members', () => ({}), 'members must be a list of members'],
    ['with no member', () => ({ members: [] }), 'members must have at least one member'],
    [
      'with eight members',
      () => ({ members: Array.from({ length: MEMBERS_MAX + 1 }, (_, index) => member(index)) }),
      "members must have at most 7 members: above, Mokka's key combinations take seconds",
    ],
    [
      'with a member that is a text',
      () => ({ members: ['x'] }),
      'members[0] must be an object with address, publicKey',
    ],
    [
      'without an address',
      () => ({ members: [{ publicKey: keysAt(0).publicKey }] }),
      'members[0].address must be tcp://HOST:PORT',
    ],
    [
      'with a bad address',
      () => ({ members: [member(0), member(1, 'tcp://0.0.0.0:1')] }),
      'members[1].address must be tcp://HOST:PORT',
    ],
    [
      'without a public key',
      () => ({ members: [{ address: 'tcp://10.0.0.1:1' }] }),
      'members[0].publicKey must be a publicKey of 130 hex digits',
    ],
    [
      'with a secret for a public key',
      () => ({ members: [{ address: 'tcp://10.0.0.1:1', publicKey: keysAt(0).secretKey }] }),
      'members[0].publicKey must be a publicKey of 130 hex digits',
    ],
    [
      'with an unknown field',
      () => ({ members: threeMembers(), setings: {} }),
      'setings is no known field: allowed are members, settings',
    ],
    [
      'with an unknown field of a member',
      () => ({ members: [{ ...member(0), secretKey: keysAt(0).secretKey }] }),
      'members[0].secretKey is no known field: allowed are address, publicKey',
    ],
    [
      'with an unknown setting',
      () => ({ members: threeMembers(), settings: { heartBeat: 1 } }),
      'settings.heartBeat is no known field: allowed are heartbeat, electionTimeout',
    ],
    ['with settings null', () => ({ members: threeMembers(), settings: null }), 'settings must be an object'],
    [
      'with a heartbeat of 9',
      () => ({ members: threeMembers(), settings: { heartbeat: 9 } }),
      'settings.heartbeat must be a whole number of ms from 10 to 10000',
    ],
    [
      'with a heartbeat of 50.5',
      () => ({ members: threeMembers(), settings: { heartbeat: 50.5 } }),
      'settings.heartbeat must be a whole number',
    ],
    [
      'with a heartbeat in quotes',
      () => ({ members: threeMembers(), settings: { heartbeat: '50' } }),
      'settings.heartbeat must be a whole number',
    ],
    [
      'with too long a timeout',
      () => ({ members: threeMembers(), settings: { electionTimeout: 60_001 } }),
      'settings.electionTimeout must be a whole number of ms from 30 to 60000',
    ],
    [
      'with a timeout under three heartbeats',
      () => ({ members: threeMembers(), settings: { heartbeat: 50, electionTimeout: 149 } }),
      'settings.electionTimeout must be at least 3 heartbeats',
    ],
    [
      'with a heartbeat too long for the default timeout',
      () => ({ members: threeMembers(), settings: { heartbeat: 67 } }),
      'settings.electionTimeout must be at least 3 heartbeats (defaults: heartbeat 50, electionTimeout 200)',
    ],
    [
      'with one address twice',
      () => ({ members: [member(0), member(1), member(2, 'tcp://10.0.0.1:2000')] }),
      'members[2].address must differ from members[0].address',
    ],
    [
      'with one address in two spellings',
      () => ({ members: [member(0, 'tcp://[::1]:1'), member(1, 'tcp://[0:0::1]:1')] }),
      'members[1].address must differ from members[0].address',
    ],
    [
      'with one key twice',
      () => ({ members: [member(0), { ...member(0), address: 'tcp://10.0.0.2:1' }] }),
      'members[1].publicKey must differ from members[0].publicKey',
    ],
    [
      'with one key in two spellings',
      () => ({
        members: [member(0), { address: 'tcp://10.0.0.2:1', publicKey: keysAt(0).publicKey.toUpperCase() }],
      }),
      'members[1].publicKey must differ from members[0].publicKey',
    ],
    [
      'with one signing key under two voting keys',
      () => ({
        members: [
          member(0),
          {
            address: 'tcp://10.0.0.2:1',
            publicKey: keysAt(1).publicKey.slice(0, 66) + keysAt(0).publicKey.slice(66),
          },
        ],
      }),
      'members[1].publicKey must differ from members[0].publicKey',
    ],
  ];

  test.each(broken)('%s is refused', (_name, content, message) => {
    expect(refusalOf(environmentOf(content()))).toContain(message);
  });

  test('at three heartbeats the timeout is accepted', () => {
    const settings = { heartbeat: 50, electionTimeout: 150 };
    expect(readConfig(environmentOf({ members: threeMembers(), settings }))).toMatchObject(settings);
  });

  test('all faults stand in one message, those between fields too', () => {
    const message = refusalOf(
      environmentOf({
        members: [
          member(0),
          { ...member(1, 'nowhere'), name: 'x' },
          { address: 'tcp://10.0.0.1:2000', publicKey: 'short' },
          { ...member(0), address: 'tcp://10.0.0.4:1' },
        ],
        settings: { heartbeat: 1000 },
        size: 4,
      }),
    );
    for (const fault of [
      'members[1].address must be tcp://',
      'members[1].name is no known field',
      'members[2].publicKey must be',
      'members[2].address must differ from members[0].address',
      'members[3].publicKey must differ from members[0].publicKey',
      'settings.electionTimeout must be at least',
      'size is no known field',
    ])
      expect(message).toContain(fault);
  });

  test('a hundred faults are counted, not all listed', () => {
    const unknown = Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`field${at}`, 0]));
    expect(refusalOf(environmentOf({ members: threeMembers(), ...unknown }))).toMatch(/; and 80 more$/);
  });

  test('odd field names stay in one line, cut', () => {
    const message = refusalOf(
      environmentOf({ members: threeMembers(), 'a\nb\u2028': 0, ['k'.repeat(5000)]: 0 }),
    );
    expect(message.length).toBeLessThan(600);
  });

  test('__proto__ is an unknown field like any other', () => {
    const text = JSON.stringify({ members: threeMembers() }).replace('{', '{"__proto__":{"settings":{}},');
    expect(refusalOf(environmentOf(text))).toContain('__proto__ is no known field');
  });

  test('text that is no JSON is refused with its line, not its content', () => {
    const message = refusalOf(environmentOf('{\n  "members": [\n  ],\n}'));
    expect(message).toMatch(/cluster\.json": is not valid JSON: see line 4$/);
    expect(refusalOf(environmentOf(`"${keysAt(0).secretKey}" x`))).toContain('is not valid JSON');
    expect(refusalOf(environmentOf(''))).toContain('is not valid JSON');
  });

  test('a path that is no readable file is refused by its reason', () => {
    const env = { INDEX: '0', CLUSTER_CONFIG: join(directory, 'none\n.json') };
    expect(refusalOf(env)).toContain('does not exist');
    expect(refusalOf({ ...env, CLUSTER_CONFIG: directory })).toContain('is not a file');
    const large = write('large.json', ' '.repeat(CONFIG_FILE_BYTES_MAX + 1));
    expect(refusalOf({ ...env, CLUSTER_CONFIG: large })).toContain(`at most ${CONFIG_FILE_BYTES_MAX}`);
  });

  test('a pipe is refused instead of waited for', () => {
    const pipe = join(directory, 'pipe');
    execFileSync('mkfifo', [pipe]);
    expect(refusalOf({ INDEX: '0', CLUSTER_CONFIG: pipe })).toContain('is not a file');
  });
});

describe('demo keys in a cluster file', () => {
  const demo = { address: 'tcp://127.0.0.1:2000', publicKey: DEMO_KEYS[0]?.publicKey ?? '' };

  test('are fine on loopback, and the node knows', () => {
    const members = [demo, member(1, 'tcp://[::1]:2001'), member(2, 'tcp://localhost:2002')];
    const CLUSTER_CONFIG = write('cluster.json', { members });
    const NODE_KEY_FILE = write('demo.key', DEMO_KEYS[0]?.secretKey);
    expect(readConfig({ INDEX: '0', CLUSTER_CONFIG, NODE_KEY_FILE }).demo).toBe(true);
    write('node-1.key', keysAt(1).secretKey);
    expect(readConfig({ INDEX: '1', CLUSTER_CONFIG }).demo).toBe(true);
  });

  test.each([0, 1, 2])('demo key %d is refused on an address that others reach', (index) => {
    const open = { address: 'tcp://10.0.0.9:2000', publicKey: DEMO_KEYS[index]?.publicKey };
    expect(refusalOf(environmentOf({ members: [member(0, 'tcp://127.0.0.1:2000'), open] }))).toMatch(
      /members\[1\]\.address must be 127\.0\.0\.1, ::1 or localhost while members\[1\]\.publicKey is a demo key/,
    );
  });

  test('are refused as well when only another member’s address is open: their secret opens that one', () => {
    expect(refusalOf(environmentOf({ members: [demo, member(1)] }))).toContain(
      'members[1].address must be 127.0.0.1, ::1 or localhost while members[0].publicKey is a demo key',
    );
  });
});

describe('the key file', () => {
  function environmentWithKey(content: unknown, mode?: number): NodeJS.ProcessEnv {
    const CLUSTER_CONFIG = write('cluster.json', { members: threeMembers() });
    return { INDEX: '1', CLUSTER_CONFIG, NODE_KEY_FILE: write('my.key', content, mode) };
  }

  test.each([
    ['JSON', () => ({ secretKey: keysAt(1).secretKey })],
    ['bare hex', () => keysAt(1).secretKey],
    ['bare hex with a line end', () => `${keysAt(1).secretKey}\r\n`],
  ])('may hold %s', (_name, content) => {
    expect(readConfig(environmentWithKey(content())).keys.publicKey).toBe(keysAt(1).publicKey);
  });

  test('is looked for beside the cluster file, under the node’s name', () => {
    const env = { INDEX: '1', CLUSTER_CONFIG: environmentWithKey('').CLUSTER_CONFIG };
    expect(refusalOf(env, 'BAD_KEY')).toContain(`${join(directory, 'node-1.key')}" does not exist`);
    write('node-1.key', keysAt(1).secretKey);
    expect(readConfig(env).keys.publicKey).toBe(keysAt(1).publicKey);
  });

  test.each([0o644, 0o640, 0o604, 0o620, 0o602, 0o610, 0o777])(
    'of mode %o is refused with the command that mends it',
    (mode) => {
      const env = environmentWithKey(keysAt(1).secretKey, mode);
      const message = refusalOf(env, 'BAD_KEY');
      const command = /run {2}(chmod 600 .*)$/.exec(message)?.[1] ?? '';
      expect(message).toContain(`mode 0${mode.toString(8)}`);
      execFileSync('sh', ['-c', command]);
      expect(readConfig(env).index).toBe(1);
    },
  );

  test('the command mends a name with spaces and quotes too, and a link’s target', () => {
    const target = write("it's a $(key).key", keysAt(1).secretKey, 0o644);
    const link = join(directory, 'a link');
    symlinkSync(target, link);
    const env = { ...environmentWithKey(''), NODE_KEY_FILE: link };
    const command = /run {2}(chmod 600 .*)$/.exec(refusalOf(env, 'BAD_KEY'))?.[1] ?? '';
    execFileSync('sh', ['-c', command]);
    expect(readConfig(env).index).toBe(1);
    chmodSync(target, 0o644);
    const direct = { ...env, NODE_KEY_FILE: target };
    execFileSync('sh', ['-c', /run {2}(chmod 600 .*)$/.exec(refusalOf(direct, 'BAD_KEY'))?.[1] ?? '']);
    expect(readConfig(direct).index).toBe(1);
  });

  test.each([0o600, 0o400])('of mode %o is read', (mode) => {
    expect(readConfig(environmentWithKey(keysAt(1).secretKey, mode)).index).toBe(1);
  });

  test.each([
    ['empty', () => '', /is not usable: a secretKey is 128 hex digits/],
    ['a digit short', () => keysAt(1).secretKey.slice(1), /is not usable: a secretKey is 128 hex digits/],
    [
      'two halves that do not match',
      () => keysAt(1).secretKey.slice(0, 64) + keysAt(2).secretKey.slice(64),
      /two halves/,
    ],
    ['broken JSON', () => `{"secretKey": "${keysAt(1).secretKey}" x`, /is not valid JSON/],
    [
      'another field',
      () => ({ secretKey: keysAt(1).secretKey, other: 1 }),
      /must hold \{"secretKey": "…"\} and no other field/,
    ],
    ['a secret that is no text', () => ({ secretKey: 1 }), /must hold \{"secretKey": "…"\}/],
  ])('%s is BAD_KEY', (_name, content, message) => {
    expect(refusalOf(environmentWithKey(content()), 'BAD_KEY')).toMatch(message);
  });

  test('of another member, or of none, is refused and says whose it is', () => {
    expect(refusalOf(environmentWithKey(keysAt(2).secretKey))).toMatch(
      /my\.key" holds the secret of members\[2\] of cluster file .*, not that of members\[1\]/,
    );
    expect(refusalOf(environmentWithKey(keysAt(5).secretKey))).toContain('holds the secret of no member');
  });

  test('that is a directory is refused', () => {
    mkdirSync(join(directory, 'keys'));
    const env = { ...environmentWithKey(''), NODE_KEY_FILE: join(directory, 'keys') };
    expect(refusalOf(env, 'BAD_KEY')).toContain('is not a file');
  });
});
