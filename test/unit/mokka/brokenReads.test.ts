import { StartError } from '../../../src/errors';
import { LoneNode } from './LoneNode';

test('a get that meets damage while histories differ rejects, and the node stops; it never throws', async () => {
  const node = new LoneNode();
  const failures: Error[] = [];
  node.on('fatal', (error: Error) => failures.push(error));
  node.connect();
  const damage = new StartError('DATA_DAMAGED', 'the entry 1 is damaged');
  const log = node['replicatedLog'];
  jest.spyOn(log, 'sharedIndex', 'get').mockReturnValue(1);
  jest.spyOn(log.log, 'entryAt').mockImplementation(() => {
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
