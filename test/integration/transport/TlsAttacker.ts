import { connect as connectTcp, createServer, type Socket } from 'node:net';
import { once } from 'node:events';
import { Duplex } from 'node:stream';
import { connect as connectTls, TLSSocket, type SecureContext } from 'node:tls';
import { encodeFrame } from '../../../src/transport/frames';
import { encodeHello, type Hello } from '../../../src/transport/hello';
import { ContentType, HEADER_BYTES, TlsRecords } from './TlsRecords';

const CHUNK = Buffer.alloc(64 * 1024, 1);

/**
 * One end of a connection to a node that does a true handshake and, if asked, says a true hello, and after that sends
 * whatever bytes its user likes, past its own TLS.
 */
export class TlsAttacker {
  readonly records: TlsRecords;

  private constructor(
    private readonly raw: Socket,
    private readonly tls: TLSSocket,
    side: 'CLIENT' | 'SERVER',
  ) {
    this.records = new TlsRecords(tls, side);
    tls.on('error', () => undefined);
  }

  /** Connects to a node. */
  static async connect(
    port: number,
    secureContext: SecureContext,
    hello: Hello | null,
  ): Promise<TlsAttacker> {
    const raw = connectTcp(port, '127.0.0.1');
    const relay = relayTo(raw);
    const tls = connectTls({ socket: relay.stream, secureContext, rejectUnauthorized: false });
    const attacker = new TlsAttacker(raw, tls, 'CLIENT');
    await once(tls, 'secureConnect');
    // Its Certificate, CertificateVerify and Finished leave after that, under other keys.
    if (hello !== null) await attacker.greet(hello);
    attacker.records.sequence = hello === null ? 0 : 1;
    return attacker;
  }

  /** Waits at a port for a node to connect. */
  static async listen(port: number, secureContext: SecureContext, hello: Hello | null): Promise<TlsAttacker> {
    const server = createServer();
    await once(server.listen(port, '127.0.0.1'), 'listening');
    const [raw] = (await once(server, 'connection')) as [Socket];
    server.close();
    const relay = relayTo(raw);
    const tls = new TLSSocket(relay.stream, {
      isServer: true,
      secureContext,
      requestCert: true,
      rejectUnauthorized: false,
    });
    const attacker = new TlsAttacker(raw, tls, 'SERVER');
    let sentBefore = 0;
    tls.once('secure', () => (sentBefore = relay.dataRecords()));
    await once(tls, 'secure');
    if (hello !== null) await attacker.greet(hello);
    // Tickets leave by themselves after the handshake.
    await new Promise((resolve) => setImmediate(resolve));
    attacker.records.sequence = relay.dataRecords() - sentBefore;
    return attacker;
  }

  get isClosed(): boolean {
    return this.raw.destroyed;
  }

  /** Sends bytes as they are, and once they are taken looks after the connection. */
  async send(bytes: Buffer): Promise<void> {
    if (this.isClosed) return;
    await new Promise<void>((resolve) => {
      this.raw.once('close', resolve);
      this.raw.write(bytes, () => {
        this.raw.off('close', resolve);
        setImmediate(resolve);
      });
    });
  }

  /** Sends bytes until the connection is closed, or so many are sent. */
  async flood(bytesMax: number): Promise<void> {
    for (let sent = 0; sent < bytesMax && !this.isClosed; sent += CHUNK.length) await this.send(CHUNK);
  }

  end(): void {
    this.raw.destroy();
    this.tls.destroy();
  }

  private async greet(hello: Hello): Promise<void> {
    const greeted = once(this.tls, 'data');
    this.tls.write(encodeFrame([encodeHello(hello)]));
    await greeted;
  }
}

/**
 * A stream over a socket that leaves the socket usable: TLS takes over the one, and not the other. It counts the
 * records that TLS has sent as data.
 */
function relayTo(raw: Socket): { stream: Duplex; dataRecords: () => number } {
  let sent = Buffer.alloc(0);
  const stream = new Duplex({
    read: () => undefined,
    write(chunk: Buffer, _encoding, done) {
      sent = Buffer.concat([sent, chunk]);
      if (!raw.destroyed) raw.write(chunk);
      done();
    },
  });
  stream.on('error', () => undefined);
  raw.on('error', () => undefined);
  raw.on('data', (chunk: Buffer) => {
    if (!stream.destroyed) stream.push(chunk);
  });
  return { stream, dataRecords: () => countDataRecords(sent) };
}

function countDataRecords(sent: Buffer): number {
  let count = 0;
  for (let at = 0; at + HEADER_BYTES <= sent.length; at += HEADER_BYTES + sent.readUInt16BE(at + 3))
    if (sent[at] === ContentType.data) count++;
  return count;
}
