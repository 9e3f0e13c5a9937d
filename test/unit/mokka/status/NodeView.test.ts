import { buildLog, empty, logs } from '../../storage/logFixture';
import { LoneNode } from '../LoneNode';

let node: LoneNode;

beforeEach(() => (node = new LoneNode(3)));
afterEach(async () => {
  jest.restoreAllMocks();
  await node.disconnect();
});

test('a leader that a member spoke of is no cause any more once that member is not reachable', () => {
  for (const peer of node.memberAddresses.slice(1)) node.nodeApi.join(peer);
  const [speaker = '', leader = ''] = node.nodes.keys();
  node['memberReports'].follows(speaker, leader, performance.now());
  jest.spyOn(node['store'], 'membership', 'get').mockReturnValue('voter');
  const linked = jest.spyOn(node, 'linkState');
  linked.mockImplementation((peer?: string) => ({ connected: peer === speaker }));
  expect(node['view'].info().problem).toMatch(
    /^Node 2 leads, as node 1 says, but this node has no link to it/,
  );
  linked.mockReturnValue({ connected: false });
  expect(node['view'].info().problem).toMatch(/^1 of 3 members are reachable and 2 are needed/);
});

test('info tells the floor: 0 for a whole log; of a last log that is trimmed what the floor says of it', () => {
  const entries = buildLog([empty(1), ...logs(3, 2), empty(3)]);
  const [, , , floor] = entries;
  if (floor === undefined) throw new Error('no fourth entry');
  const store = node['store'];
  store.setMembership('voter');
  store.append(entries, 5);
  const { hash, ...whole } = node['view'].info();
  expect(whole.floor).toBe(0);
  store.trimTo(floor);
  expect(node['view'].info()).toMatchObject({ index: 3, floor: 3, hash, term: 2, createdAt: 0 });
});
