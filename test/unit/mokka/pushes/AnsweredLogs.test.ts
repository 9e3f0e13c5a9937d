import { OWN_LOG_MS_MAX } from '../../../../src/limits';
import { AnsweredLogs } from '../../../../src/mokka/pushes/AnsweredLogs';

function answeredLogs() {
  const node = { committedLogNumber: 3, now: 0 };
  const logs = new AnsweredLogs(node, { now: () => node.now });
  let ended = 0;
  const wait = (): void => void logs.held().then(() => ended++);
  const endedNow = async (): Promise<number> => {
    await Promise.resolve();
    return ended;
  };
  return { node, logs, wait, endedNow };
}

test('nothing is waited for while the own log has all that was acknowledged', async () => {
  const { logs, wait, endedNow } = answeredLogs();
  logs.answered(3);
  wait();
  expect(logs.lacking).toBeNull();
  await Promise.resolve();
  expect(await endedNow()).toBe(1);
});

test('each waits for what was acknowledged before it, and not for what comes later', async () => {
  const { node, logs, wait, endedNow } = answeredLogs();
  logs.answered(5);
  logs.answered(4);
  expect(logs.lacking).toBe(5);
  wait();
  logs.answered(9);
  node.committedLogNumber = 4;
  logs.committed();
  expect(await endedNow()).toBe(0);
  node.committedLogNumber = 5;
  logs.committed();
  expect(await endedNow()).toBe(1);
  expect(logs.lacking).toBe(9);
});

test('but not for ever, and not when the node stops', async () => {
  const { node, logs, wait, endedNow } = answeredLogs();
  logs.answered(5);
  wait();
  logs.tick((node.now = OWN_LOG_MS_MAX - 1));
  expect(await endedNow()).toBe(0);
  logs.tick((node.now = OWN_LOG_MS_MAX));
  expect(await endedNow()).toBe(1);
  wait();
  logs.close();
  expect(await endedNow()).toBe(2);
});
