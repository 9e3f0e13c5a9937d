import { createServer, connect } from 'node:tls';
import { once } from 'node:events';
import nacl from 'tweetnacl';
import { StartError } from '../../../src/errors';
import { makeNodeCertificate, signingKeyOf, signingPart } from '../../../src/transport/tls/NodeCertificate';

const pair = nacl.sign.keyPair();
const secretKey = Buffer.from(pair.secretKey).toString('hex');
const publicKey = Buffer.from(pair.publicKey).toString('hex');

/** The code that an action ends with. */
function codeOf(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    return error instanceof StartError ? error.code : error;
  }
}

test("the signing key is tweetnacl's public key", () => {
  expect(makeNodeCertificate(secretKey).signingKey).toBe(publicKey);
  expect(makeNodeCertificate(secretKey.toUpperCase()).signingKey).toBe(publicKey);
  expect(signingPart(`02${'0'.repeat(64)}${publicKey}`)).toBe(publicKey);
});

test('the certificate is well-formed, signed by its own key, and TLS 1.3 takes it', async () => {
  const { secureContext } = makeNodeCertificate(secretKey);
  const server = createServer({ SNICallback: (_name, done) => done(null, secureContext) }).listen(
    0,
    '127.0.0.1',
  );
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const socket = connect({
    port: address.port,
    host: '127.0.0.1',
    servername: 'node',
    secureContext,
    rejectUnauthorized: false,
  });
  await once(socket, 'secureConnect');
  const certificate = socket.getPeerX509Certificate();
  expect(socket.getProtocol()).toBe('TLSv1.3');
  expect(certificate?.verify(certificate.publicKey)).toBe(true);
  expect(certificate?.subject).toBe('CN=node');
  expect(certificate && signingKeyOf(certificate.publicKey)).toBe(publicKey);
  expect(certificate && new Date(certificate.validTo).getUTCFullYear()).toBe(9999);
  socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

test.each(['', 'ab', secretKey.slice(1), `${secretKey}0`, 'g'.repeat(128)])(
  'what is no secret key is refused by code, and not shown',
  (wrong) => {
    const make = (): unknown => makeNodeCertificate(wrong);
    expect(codeOf(make)).toBe('BAD_KEY');
    if (wrong.length > 2) expect(make).not.toThrow(wrong);
  },
);
