import { spawnSync } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { once } from 'node:events';
import { REPOSITORY } from './cluster/NodeProcess';

jest.setTimeout(120_000);

/** A node in a program that does not listen for 'fatal', on a port that is taken. */
const PROGRAM = `
const { generateKeyPair, MemoryLogStore, TCPMokka } = require('./src/index.ts');
const { publicKey, secretKey, votingKey: privateKey } = generateKeyPair();
const silent = () => undefined;
const mokka = new TCPMokka({
  address: 'tcp://127.0.0.1:' + process.argv[1] + '/' + publicKey,
  index: 0, heartbeat: 50, electionTimeout: 200, store: new MemoryLogStore(), privateKey, secretKey,
  logger: { error: silent, warn: silent, info: silent, debug: silent, trace: silent },
});
const tell = async (asked) => console.log(await asked.then(() => 'done', ({ code }) => code));
(async () => {
  await tell(mokka.logApi.push('key', { value: 'value' }));
  await tell(mokka.getDb().getEntry().get(1));
  await tell(mokka.getDb().getEntry().get('1'));
  await tell(mokka.getDb().getState().getInfo());
  mokka.connect();
})();
`;

test('before connect nothing is stored or waited for; a fatal that nobody listens for ends the process with its error', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  try {
    const { port } = other.address() as AddressInfo;
    const run = spawnSync(
      process.execPath,
      ['-r', join(REPOSITORY, 'scripts', 'typescript'), '-e', PROGRAM, String(port)],
      { cwd: REPOSITORY, encoding: 'utf8', timeout: 60_000 },
    );
    expect(run.stdout.trim().split('\n')).toEqual([
      'NODE_UNREACHABLE',
      'NODE_UNREACHABLE',
      'BAD_ARGUMENT',
      'done',
    ]);
    expect(run.status).toBe(1);
    expect(run.stderr).toContain('PORT_TAKEN');
  } finally {
    other.close();
  }
});
