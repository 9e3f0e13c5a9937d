import { randomBytes } from 'node:crypto';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, type SecureContext } from 'node:tls';
import { generateKeyPair } from '../../../src/config/keyPair';
import { HANDSHAKE_MS_MAX, VALUE_BYTES_MAX } from '../../../src/limits';
import type { LogEntry } from '../../../src/entry/Entry';
import { encodeFrame } from '../../../src/transport/frames';
import { encodeHello, helloOf } from '../../../src/transport/hello';
import { makeNodeCertificate } from '../../../src/transport/tls/NodeCertificate';
import { Adders } from '../../fuzz/Adders';
import { residentBytes } from '../../fuzz/memory';
import { CALM, Cluster } from '../cluster/Cluster';
import { NodeProcess, type Answer } from '../cluster/NodeProcess';
import { until } from '../cluster/until';
import { commandLines } from '../../linuxProcesses';

/** Garbage on a node's port (CASES 11), odd commands (CASES 13), and secrets, on real processes. */

const MiB = 1024 * 1024;
const GROWTH_BYTES_MAX = 30 * MiB;
const STRANGERS = 200;

let cluster: Cluster;
let output = '';

beforeAll(async () => {
  cluster = await Cluster.createWithOwnKeys({ LOG_LEVEL: 'trace' }, CALM);
  for (let index = 0; index < cluster.members.length; index++) {
    const { stdout, stderr } = cluster.start(index).child;
    for (const stream of [stdout, stderr]) stream?.on('data', (text: Buffer) => (output += text.toString()));
  }
  await cluster.leader();
});

afterAll(() => cluster.end());

async function termOf(node: NodeProcess): Promise<number> {
  return (await node.info()).currentTerm;
}

describe('garbage on the port (CASES 11)', () => {
  let port: number;
  let sockets: Socket[];
  let strangers: readonly SecureContext[];

  // Before anybody waits for an answer: to make them takes this process seconds.
  beforeAll(() => {
    strangers = times(STRANGERS, () => makeNodeCertificate(generateKeyPair().secretKey).secureContext);
  });
  beforeEach(() => {
    port = cluster.startPort;
    sockets = [];
  });
  afterEach(() => sockets.forEach((socket) => socket.destroy()));

  function plain(bytes?: Buffer): Socket {
    const socket = connectTcp(port, '127.0.0.1');
    socket.on('error', () => undefined).resume();
    if (bytes !== undefined) socket.write(bytes);
    sockets.push(socket);
    return socket;
  }

  /** TLS with a key that is no member's. */
  function sealed(bytes: Buffer): Socket {
    const secureContext = strangers[sockets.length % STRANGERS];
    const socket = connectTls({ port, host: '127.0.0.1', secureContext, rejectUnauthorized: false });
    socket.on('error', () => undefined).resume();
    socket.once('secureConnect', () => socket.write(bytes));
    sockets.push(socket);
    return socket;
  }

  const hello = (): Buffer =>
    encodeFrame([
      encodeHello(
        helloOf(
          cluster.members.map(({ keys }) => keys.publicKey),
          null,
        ),
      ),
    ]);
  const times = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make);

  const kinds: [string, () => Socket[]][] = [
    ['random bytes', () => [plain(randomBytes(100_000))]],
    ['HTTP', () => [plain(Buffer.from('GET / HTTP/1.1\r\nHost: node\r\n\r\n'))]],
    ['4 GiB declared without TLS', () => [plain(Buffer.from('11ffffffff', 'hex'))]],
    ['4 GiB declared within TLS', () => [sealed(Buffer.from('11ffffffff', 'hex'))]],
    ["a stranger's hello", () => [sealed(hello())]],
    [
      'half a TLS hello and half a frame, then silence',
      () => [plain(Buffer.from('1603010200010001fc0303', 'hex')), sealed(hello().subarray(0, 20))],
    ],
    ['200 of random bytes at once', () => times(200, () => plain(randomBytes(1000)))],
    ["200 strangers' hellos at once", () => times(STRANGERS, () => sealed(hello()))],
    ['1,000 idle connections', () => times(1000, () => plain())],
  ];

  test('each such connection is closed, memory stays flat, the leader leads on, and adds go on', async () => {
    const node = cluster.node(0);
    const adders = new Adders(cluster.running);
    const leader = await cluster.leader();
    const term = await termOf(leader);
    const warmUp = times(200, () => plain(randomBytes(1000)));
    await until(HANDSHAKE_MS_MAX + 5000, 'all are closed', () => allClosed(warmUp));
    const before = residentBytes(node.pid);
    for (const [name, open] of kinds) {
      const acknowledged = adders.acknowledged.length;
      const opened = open();
      await until(HANDSHAKE_MS_MAX + 5000, `closed: ${name}`, () => allClosed(opened));
      await until(5000, `adds go on: ${name}`, () => adders.acknowledged.length > acknowledged || undefined);
    }
    await adders.stop();
    await until(5000, `memory is as it was, ${before} bytes`, () =>
      residentBytes(node.pid) - before < GROWTH_BYTES_MAX ? true : undefined,
    );
    expect(adders.refused).toBe(0);
    expect(await termOf(leader)).toBe(term);
    const peers = (await node.info()).peers.map(({ connected }) => connected);
    expect(peers).toEqual([true, true]);
  });

  function allClosed(opened: readonly Socket[]): true | undefined {
    return opened.every((socket) => socket.destroyed) ? true : undefined;
  }
});

describe('odd arguments and sizes (CASES 13)', () => {
  /** What must be alike on each node: all but the entry's own place and time. */
  function comparable({ command, ok, result, error }: Answer): unknown {
    return {
      command,
      ok,
      error: error?.code,
      log: (result as LogEntry | undefined)?.log.value.value.slice(0, 40),
    };
  }

  const x = (bytes: number): string => 'x'.repeat(bytes);
  const lines: [line: string, code: string | null][] = [
    ['add_log -k -v', null],
    ['add_log __proto__ x', null],
    ['add_log constructor {"__proto__":1}', null],
    ['add_log k \u2028\u0000\ud83d\ude00 "quoted" \\n', null],
    [`add_log ${x(1024)} v`, null],
    [`add_log ${x(1025)} v`, 'TOO_LARGE'],
    [`add_log k ${x(VALUE_BYTES_MAX - 1)}`, null],
    [`add_log k ${x(VALUE_BYTES_MAX)}`, null],
    [`add_log k ${x(VALUE_BYTES_MAX + 1)}`, 'TOO_LARGE'],
    [`add_log k ${x(20 * MiB)}`, 'TOO_LARGE'],
    [x(3 * MiB), 'TOO_LARGE'],
    ['add_log', 'BAD_ARGUMENT'],
    ['add_log k', 'BAD_ARGUMENT'],
    ['get_log', 'BAD_ARGUMENT'],
    ...['-1', '1e0', '0x1', '01', '9007199254740993', '1 2', '0', '1.0', 'NaN', '__proto__'].map(
      (index): [string, string] => [`get_log ${index}`, 'BAD_ARGUMENT'],
    ),
    ['get_log 9007199254740991', 'NOT_FOUND'],
    ['__proto__', 'BAD_COMMAND'],
    ['constructor x', 'BAD_COMMAND'],
  ];

  test('are answered alike on each node, stored literally, and change no leader', async () => {
    const leader = await cluster.leader();
    const term = await termOf(leader);
    const answers = [];
    for (const node of cluster.running) {
      const ofNode = [];
      for (const [line, code] of lines) {
        const answer = await node.command(line);
        expect([line.slice(0, 40), answer.error?.code ?? null]).toEqual([line.slice(0, 40), code]);
        ofNode.push(comparable(answer));
        if (!answer.ok) continue;
        const entry = answer.result as LogEntry;
        const [, key, value] = /^add_log (\S+) (.*)$/s.exec(line) ?? [];
        expect(entry.log.key === key && entry.log.value.value === value).toBe(true);
        expect(await node.getLog(entry.index)).toEqual(entry);
      }
      answers.push(ofNode);
    }
    for (const ofNode of answers) expect(ofNode).toEqual(answers[0]);
    await cluster.converged();
    expect(await termOf(leader)).toBe(term);
  });
});

test('no secret is in what a node prints at LOG_LEVEL=trace, answers, or is started with', async () => {
  for (const node of cluster.running)
    for (const line of ['info', 'status', 'help', 'add_log secret no', 'get_log 0', 'nonsense', 'list 1 3'])
      output += JSON.stringify(await node.command(line));
  const started = commandLines();
  // Its data is in use: a start that fails says why.
  const ended = new NodeProcess(cluster.node(0).options);
  ended.child.stderr?.on('data', (text: Buffer) => (output += text.toString()));
  expect((await ended.exited).code).toBe(1);
  expect(output).toContain('"level":10');
  for (const { keys } of cluster.members)
    for (const secret of [
      keys.secretKey.slice(0, 64),
      keys.votingKey,
      ...base64(keys.secretKey.slice(0, 64)),
    ]) {
      expect(output.includes(secret)).toBe(false);
      expect(started.some((line) => line.includes(secret))).toBe(false);
    }
});

/** The middle of a seed as PEM shows it, wherever it stands there. */
function base64(seed: string): string[] {
  const bytes = Buffer.from(seed, 'hex');
  return [0, 1, 2].map((before) =>
    Buffer.concat([Buffer.alloc(before), bytes])
      .toString('base64')
      .slice(4, 40),
  );
}
