import type { IncomingHttpHeaders } from 'node:http';
import { connect, type ClientHttp2Session } from 'node:http2';

/** Before a message of gRPC stands one byte that says that it is not compressed, and its length. */
const FRAME_HEAD_BYTES = 5;

/** A call that is not answered in so long has failed, ms. */
const CALL_MS_MAX = 20_000;

/** What the calls of one connection need of gRPC: one message there, one back. */
export class GrpcClient {
  private session: ClientHttp2Session;

  constructor(private readonly port: number) {
    this.session = open(port);
  }

  /** @throws Error when the call is not answered with a message. */
  call(method: string, message: Buffer): Promise<Buffer> {
    if (this.session.closed || this.session.destroyed) this.session = open(this.port);
    return new Promise((resolve, reject) => {
      const call = this.session.request({
        ...{ ':method': 'POST', ':path': method },
        ...{ 'content-type': 'application/grpc', te: 'trailers' },
      });
      const parts: Buffer[] = [];
      let status: unknown;
      call.setTimeout(CALL_MS_MAX, () => call.destroy(new Error(`${method} is not answered`)));
      call.on('response', (headers) => (status = headers['grpc-status']));
      call.on('trailers', (trailers: IncomingHttpHeaders) => (status = trailers['grpc-status']));
      call.on('data', (part: Buffer) => parts.push(part));
      call.on('error', reject);
      call.on('close', () => {
        if (status === '0') resolve(Buffer.concat(parts).subarray(FRAME_HEAD_BYTES));
        else reject(new Error(`${method} ended with status ${String(status)}`));
      });
      call.end(frame(message));
    });
  }

  close(): void {
    this.session.destroy();
  }
}

function open(port: number): ClientHttp2Session {
  const session = connect(`http://127.0.0.1:${port}`);
  // Each call tells its own error.
  session.on('error', () => undefined);
  return session;
}

function frame(message: Buffer): Buffer {
  const head = Buffer.alloc(FRAME_HEAD_BYTES);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}
