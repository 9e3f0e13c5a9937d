import type { Socket } from 'node:net';
import { connect, type SecureContext, type TLSSocket } from 'node:tls';

/** What becomes of a handshake; one of the two is called at most once. */
export interface HandshakeEnd {
  secured(tls: TLSSocket): void;
  failed(error: Error): void;
}

/** Begins TLS on a connection, as one side of it. The caller listens to the connection's 'close'. */
export type Handshake = (raw: Socket, end: HandshakeEnd) => void;

/** The connecting side of TLS. */
export function connectTls(secureContext: SecureContext): Handshake {
  return (raw, end) => {
    // Whose certificate it is, not who issued it, is what counts: the caller compares the key.
    const tls = connect({ socket: raw, secureContext, rejectUnauthorized: false });
    const failed = (error: Error): void => end.failed(error);
    tls.once('error', failed);
    tls.once('secureConnect', () => {
      tls.off('error', failed);
      end.secured(tls);
    });
  };
}
