import { readFileSync } from 'node:fs';
import type { IncomingMessage, Server, ServerOptions, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { createSecureContext } from 'node:tls';
import { StartError, toError } from '../errors';
import { escapeControls } from '../escapeControls';
import { HTTP_HEAD_MS } from '../httpLimits';

/** Paths of a certificate (with those that lead to its issuer) and its key, PEM. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

/** A server over TLS. @throws StartError BAD_CONFIG for files that cannot be used */
export function createTlsServer(
  options: ServerOptions,
  files: TlsFiles,
  listener: (incoming: IncomingMessage, outgoing: ServerResponse) => void,
): Server {
  const server = createServer(
    { ...options, ...readPair(files), handshakeTimeout: HTTP_HEAD_MS, minVersion: 'TLSv1.2' },
    listener,
  );
  // Of a stranger who speaks no TLS, or does not trust the certificate: its connection ends, and that is all.
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  return server;
}

function readPair({ cert, key }: TlsFiles): { cert: Buffer; key: Buffer } {
  try {
    const pair = { cert: readFileSync(cert), key: readFileSync(key) };
    createSecureContext(pair);
    return pair;
  } catch (thrown) {
    throw new StartError(
      'BAD_CONFIG',
      escapeControls(
        `the certificate ${JSON.stringify(cert)} with its key ${JSON.stringify(key)} cannot be used for HTTP: ${toError(thrown).message}`,
      ),
      { cause: thrown },
    );
  }
}
