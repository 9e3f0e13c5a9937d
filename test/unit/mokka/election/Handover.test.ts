import { Handover } from '../../../../src/mokka/election/Handover';

class View {
  isLeader = true;
  isDone = false;
  best: string | null = null;
  readonly asked: string[] = [];
  readonly leads = (): boolean => this.isLeader;
  readonly done = (): boolean => this.isDone;
  readonly successor = (): string | null => this.best;
  readonly ask = (publicKey: string): void => void this.asked.push(publicKey);
}

async function hasEnded({ ended }: Handover): Promise<boolean> {
  return Promise.race([ended.then(() => true), Promise.resolve().then(() => false)]);
}

test('asks nobody until a follower holds the whole log, then that one, and ends when another leads', async () => {
  const view = new View();
  const handover = new Handover(view, 1000, 100);
  handover.step(0);
  expect(view.asked).toEqual([]);
  view.best = 'b';
  handover.step(10);
  handover.step(20);
  expect(view.asked).toEqual(['b']);
  expect(await hasEnded(handover)).toBe(false);
  view.isLeader = false;
  view.isDone = true;
  handover.step(30);
  await handover.ended;
});

test('asks again, the best of that time, when nothing came of it', () => {
  const view = new View();
  view.best = 'b';
  const handover = new Handover(view, 1000, 100);
  handover.step(0);
  view.best = 'c';
  handover.step(99);
  handover.step(100);
  expect(view.asked).toEqual(['b', 'c']);
});

test('asks nobody once it leads no more', () => {
  const view = new View();
  view.best = 'b';
  view.isLeader = false;
  new Handover(view, 1000, 100).step(0);
  expect(view.asked).toEqual([]);
});

test('ends at its deadline whatever the others do', async () => {
  const handover = new Handover(new View(), 1000, 100);
  handover.step(999);
  expect(await hasEnded(handover)).toBe(false);
  handover.step(1000);
  await handover.ended;
});
