import { generateKeyPair } from '../../../src/config/keyPair';
import { StartError } from '../../../src/errors';
import { ReplicatedMokka } from '../../../src/mokka/ReplicatedMokka';
import { MemoryLogStore } from '../../../src/storage/MemoryLogStore';

const silent = (): void => undefined;

class LoneNode extends ReplicatedMokka {
  override write(): void {
    // There is nobody.
  }

  override linkState(): { connected: boolean } {
    return { connected: false };
  }
}

test('a get that meets damage while histories differ rejects, and the node stops; it never throws', async () => {
  const { publicKey, votingKey } = generateKeyPair();
  const address = `tcp://127.0.0.1:1/${publicKey}`;
  const node = new LoneNode({
    address,
    members: [address],
    privateKey: votingKey,
    heartbeat: 50,
    electionTimeout: 200,
    store: new MemoryLogStore(),
    logger: { error: silent, warn: silent, info: silent, debug: silent, trace: silent },
  });
  const failures: Error[] = [];
  node.on('fatal', (error: Error) => failures.push(error));
  node.connect();
  const damage = new StartError('DATA_DAMAGED', 'the entry 1 is damaged');
  const log = node['replicatedLog'];
  jest.spyOn(log, 'sharedPosition', 'get').mockReturnValue(1);
  jest.spyOn(log, 'entryAt').mockImplementation(() => {
    throw damage;
  });
  try {
    const got = node.getDb().getEntry().get(5);
    await expect(got).rejects.toMatchObject({ code: 'INTERNAL' });
    expect(failures).toEqual([damage]);
  } finally {
    jest.restoreAllMocks();
    await node.disconnect();
  }
});
