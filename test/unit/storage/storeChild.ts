/**
 * A process with LmdbLogStores, for tests. Arguments: what to do, directories, and for `calls` a file of JSON calls.
 * For each directory it prints one line of JSON: {"opened":true}, or the error that it met.
 */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { StartError, toError } from '../../../src/errors';
import type { Entry } from '../../../src/entry/Entry';
import { LmdbLogStore } from '../../../src/storage/lmdb/LmdbLogStore';
import { make, type Call } from './calls';
import { buildLog, logs, usedLog } from './logFixture';
import { OWNER } from './owner';

const [, , task = '', file = '', ...directories] = process.argv;

async function run(directory: string): Promise<void> {
  const store = await LmdbLogStore.open({ directory, ...OWNER });
  if (task === 'calls') {
    const calls = z.array(z.custom<Call>()).parse(JSON.parse(readFileSync(file, 'utf8')));
    for (const call of calls) make(store, call);
    process.kill(process.pid, 'SIGKILL');
  }
  if (task === 'hold') setInterval(() => undefined, 1000);
  if (task === 'read') store.read(1, Infinity, Infinity);
  if (task === 'fill') fill(store);
  if (task === 'use') use(store);
  // Less than the journal takes, and more than lmdb's file has room for.
  if (task === 'close') store.append(buildLog(logs(5, 1, 40_000), store.last), store.commitIndex);
  if (task === 'close') store.close();
  say({ opened: true });
  if (task !== 'hold') store.close();
}

/** Appends until the disk is full; then tells whether the store goes on refusing, with the same error. */
function fill(store: LmdbLogStore): void {
  const failures = new Set<unknown>();
  for (let tries = 0; failures.size === 0; tries += 1) {
    if (tries === 10_000) throw new Error('the disk never became full');
    attempt(() => store.append(buildLog(logs(16, 1, 500), store.last), store.commitIndex), failures);
  }
  attempt(() => store.append([], store.commitIndex + 1), failures);
  attempt(() => store.saveHardState({ term: 9, votedFor: null }), failures);
  attempt(() => store.setMembership('voter'), failures);
  attempt(() => store.entryAt(1), failures);
  store.close();
  const [failure] = failures;
  if (failures.size > 1) throw new Error('later calls threw other errors');
  throw failure;
}

/** Reads all, appends, replaces what is not committed, and reads all again: what it is given must be the log of {@link usedLog}. */
function use(store: LmdbLogStore): void {
  const log = usedLog();
  readAll(store, log);
  const { commitIndex } = store;
  const last = store.last?.index ?? 0;
  store.append(buildLog(logs(300, 1, 100), store.last), commitIndex);
  store.append(buildLog(logs(20, 2, 3000), store.entryAt(commitIndex)), commitIndex);
  readAll(store, log.slice(0, Math.min(commitIndex, last)));
}

/** Reads each entry of a log; what is damaged must say so. */
function readAll(store: LmdbLogStore, log: readonly Entry[]): void {
  for (const { index, bytes } of log)
    try {
      if (store.entryAt(index)?.bytes.equals(bytes) !== true) throw new Error(`an altered entry ${index}`);
    } catch (error) {
      if (!(error instanceof StartError) || error.code !== 'DATA_DAMAGED') throw error;
    }
}

function attempt(call: () => unknown, failures: Set<unknown>): void {
  try {
    call();
  } catch (error) {
    failures.add(error);
  }
}

function say(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

function sayError(thrown: unknown): void {
  const error = toError(thrown);
  const cause = error.cause === undefined ? null : toError(error.cause).message;
  say({ code: error instanceof StartError ? error.code : error.name, message: error.message, cause });
}

async function runAll(): Promise<void> {
  for (const directory of directories) await run(directory).catch(sayError);
}

void runAll();
