import { MemoryLogStore } from '../../../src/storage/MemoryLogStore';
import { asVoter, append, make } from './calls';
import { buildLog, logs } from './logFixture';
import { logStoreSuite } from './logStoreSuite';

logStoreSuite('MemoryLogStore', () => {
  let store = new MemoryLogStore();
  return {
    open: () => Promise.resolve((store = MemoryLogStore.from(store.snapshot()))),
    callAndCrash: (calls) => {
      store = MemoryLogStore.from(store.snapshot());
      for (const call of calls) make(store, call);
      return Promise.resolve();
    },
  };
});

test('a snapshot does not change with its store', () => {
  const store = new MemoryLogStore();
  make(store, asVoter);
  make(store, append(buildLog(logs(3)), 1));
  const snapshot = store.snapshot();
  make(store, append(buildLog(logs(1, 2), store.entryAt(1)), 2));
  const restarted = MemoryLogStore.from(snapshot);
  expect(restarted.last?.index).toBe(3);
  expect(restarted.commitIndex).toBe(1);
});

test('a snapshot cut to a prefix is a disk that lost its last writes', () => {
  const store = new MemoryLogStore();
  make(store, asVoter);
  make(store, append(buildLog(logs(5)), 1));
  const snapshot = store.snapshot();
  const restarted = MemoryLogStore.from({ ...snapshot, entries: snapshot.entries.slice(0, 2) });
  expect(restarted.last?.index).toBe(2);
  expect(restarted.indexOfLog(3)).toBeNull();
});
