import { STATUS_CODES, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { HTTP_HEAD_BYTES_MAX, HTTP_HEAD_MS } from '../httpLimits';
import { problemAnswer, StatusError } from './answers/problemAnswer';
import type { Connections } from './Connections';

/**
 * Answers what Node makes no request of, since it is malformed, too long, too slow or CONNECT, with a problem as any other
 * refusal, and closes its connection: nobody knows where a next request would begin.
 */
export function refuseNoRequests(server: Server, connections: Connections): void {
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    // An answer may be on its way, in which this would stand.
    if (!socket.writable || error.code === 'ECONNRESET' || connections.isAnswering(socket)) socket.destroy();
    else refuse(socket, refusalOf(error));
  });
  server.on('connect', (_, socket: Duplex) => {
    socket.on('error', () => socket.destroy());
    refuse(socket, new StatusError(405, 'BAD_COMMAND', 'this is no proxy: it takes no CONNECT'));
  });
}

function refuse(socket: Duplex, error: StatusError): void {
  const { status, headers, body } = problemAnswer(error);
  const text = typeof body === 'string' ? body : '';
  const all = { ...headers, 'content-length': Buffer.byteLength(text), connection: 'close' };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n${text}`, () =>
    socket.destroy(),
  );
}

function refusalOf({ code, message }: NodeJS.ErrnoException): StatusError {
  if (code === 'HPE_HEADER_OVERFLOW')
    return new StatusError(
      431,
      'TOO_LARGE',
      `the head of a request has at most ${HTTP_HEAD_BYTES_MAX} bytes`,
    );
  if (code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW')
    return new StatusError(413, 'TOO_LARGE', 'the extensions of a chunk are too long');
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return new StatusError(408, 'BAD_ARGUMENT', `no whole head of a request came within ${HTTP_HEAD_MS} ms`);
  return new StatusError(400, 'BAD_ARGUMENT', `this is no request of HTTP/1.1: ${message}`);
}
