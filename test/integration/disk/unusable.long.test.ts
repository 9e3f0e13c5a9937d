import { spawnSync } from 'node:child_process';
import {
  accessSync,
  chmodSync,
  chownSync,
  constants,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { takeBackup } from '../../../src/backup/takeBackup';
import { clusterFingerprint } from '../../../src/config/clusterFingerprint';
import { DEMO_KEYS } from '../../../src/config/demoCluster';
import { DurableLogStore } from '../../../src/storage/durable/DurableLogStore';
import { sourceOf } from '../../unit/backup/backupFixture';
import { buildLog, logs } from '../../unit/storage/logFixture';
import { fillUp, mountSmall, unless, unmount, whyNoMount } from '../cluster/disturbances';
import { freeStartPort } from '../cluster/Cluster';
import { REPOSITORY } from '../cluster/NodeProcess';
import { linesWithoutRecords } from '../cluster/notices';
import { MOKKA_CLUSTER } from '../../programs';
import { runToEnd, type Ending } from '../../StartedProgram';

/** Directories, disks and files that cannot be used (CASES 40, 42): each program says in one line what it is. */
jest.setTimeout(180_000);

const NOBODY = 65_534;
/** Any program here says what it cannot do within this; a busy machine included. */
const ENDS_WITHIN_MS = 60_000;

const mounts: string[] = [];
let home: string;
let data: string;
let directory: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'mokka-unusable-'));
  chmodSync(home, 0o755);
  data = join(home, 'data');
  directory = join(data, 'node-0');
});
afterEach(() => {
  for (const mounted of mounts.splice(0)) unmount(mounted);
  rmSync(home, { recursive: true });
});

/** Runs `mokka-cluster` with these words, below `prefix`, to its end. */
async function run(
  words: readonly string[],
  { prefix = [] as readonly string[], dataDirectory = data } = {},
): Promise<Ending> {
  const env = {
    ...process.env,
    INDEX: '0',
    DATA_DIR: dataDirectory,
    START_PORT: String(await freeStartPort()),
  };
  const command = [...prefix, process.execPath, ...MOKKA_CLUSTER, ...words];
  return runToEnd(command, { env, timeout: ENDS_WITHIN_MS });
}

/** A node ends with STORE_FAILED, which says this, in one line after the records of its log. */
async function expectNodeRefuses(words: RegExp, options: Parameters<typeof run>[1] = {}): Promise<void> {
  const { status, signal, stderr } = await run(['node'], options);
  const said = linesWithoutRecords(stderr);
  expect({ status, signal, lines: said.length }).toEqual({ status: 1, signal: null, lines: 1 });
  expect(said[0]).toMatch(/^STORE_FAILED: /);
  expect(said[0]).toMatch(words);
}

/** The demo cluster's node 0 has a store with so many logs. */
async function stored(count: number): Promise<void> {
  const publicKey = DEMO_KEYS[0]?.publicKey ?? '';
  const clusterId = clusterFingerprint(DEMO_KEYS.map((keys) => keys.publicKey));
  const store = await DurableLogStore.open({ directory, clusterId, publicKey });
  store.setMembership('voter');
  store.append(buildLog(logs(count)), count);
  store.close();
}

async function backedUp(): Promise<string> {
  const file = join(home, 'log.backup');
  await takeBackup(sourceOf(buildLog(logs(20))), file);
  return file;
}

function mountTmpfs(at: string, options: string): void {
  mkdirSync(at, { recursive: true });
  expect(spawnSync('mount', ['-t', 'tmpfs', '-o', `${options},mode=700`, 'tmpfs', at]).status).toBe(0);
  mounts.push(at);
}

/** Why no program of this project can be run as another user here; null when one can. */
function whyNoOtherUser(): string | null {
  if (process.getuid?.() !== 0) return 'to run as another user needs root';
  if (spawnSync('setpriv', ['--version']).status !== 0) return 'setpriv is not installed';
  const args = ['--reuid', String(NOBODY), '--clear-groups', 'cat', join(REPOSITORY, 'package.json')];
  return spawnSync('setpriv', args).status === 0 ? null : 'another user may not read this project';
}

const AS_NOBODY = ['setpriv', '--reuid', String(NOBODY), '--regid', String(NOBODY), '--clear-groups'];
const mounting = unless(whyNoMount());
const asOther = unless(whyNoOtherUser());

describe('a node', () => {
  test('in a directory that cannot be made, below /proc', () =>
    expectNodeRefuses(/\/proc\/x.* name another directory$/, { dataDirectory: '/proc/x' }));

  test('in a link that leads nowhere', async () => {
    symlinkSync(join(home, 'nowhere'), data);
    await expectNodeRefuses(new RegExp(`${data}.*leads nowhere`));
  });

  test.each([
    ['a directory', 'journal-0', /EISDIR.*start again$/],
    ['a link that leads nowhere', 'journal-0', /journal-0.*start again$|journal-0.*leads nowhere/],
    ['a file', 'log', /ENOTDIR.*another directory$/],
    ['a directory', 'marker.json', /EISDIR.*start again$/],
  ])('with %s in the place of %s', async (what, name, words) => {
    mkdirSync(directory, { recursive: true });
    const at = join(directory, name);
    if (what === 'a directory') mkdirSync(at);
    else if (what === 'a file') writeFileSync(at, '');
    else symlinkSync(join(home, 'nowhere', 'file'), at);
    await expectNodeRefuses(words);
  });

  test('that may open too few files', () =>
    expectNodeRefuses(/EMFILE.*ulimit -n/, {
      prefix: ['sh', '-c', 'ulimit -n 20 && exec "$0" "$@"'],
    }));

  mounting.each(['4k', '8k', '64k', '2m'])(
    'on a disk of %s at its first start; with room it starts',
    async (size) => {
      mountTmpfs(data, `size=${size}`);
      await expectNodeRefuses(/ENOSPC.*make room/);
      expect(spawnSync('mount', ['-o', 'remount,size=32m', data]).status).toBe(0);
      await stored(3);
      const { stdout } = await run(['verify', directory]);
      expect(stdout).toMatch(/^whole: 3 entries/);
    },
  );

  mounting('on a read-only disk', async () => {
    mountTmpfs(data, 'size=1m,ro');
    await expectNodeRefuses(/EROFS.*read-only: mount it for writing/);
  });

  asOther('in another user’s directory', async () => {
    mkdirSync(data, { mode: 0o755 });
    await expectNodeRefuses(new RegExp(`EACCES.*${directory}.*run it as the user`), { prefix: AS_NOBODY });
  });

  asOther.each(['journal-0', 'journal-1', 'journal-2', 'log', 'marker.json'])(
    'whose %s is another user’s',
    async (name) => {
      await stored(3);
      for (const each of readdirSync(directory)) chownSync(join(directory, each), NOBODY, NOBODY);
      for (const each of [data, directory]) chownSync(each, NOBODY, NOBODY);
      const file = join(directory, name);
      chownSync(file, 0, 0);
      await expectNodeRefuses(new RegExp(`EACCES.*${file}.*run it as the user`), { prefix: AS_NOBODY });
    },
  );
});

describe('verify', () => {
  mounting('on a read-only disk', async () => {
    mountTmpfs(data, 'size=8m');
    await stored(3);
    spawnSync('mount', ['-o', 'remount,ro', data]);
    const { status, stderr } = await run(['verify', directory]);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^STORE_FAILED: cannot check .*EROFS.*mount it for writing, or .*\n$/);
  });

  asOther('of another user’s data', async () => {
    await stored(3);
    const { status, stderr } = await run(['verify', directory], { prefix: AS_NOBODY });
    expect(status).toBe(1);
    expect(stderr).toMatch(/^STORE_FAILED: cannot check .*EACCES.*\n$/);
  });
});

describe('restore', () => {
  mounting('into an empty mount point builds inside it', async () => {
    mountTmpfs(directory, 'size=8m');
    const { status, stderr } = await run(['restore', await backedUp()]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(readdirSync(data)).toEqual(['node-0']);
    expect(readdirSync(directory).sort()).toEqual([
      'journal-0',
      'journal-1',
      'journal-2',
      'log',
      'marker.json',
    ]);
    const { stdout } = await run(['verify', directory]);
    expect(stdout).toMatch(/^whole: 20 entries/);
  });

  mounting('into a mount point that is too small leaves nothing', async () => {
    mountTmpfs(directory, 'size=256k');
    const { status, stderr } = await run(['restore', await backedUp()]);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^STORE_FAILED: .*ENOSPC.*\n$/);
    expect(readdirSync(directory)).toEqual([]);
  });

  test('of a pipe is refused at once', async () => {
    const pipe = join(home, 'pipe');
    expect(spawnSync('mkfifo', [pipe]).status).toBe(0);
    const { status, signal, stderr } = await run(['restore', pipe]);
    expect({ status, signal }).toEqual({ status: 11, signal: null });
    expect(stderr).toBe(`FILE_FAILED: ${pipe} is not a file: name one that mokka-cluster backup wrote\n`);
    expect(() => accessSync(data, constants.F_OK)).toThrow();
  });
});

describe('backup, before a node is asked,', () => {
  const unasked = { ...sourceOf([]), head: () => Promise.reject(new Error('the node was asked')) };

  test.each(['a pipe', 'a device'])('refuses %s', async (what) => {
    const out = what === 'a device' ? '/dev/null' : join(home, 'pipe');
    if (what === 'a pipe') spawnSync('mkfifo', [out]);
    await expect(takeBackup(unasked, out)).rejects.toMatchObject({
      code: 'TARGET_EXISTS',
      message: `${out} is a pipe or a device: name a file that is not there yet`,
    });
    expect(readdirSync(dirname(out))).not.toContain(`${out}.partial`);
  });

  mounting('refuses a full disk, and leaves nothing', async () => {
    const full = join(home, 'full');
    mountSmall(full, 1);
    mounts.push(full);
    fillUp(join(full, 'filler'));
    await expect(takeBackup(unasked, join(full, 'out'))).rejects.toMatchObject({
      code: 'FILE_FAILED',
      message: expect.stringMatching(/ENOSPC.*see that this user may write there/) as string,
    });
    expect(readdirSync(full)).toEqual(['filler']);
  });

  test('and leaves nothing when that fails', async () => {
    await expect(takeBackup(unasked, join(home, 'out'))).rejects.toThrow('the node was asked');
    expect(readdirSync(home)).toEqual([]);
  });
});
