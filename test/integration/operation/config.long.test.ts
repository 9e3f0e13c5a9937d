import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { generateKeyPair } from '../../../src/config/keyPair';
import { CLUSTER_FILE_NAME, writeCluster, type MemberWithKeys } from '../../../src/config/writeCluster';
import type { NodeInfo } from '../../../src/api';
import { freeStartPort, SERVES_WITHIN_MS } from '../cluster/Cluster';
import { NodeProcess, REPOSITORY } from '../cluster/NodeProcess';
import { linesWithoutRecords } from '../cluster/notices';
import { until } from '../cluster/until';
import { NODE } from '../../programs';

/** Wrong configurations (CASES 18) on real processes: those that end the start, and those that only peers can see. */

/** A start that cannot work ends at once, ms; generous, since test machines are shared. */
const ENDS_WITHIN_MS = 60_000;

let directory: string;
let startPort: number;
let started: NodeProcess[];

beforeEach(async () => {
  directory = mkdtempSync(path.join(tmpdir(), 'mokka-config-'));
  startPort = await freeStartPort();
  started = [];
});

afterEach(async () => {
  await Promise.all(started.map((node) => node.kill()));
  rmSync(directory, { recursive: true });
});

function start(index: number, env: NodeJS.ProcessEnv): NodeProcess {
  const node = new NodeProcess({ index, dataDirectory: path.join(directory, 'data'), env });
  started.push(node);
  return node;
}

/** The exit status of a start that must end, and its one line on stderr beside the log's records. */
async function refusal(index: number, env: NodeJS.ProcessEnv): Promise<{ status: unknown; line: string }> {
  const node = start(index, env);
  let status: unknown;
  void node.exited.then(({ code }) => (status = code));
  await until(ENDS_WITHIN_MS, 'the start ends', () => (status === undefined ? undefined : true));
  expect(node.unasked).toEqual([]);
  const [line = '', ...more] = linesWithoutRecords(node.lastWords);
  expect(more).toEqual([]);
  return { status, line };
}

function makeMembers(count: number, host = '127.0.0.1'): MemberWithKeys[] {
  return Array.from({ length: count }, (_, index) => ({
    host,
    port: startPort + index,
    keys: generateKeyPair(),
  }));
}

/** Writes a cluster's files into a directory of their own. */
function write(name: string, members: readonly MemberWithKeys[]): string {
  writeCluster(path.join(directory, name), members);
  return path.join(directory, name, CLUSTER_FILE_NAME);
}

describe('a start that cannot work ends with one line', () => {
  test.each([
    ['START_PORT', '65535'],
    ['START_PORT', '0'],
    ['START_PORT', 'abc'],
    ['START_PORT', ''],
    ['LOG_LEVEL', 'loud'],
  ])('%s=%j', async (name, value) => {
    const { status, line } = await refusal(0, { [name]: value });
    expect(status).toBe(2);
    expect(line).toContain(name);
  });

  test.each(['9', '1.5', '-1', 'abc'])('INDEX=%s', (index) => {
    // The npm scripts say which INDEX they start, so this one is started without.
    const { status, stdout, stderr } = spawnSync(process.execPath, NODE, {
      cwd: REPOSITORY,
      env: { ...process.env, INDEX: index },
      encoding: 'utf8',
      timeout: ENDS_WITHIN_MS,
    });
    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^[^\n]*INDEX must be [^\n]*\n$/);
  });

  test('two members with one address', async () => {
    const file = write('twice', makeMembers(3));
    const text = readFileSync(file, 'utf8').replace(`:${startPort + 1}`, `:${startPort}`);
    writeFileSync(file, text);
    const { status, line } = await refusal(0, { CLUSTER_CONFIG: file });
    expect(status).toBe(2);
    expect(line).toContain('members[1].address must differ from members[0].address');
  });

  test('two nodes whose START_PORTs make them one address', async () => {
    const first = start(1, { START_PORT: String(startPort) });
    await first.info();
    const { status, line } = await refusal(0, { START_PORT: String(startPort + 1) });
    expect(status).toBe(1);
    expect(line).toContain(`127.0.0.1:${startPort + 1}`);
    expect(line).toContain('START_PORT');
  });

  test('data of another cluster: the node does not touch it', async () => {
    const members = makeMembers(1);
    const first = start(0, { CLUSTER_CONFIG: write('first', members) });
    const entry = await first.addLog('kept', 'value');
    await first.kill();
    const other = write('other', [...members, ...makeMembers(2).slice(1)]);
    const { status, line } = await refusal(0, { CLUSTER_CONFIG: other });
    expect(status).toBe(1);
    expect(line).toMatch(/is of cluster [0-9a-f]{64}, and this node is of [0-9a-f]{64}/);
    const again = start(0, { CLUSTER_CONFIG: path.join(directory, 'first', CLUSTER_FILE_NAME) });
    expect(await again.getLog(entry.index)).toEqual(entry);
  });
});

describe('nodes whose configurations differ refuse each other, and info names the field on both', () => {
  async function expectRefused(nodes: NodeProcess[], field: string): Promise<void> {
    await until(SERVES_WITHIN_MS, `both name: ${field}`, async () => {
      const infos = await Promise.all(nodes.map((node) => node.info()));
      return infos.every((info) => names(info, field)) ? true : undefined;
    });
    const adds = await Promise.all(nodes.map((node) => node.command('add_log key value')));
    expect(adds.map(({ error }) => error?.code)).toEqual(nodes.map(() => 'NO_LEADER'));
  }

  function names({ peers, problem }: NodeInfo, field: string): boolean {
    const peer = peers.find(({ reason }) => reason?.includes(field));
    return peer?.connected === false && problem?.includes(field) === true;
  }

  test('a file of three members and one of five', async () => {
    const members = makeMembers(5);
    const three = start(0, { CLUSTER_CONFIG: write('three', members.slice(0, 3)) });
    const five = start(1, { CLUSTER_CONFIG: write('five', members) });
    await expectRefused([three, five], 'cluster size');
  });

  test('another key for one member', async () => {
    const [first, second, third] = makeMembers(3) as [MemberWithKeys, MemberWithKeys, MemberWithKeys];
    const [, , other] = makeMembers(3) as [MemberWithKeys, MemberWithKeys, MemberWithKeys];
    const a = start(0, { CLUSTER_CONFIG: write('a', [first, second, third]) });
    const b = start(1, { CLUSTER_CONFIG: write('b', [first, second, other]) });
    await expectRefused([a, b], 'public keys differ');
  });

  test('two members with their addresses exchanged', async () => {
    const [first, second] = makeMembers(2) as [MemberWithKeys, MemberWithKeys];
    const a = start(0, { CLUSTER_CONFIG: write('a', [first, second]) });
    // Node 1 believes to be at the place of node 0 and the other way round; both listen, at each other's address.
    const exchanged = [
      { ...first, port: second.port },
      { ...second, port: first.port },
    ];
    await a.info();
    const b = start(1, { CLUSTER_CONFIG: write('b', exchanged) });
    expect((await b.exited).code).toBe(1);
    expect(b.lastWords).toContain('cannot listen');
  });
});

test('members at localhost find each other, whether that is 127.0.0.1 or ::1', async () => {
  const file = write('localhost', makeMembers(3, 'localhost'));
  const nodes = [0, 1, 2].map((index) => start(index, { CLUSTER_CONFIG: file }));
  const entries = await Promise.all(nodes.map((node) => node.addLog('key', 'value')));
  expect(entries.map(({ index }) => index).sort()).toEqual([1, 2, 3]);
});
