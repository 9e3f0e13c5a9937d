import type { ReplicatedLog } from '../../../../src/mokka/log/ReplicatedLog';
import { RequestGate } from '../../../../src/mokka/requests/RequestGate';

/** What of the log is in the history that the others share; null: all of it. */
let sharedIndex: number | null;
let gate: RequestGate;

beforeEach(() => {
  sharedIndex = null;
  const log = {
    get sharedIndex() {
      return sharedIndex;
    },
    log: { logNumberAt: (index: number) => (index === 4 ? 2 : 0) },
  };
  gate = new RequestGate(log as unknown as ReplicatedLog);
});

test('before it is opened it says to connect; it is the same gate that opens', () => {
  expect([gate.isOpen, gate.isNotYetOpen]).toEqual([false, true]);
  expect(gate.refusal()).toMatchObject({
    code: 'NODE_UNREACHABLE',
    message: 'this node is not connected yet: call connect() first',
  });
  gate.open();
  expect([gate.isOpen, gate.isNotYetOpen, gate.refusal()]).toEqual([true, false, null]);
});

test('once closed it says that the node has stopped, and opens no more', () => {
  gate.open();
  gate.close();
  expect([gate.isOpen, gate.isNotYetOpen]).toEqual([false, false]);
  const stopped = {
    code: 'NODE_UNREACHABLE',
    message: expect.stringMatching(/^this node has stopped/) as string,
  };
  expect(gate.refusal()).toMatchObject(stopped);
  expect(() => gate.open()).toThrow(/^this node has stopped/);
  expect(gate.isOpen).toBe(false);
});

test('while histories differ it tells what is shared, the last such log included, and takes nothing', () => {
  gate.open();
  sharedIndex = 4;
  expect([1, 2].map((logNumber) => gate.historiesDiffer(logNumber))).toEqual([null, null]);
  const refusal = { code: 'HISTORIES_DIFFER', message: expect.stringContaining('no log after 2 ') as string };
  expect(gate.historiesDiffer(3)).toMatchObject(refusal);
  expect(gate.refusal()).toMatchObject(refusal);
});

test('where nothing is shared not even the first log is told', () => {
  sharedIndex = 0;
  expect(gate.historiesDiffer(1)).toMatchObject({
    message: expect.stringContaining('no log after 0 ') as string,
  });
});

test('a gate that is not open refuses for that, whatever the histories are', () => {
  sharedIndex = 4;
  expect(gate.refusal()).toMatchObject({ code: 'NODE_UNREACHABLE' });
});
