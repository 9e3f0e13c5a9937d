import { createServer, type SecureContextOptions, type Server, type TLSSocket } from 'node:tls';
import { endsOf } from '../../endsOf';
import { HANDSHAKE_MS_MAX } from '../../limits';
import type { Handshake, HandshakeEnd } from './handshake';

/**
 * The accepting side of TLS: Node's tls.Server, which does not listen but is handed connections, as its 'connection'
 * event documents. A TLSSocket made on an accepted socket without it tells no error after the handshake, and goes on
 * reading (HAZARDS, tls 1).
 */
export class TlsAcceptor {
  private readonly server: Server;
  /** Handshakes under way, by the two ends of their connections: the server tells nothing else of whose they are. */
  private readonly underWay = new Map<string, HandshakeEnd>();

  constructor(options: SecureContextOptions) {
    this.server = createServer({
      ...options,
      // Whose certificate it is, not who issued it, is what counts: the caller compares the key.
      requestCert: true,
      rejectUnauthorized: false,
      handshakeTimeout: HANDSHAKE_MS_MAX,
    });
    this.server.on('secureConnection', (tls) => {
      const end = this.take(tls);
      if (end === undefined) tls.destroy();
      else end.secured(tls);
    });
    this.server.on('tlsClientError', (error, tls) => this.take(tls)?.failed(error));
  }

  readonly accept: Handshake = (raw, end) => {
    const ends = endsOf(raw);
    this.underWay.set(ends, end);
    raw.once('close', () => {
      if (this.underWay.get(ends) === end) this.underWay.delete(ends);
    });
    this.server.emit('connection', raw);
  };

  private take(tls: TLSSocket): HandshakeEnd | undefined {
    const ends = endsOf(tls);
    const end = this.underWay.get(ends);
    this.underWay.delete(ends);
    return end;
  }
}
