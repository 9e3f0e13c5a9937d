import { once } from 'node:events';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { createServer, request } from 'node:https';
import { generateKeyPair } from '../../../src/config/keyPair';
import { TlsHandshakes } from '../../../src/http/TlsHandshakes';
import { makeNodeCertificate } from '../../../src/transport/tls/NodeCertificate';

const MAX = 3;

test('of those who never end their handshake the oldest is closed for each that is too many; who ended it is not', async () => {
  const { tlsOptions } = makeNodeCertificate(generateKeyPair().secretKey);
  const { cert, key } = tlsOptions;
  const server = createServer({ cert, key }, (_request, answer) => answer.write('begun'));
  new TlsHandshakes(MAX).watch(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const asked = request({ port, host: '127.0.0.1', rejectUnauthorized: false, agent: false }).end();
  const [answer] = (await once(asked, 'response')) as [Socket];
  const silent: Socket[] = [];
  for (let count = 0; count <= MAX; count++) {
    const socket = connect(port, '127.0.0.1').on('error', () => undefined);
    socket.resume();
    silent.push(socket);
    await once(server, 'connection');
  }
  const [oldest, ...others] = silent;
  if (oldest?.closed === false) await once(oldest, 'close');
  expect(others.map(({ closed }) => closed)).toEqual(others.map(() => false));
  expect(answer.destroyed).toBe(false);
  for (const socket of silent) socket.destroy();
  asked.destroy();
  server.close();
});
