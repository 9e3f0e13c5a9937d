import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  clusterFingerprint,
  generateKeyPair,
  DurableLogStore,
  TCPMokka,
  TrimmedError,
  type LogEntry,
} from '../../../src/index';
import { LIST_ENTRIES_MAX } from '../../../src/limits';
import { freePort } from '../transport/members';

/** A program's own node, a cluster of one, that reads its log in order. */

const silent = (): void => undefined;
const logger = { error: silent, warn: silent, info: silent, debug: silent, trace: silent };
const keys = generateKeyPair();
let directory: string;
let address: string;
let mokka: TCPMokka;
let store: DurableLogStore;

async function start(): Promise<void> {
  const { publicKey, secretKey, votingKey: privateKey } = keys;
  const clusterId = clusterFingerprint([publicKey]);
  store = await DurableLogStore.open({ directory: join(directory, 'node-0'), clusterId, publicKey });
  const timing = { heartbeat: 50, electionTimeout: 200 };
  mokka = new TCPMokka({ address, members: [address], ...timing, logger, store, privateKey, secretKey });
  mokka.nodeApi.join(address);
  mokka.connect();
}

async function stop(): Promise<void> {
  await mokka.disconnect();
  store.close();
}

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'mokka-follow-'));
  address = `tcp://127.0.0.1:${await freePort()}/${keys.publicKey}`;
  await start();
});
afterEach(async () => {
  await stop();
  rmSync(directory, { recursive: true, force: true });
});

function push(from: number, to: number): Promise<LogEntry[]> {
  const numbers = Array.from({ length: to - from + 1 }, (_, at) => from + at);
  return Promise.all(
    numbers.map((number) => mokka.logApi.push('key', { value: `value ${number}` }, { deadline: 120_000 })),
  );
}

/** Follows until the log `to` has come. */
async function followTo(to: number, from = 1): Promise<LogEntry[]> {
  const logs: LogEntry[] = [];
  for await (const log of mokka.follow({ from })) {
    logs.push(log);
    if (log.index === to) break;
  }
  return logs;
}

test('logs come as they were answered, from memory and from disk, while adds go on and after a restart', async () => {
  const following = [followTo(12_000), followTo(12_000, 11_000)];
  const pushed = [...(await push(1, 6000)), ...(await push(6001, 12_000))];
  const [all, last] = await Promise.all(following);
  expect(all).toEqual(pushed);
  expect(last).toEqual(pushed.slice(10_999));
  await stop();
  await start();
  expect(await followTo(12_000)).toEqual(pushed);
});

test('pages lead through the log; the last one is confirmed to be the last', async () => {
  const pushed = await push(1, LIST_ENTRIES_MAX + 1);
  const first = await mokka.entries();
  expect(first).toEqual({ logs: pushed.slice(0, -1), next: LIST_ENTRIES_MAX + 1, upToDate: false });
  expect(await mokka.entries({ from: first.next })).toEqual({
    logs: pushed.slice(-1),
    next: LIST_ENTRIES_MAX + 2,
    upToDate: true,
  });
  expect(await mokka.entries({ from: 2, limit: 3 })).toEqual({
    logs: pushed.slice(1, 4),
    next: 5,
    upToDate: false,
  });
  const none = { logs: [], next: 5000, upToDate: true };
  expect(await mokka.entries({ from: 5000 })).toEqual(none);
  for (const page of [{ from: 0 }, { limit: 0 }, { limit: LIST_ENTRIES_MAX + 1 }, { limit: 1.5 }])
    await expect(mokka.entries(page)).rejects.toMatchObject({ code: 'BAD_ARGUMENT' });
});

test('what is trimmed is told by its class, with the floor, also to a reader who is behind', async () => {
  await push(1, LIST_ENTRIES_MAX);
  const reader = mokka.follow();
  expect((await reader.next()).value).toMatchObject({ index: 1 });
  expect(await mokka.trim(LIST_ENTRIES_MAX - 1)).toEqual({ floor: LIST_ENTRIES_MAX - 1 });
  const rest = (async (): Promise<void> => {
    for await (const { index } of reader) if (index === LIST_ENTRIES_MAX) return;
  })();
  const atOnce = expect(rest.catch((thrown: unknown) => thrown)).resolves;
  for (const reading of [mokka.getDb().getEntry().get(1), mokka.entries(), mokka.follow().next()]) {
    const thrown = await reading.catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(TrimmedError);
    expect(thrown).toMatchObject({ floor: LIST_ENTRIES_MAX - 1 });
  }
  await atOnce.toBeInstanceOf(TrimmedError);
});

test('a node that stops ends its readers with NODE_UNREACHABLE', async () => {
  await push(1, 3);
  const following = followTo(4);
  await mokka.disconnect();
  await expect(following).rejects.toMatchObject({ code: 'NODE_UNREACHABLE' });
  await expect(mokka.entries()).rejects.toMatchObject({ code: 'NODE_UNREACHABLE' });
});
