import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** The connections that are in their TLS handshake, no more than so many: one more closes the oldest. */
export class TlsHandshakes {
  /** By the address and port of the other side. */
  private readonly open = new Map<string, Socket>();

  constructor(private readonly max: number) {}

  /** Counts from here on. */
  watch(server: Server): void {
    server.on('connection', (socket) => this.begin(socket));
    server.on('secureConnection', (socket: Socket) => this.open.delete(nameOf(socket)));
  }

  private begin(socket: Socket): void {
    const name = nameOf(socket);
    this.open.set(name, socket);
    socket.once('close', () => {
      if (this.open.get(name) === socket) this.open.delete(name);
    });
    const [oldest] = this.open;
    if (this.open.size <= this.max || oldest === undefined) return;
    this.open.delete(oldest[0]);
    oldest[1].destroy();
  }
}

/** TLS tells of another socket than TCP does; both have the same other side. */
function nameOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
