import { memberKeys } from '../../../src/mokka/memberKeys';
import { MemoryLogStore } from '../../../src/storage/MemoryLogStore';
import { generateKeyPair } from '../../../src/config/keyPair';
import { SimulatedMokka } from '../../simulation/simulator/SimulatedMokka';

const [A, B, C] = [0, 1, 2].map((at) => ({
  keys: generateKeyPair(),
  host: `tcp://127.0.0.1:${2000 + at}`,
}));
const members = [A, B, C].map((member) => `${member?.host}/${member?.keys.publicKey}`);
const [first = '', second = '', third = ''] = members;

/** The second of the members, without links. */
function secondNode(listed: readonly string[]): SimulatedMokka {
  const silent = (): void => undefined;
  return new SimulatedMokka(
    {
      address: second,
      members: listed,
      privateKey: B?.keys.votingKey ?? '',
      heartbeat: 50,
      electionTimeout: 200,
      store: new MemoryLogStore(),
      logger: { error: silent, warn: silent, info: silent, debug: silent, trace: silent },
    },
    { send: silent, isLinked: () => false },
  );
}

test('members are numbered as they are listed, in whatever order they join', async () => {
  const node = secondNode(members);
  node.nodeApi.join(third);
  node.nodeApi.join(second);
  node.nodeApi.join(first);
  expect(node.index).toBe(1);
  const { peers } = await node.getDb().getState().getInfo();
  expect(peers.map((peer) => [peer.node, peer.address])).toEqual([
    [0, A?.host],
    [2, C?.host],
  ]);
});

test('who is not listed cannot join, and has not', () => {
  const node = secondNode([first, second]);
  node.nodeApi.join(first);
  expect(() => node.nodeApi.join(third)).toThrow(/none of the members in this node's settings/);
  expect([...node.nodes.keys()]).toEqual([A?.keys.publicKey]);
});

test.each(['', 'garbage', 'tcp://127.0.0.1:1/garbage', `x${A?.keys.publicKey ?? ''}`])(
  'what is no member’s address cannot join and leaves nothing: %j',
  (address) => {
    const node = secondNode([first, second]);
    expect(() => node.nodeApi.join(address)).toThrow(/none of the members in this node's settings/);
    expect(node.nodes.size).toBe(0);
    node.nodeApi.join(first);
    expect([...node.nodes.keys()]).toEqual([A?.keys.publicKey]);
  },
);

test('a list without the node itself, or with a member twice, is refused', () => {
  expect(() => memberKeys([first, third], second)).toThrow(/this node, tcp:.* among them/);
  expect(() => memberKeys([first, second, first], second)).toThrow(/stands twice/);
  expect(memberKeys(members, second)).toEqual([A, B, C].map((member) => member?.keys.publicKey));
});
