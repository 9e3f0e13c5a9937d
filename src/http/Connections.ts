import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/**
 * The connections of a server, no more than so many: one more closes the one that has been without a request for longest,
 * so that idle ones keep nobody out.
 */
export class Connections {
  /** With how many requests are under way on each; the oldest first. */
  private readonly open = new Map<Socket, number>();

  constructor(
    private readonly server: Server,
    private readonly max: number,
  ) {}

  /** Counts connections from here on. `event`: how the server tells of one. */
  watch(event: 'connection' | 'secureConnection'): void {
    this.server.on(event, (socket: Socket) => {
      if (this.open.size >= this.max) this.closeOneIdle();
      this.open.set(socket, 0);
      socket.once('close', () => this.open.delete(socket));
    });
  }

  /** A request has begun. Its connection then counts as the youngest. */
  begin(socket: Socket): void {
    const requests = this.open.get(socket) ?? 0;
    this.open.delete(socket);
    this.open.set(socket, requests + 1);
  }

  end(socket: Socket): void {
    const requests = this.open.get(socket);
    if (requests !== undefined) this.open.set(socket, requests - 1);
  }

  /** Closes those without a request. */
  closeIdle(): void {
    for (const [socket, requests] of this.open) if (requests === 0) socket.destroy();
  }

  closeAll(): void {
    for (const socket of this.open.keys()) socket.destroy();
  }

  private closeOneIdle(): void {
    for (const [socket, requests] of this.open)
      if (requests === 0) {
        this.open.delete(socket);
        socket.destroy();
        return;
      }
  }
}
