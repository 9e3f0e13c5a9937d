import { once } from 'node:events';
import { readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { buildLog, logs } from '../logFixture';
import { OWNER } from '../owner';
import { holdStore, runStore } from '../storeProcess';
import { runs } from '../../../runs';
import { newDirectory, open, filledDirectory, refusal } from './directories';

describe('the lock', () => {
  test('a second process is refused, and the first keeps its store', async () => {
    const directory = newDirectory();
    const first = await open(directory);
    first.setMembership('voter');
    const { lines } = await runStore('open', [directory, directory]);
    const message =
      `the directory ${directory} is in use by another process (pid ${process.pid}): stop that one first, ` +
      'or give this node another INDEX or DATA_DIR';
    const refused = { code: 'DATA_LOCKED', message, cause: null };
    expect(lines).toEqual([refused, refused]);
    first.append(buildLog(logs(1)), 1);
    first.close();
    expect(await runStore('read', [directory])).toMatchObject({ lines: [{ opened: true }] });
  });

  test('is free once its holder was killed, and not while it is stopped', async () => {
    const directory = newDirectory();
    const holder = await holdStore(directory);
    const ended = once(holder, 'exit');
    try {
      holder.kill('SIGSTOP');
      expect((await refusal(open(directory))).code).toBe('DATA_LOCKED');
    } finally {
      holder.kill('SIGKILL');
      await ended;
    }
    expect(sockets(directory)).toHaveLength(1);
    const store = await open(directory);
    expect(sockets(directory)).toHaveLength(1);
    store.close();
    expect(sockets(directory)).toEqual([]);
  });

  test('of many that start at once never two get it', async () => {
    const directory = newDirectory();
    for (let round = 0; round < runs(10, 3); round += 1) {
      const stores = await Promise.allSettled(Array.from({ length: 4 }, () => open(directory)));
      const opened = stores.filter((result) => result.status === 'fulfilled');
      expect(opened.length).toBeLessThanOrEqual(1);
      for (const { value } of opened) value.close();
    }
    (await open(directory)).close();
  });

  test('works in a directory whose path is too long for a socket', async () => {
    const directory = join(newDirectory(), 'long'.repeat(40));
    const store = await open(directory);
    expect((await refusal(open(directory))).code).toBe('DATA_LOCKED');
    store.close();
    (await open(directory)).close();
  });

  test('is seen through another path to the same directory', async () => {
    const directory = newDirectory();
    const store = await open(directory);
    const link = newDirectory();
    symlinkSync(directory, link);
    expect((await refusal(open(link))).code).toBe('DATA_LOCKED');
    store.close();
  });

  test('an open that fails lets go of it', async () => {
    const directory = await filledDirectory();
    await refusal(open(directory, { ...OWNER, publicKey: 'other' }));
    (await open(directory)).close();
  });
});

function sockets(directory: string): string[] {
  return readdirSync(directory).filter((name) => name.includes('.sock'));
}
