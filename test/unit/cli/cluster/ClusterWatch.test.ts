import { ClusterWatch, type ClusterState } from '../../../../src/cli/cluster/ClusterWatch';
import { STATUS_LOOK_MS, STATUS_SILENT_MS } from '../../../../src/limits';
import type { NodeInfo } from '../../../../src/api';
import { FakeNode } from '../FakeNode';

/** A node that answers a look, rejects it, or leaves it waiting. */
class Watched {
  running = true;
  answer: Partial<NodeInfo> | 'rejects' | 'hangs' = 'rejects';
  looks = 0;
  #hanging: (() => void)[] = [];

  isRunning(): boolean {
    return this.running;
  }

  async lookAtInfo(): Promise<NodeInfo> {
    this.looks++;
    if (this.answer === 'hangs') await new Promise<void>((resolve) => this.#hanging.push(resolve));
    if (typeof this.answer === 'string') throw new Error('unreachable');
    return { ...new FakeNode().info, ...this.answer };
  }

  letGo(): void {
    for (const go of this.#hanging.splice(0)) go();
  }
}

let nodes: [Watched, Watched, Watched];
let watch: ClusterWatch;
let told: ClusterState[];
beforeEach(() => {
  jest.useFakeTimers();
  nodes = [new Watched(), new Watched(), new Watched()];
  told = [];
  watch = new ClusterWatch(nodes, (state) => told.push(state));
});
afterEach(() => {
  watch.stop();
  jest.useRealTimers();
});

/** Lets time go on, and gives what is told at its end. */
async function after(ms: number): Promise<ClusterState | undefined> {
  await jest.advanceTimersByTimeAsync(ms);
  return told.at(-1);
}

const looks = (count: number): number => count * STATUS_LOOK_MS;

test('a node starts until it first answers; one without a process is stopped', async () => {
  nodes[1].running = false;
  expect((await after(looks(2)))?.nodes).toEqual(['starting', 'stopped', 'starting']);
  nodes[0].answer = { state: 'follower' };
  nodes[2].answer = { state: 'leader' };
  expect((await after(looks(2)))?.nodes).toEqual(['follower', 'stopped', 'leader']);
  nodes[0].running = false;
  expect((await after(looks(1)))?.nodes).toEqual(['stopped', 'stopped', 'leader']);
  nodes[0].running = true;
  nodes[0].answer = 'rejects';
  expect((await after(looks(2)))?.nodes).toEqual(['starting', 'stopped', 'leader']);
});

test('a node that hangs is silent after a while, is asked once, and hides no change of the others', async () => {
  for (const node of nodes) node.answer = { state: 'follower' };
  await after(looks(2));
  nodes[0].answer = 'hangs';
  const before = nodes[0].looks;
  expect((await after(STATUS_SILENT_MS))?.nodes[0]).toBe('follower');
  nodes[1].answer = { state: 'leader' };
  expect((await after(looks(3)))?.nodes).toEqual(['silent', 'leader', 'follower']);
  expect(nodes[0].looks).toBe(before + 1);
  expect(watch.infoOf(0)).toBeNull();
  expect(watch.infoOf(1)).toMatchObject({ state: 'leader' });
  nodes[0].answer = { state: 'follower' };
  nodes[0].letGo();
  expect((await after(looks(1)))?.nodes).toEqual(['follower', 'leader', 'follower']);
});

test('the term and the logs are the highest that a node told', async () => {
  expect(await after(looks(1))).toMatchObject({ term: 0, logs: 0 });
  nodes[0].answer = { currentTerm: 3, committedIndex: 7 };
  nodes[1].answer = { currentTerm: 2, committedIndex: 9 };
  expect(await after(looks(2))).toMatchObject({ term: 3, logs: 9 });
  nodes[1].running = false;
  expect(await after(looks(2))).toMatchObject({ term: 3, logs: 9 });
});

test('nobody is looked at, nor told, after it was stopped', async () => {
  watch.stop();
  expect(await after(looks(3))).toBeUndefined();
  expect(nodes[0].looks).toBe(0);
});

test('a follower that is far behind catches up, until it has nearly all', async () => {
  nodes[0].answer = { state: 'leader', committedIndex: 200_000 };
  nodes[1].answer = { state: 'follower', committedIndex: 120_000 };
  nodes[2].answer = { state: 'follower', committedIndex: 198_000 };
  expect((await after(looks(2)))?.nodes).toEqual(['leader', 'catching up 60 %', 'follower']);
  nodes[1].answer = { state: 'follower', committedIndex: 199_000 };
  expect((await after(looks(1)))?.nodes).toEqual(['leader', 'follower', 'follower']);
});
