import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { generateKeyPair } from '../../src/config/keyPair';
import { encodeFrame, encodeRequest } from '../../src/transport/frames';
import { encodeHello, type Hello } from '../../src/transport/hello';
import { makeNodeCertificate } from '../../src/transport/tls/NodeCertificate';
import type { Random } from '../simulation/simulator/world/Random';

/** A stranger gives up on its own after this time, ms, unless the node closes the connection first. */
const LINGERS_MS = 30;

/** Who is no member: without TLS, without a certificate, with a key of its own. */
export class Strangers {
  private readonly strangeKey = makeNodeCertificate(generateKeyPair().secretKey).secureContext;

  constructor(
    private readonly random: Random,
    private readonly hello: Hello,
  ) {}

  /** One connection of one stranger to a node. */
  async visit(port: number): Promise<void> {
    const socket = this.connect(port);
    socket.on('error', () => undefined);
    socket.resume();
    const timer = setTimeout(() => socket.destroy(), LINGERS_MS);
    if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve));
    clearTimeout(timer);
  }

  private connect(port: number): Socket {
    const { random } = this;
    switch (random.below(5)) {
      case 0:
        return plain(port, random.bytes(random.between(1, 2000)));
      case 1:
        return plain(port, Buffer.from('GET / HTTP/1.1\r\nHost: node\r\n\r\n'));
      case 2:
        return plain(port, Buffer.concat([Buffer.from('1603010200010001fc0303', 'hex'), random.bytes(200)]));
      case 3:
        return this.sealed(port, { maxVersion: random.pick(['TLSv1.2', 'TLSv1.3']) });
      default:
        return this.sealed(port, { secureContext: this.strangeKey });
    }
  }

  private sealed(port: number, options: ConnectionOptions): Socket {
    const socket = connectTls({ ...options, port, host: '127.0.0.1', rejectUnauthorized: false });
    socket.once('secureConnect', () =>
      socket.write(
        Buffer.concat([encodeFrame([encodeHello(this.hello)]), encodeRequest(Buffer.from('{}'), '1')]),
      ),
    );
    return socket;
  }
}

function plain(port: number, bytes: Buffer): Socket {
  const socket = connectTcp(port, '127.0.0.1');
  socket.write(bytes);
  return socket;
}
