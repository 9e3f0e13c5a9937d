import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { endsOf } from '../endsOf';

/** The connections that are in their TLS handshake, no more than so many: one more closes the oldest. */
export class TlsHandshakes {
  /** By their ends. */
  private readonly open = new Map<string, Socket>();

  constructor(private readonly max: number) {}

  /** Counts from here on. */
  watch(server: Server): void {
    server.on('connection', (socket) => this.begin(socket));
    server.on('secureConnection', (socket: Socket) => this.open.delete(endsOf(socket)));
  }

  private begin(socket: Socket): void {
    const ends = endsOf(socket);
    this.open.set(ends, socket);
    socket.once('close', () => {
      if (this.open.get(ends) === socket) this.open.delete(ends);
    });
    const [oldest] = this.open;
    if (this.open.size <= this.max || oldest === undefined) return;
    this.open.delete(oldest[0]);
    oldest[1].destroy();
  }
}
