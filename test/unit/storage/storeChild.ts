/**
 * A process with DurableLogStores, for tests. Arguments: what to do, directories, and for `calls` a file of JSON calls.
 * For each directory it prints one line of JSON: {"opened":true}, or the error that it met.
 */
import { readFileSync, writeSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { z } from 'zod';
import { StartError, toError } from '../../../src/errors';
import { DurableLogStore } from '../../../src/storage/durable/DurableLogStore';
import { make, type Call } from './calls';
import { buildLog, logs } from './logFixture';
import { OWNER } from './owner';

const [, , task = '', file = '', ...directories] = process.argv;

async function run(directory: string): Promise<void> {
  const store = await DurableLogStore.open({ directory, ...OWNER });
  if (task === 'calls') {
    const calls = z.array(z.custom<Call>()).parse(JSON.parse(readFileSync(file, 'utf8')));
    for (const call of calls) make(store, call);
    process.kill(process.pid, 'SIGKILL');
  }
  if (task === 'hold') setInterval(() => undefined, 1000);
  if (task === 'read') store.read(1, Infinity, Infinity);
  if (task === 'fill') fill(store);
  if (task === 'append') await appendForEver(store);
  say({ opened: true });
  if (task !== 'hold') store.close();
}

/** Appends and commits, and says after each call how far the log and what is committed are, until the process is killed. */
async function appendForEver(store: DurableLogStore): Promise<never> {
  for (let round = 1; ; round += 1) {
    const term = store.hardState.term + 1;
    const { commitIndex } = store;
    if (round % 10 === 0) store.saveHardState({ term, votedFor: null });
    // Now and then a new leader's entries, in place of what is not committed.
    const last = round % 7 === 0 ? store.entryAt(commitIndex) : store.last;
    store.append(buildLog(logs(3, store.hardState.term, 20_000), last), last?.index ?? 0);
    writeSync(1, `${JSON.stringify({ last: store.last?.index, committed: store.commitIndex })}\n`);
    // Syncs beside this thread end between two turns.
    await nextTurn();
  }
}

/** Appends, and commits what came before, until the disk is full; then tells whether the store goes on refusing, with the same error. */
function fill(store: DurableLogStore): void {
  const failures = new Set<unknown>();
  for (let tries = 0; failures.size === 0; tries += 1) {
    if (tries === 10_000) throw new Error('the disk never became full');
    attempt(() => {
      store.append(buildLog(logs(16, 1, 500), store.last), store.last?.index ?? 0);
    }, failures);
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
