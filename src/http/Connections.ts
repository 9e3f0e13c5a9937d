import type { Server } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { HTTP_PIPELINED_MAX } from '../httpLimits';

/** How a connection is used. */
interface Use {
  /** Requests under way on it. */
  requests: number;
  /** Higher for one whose last request began, or that came, later. */
  last: number;
}

/**
 * The connections of a server, no more than so many: one more closes the one that has been without a request for longest,
 * so that idle ones keep nobody out.
 */
export class Connections {
  private readonly open = new Map<Socket, Use>();
  private begun = 0;

  constructor(
    private readonly server: Server,
    private readonly max: number,
  ) {}

  /** Counts connections from here on. `event`: how the server tells of one. */
  watch(event: 'connection' | 'secureConnection'): void {
    this.server.on(event, (socket: Socket) => {
      if (this.open.size >= this.max) this.closeOneIdle();
      this.open.set(socket, { requests: 0, last: ++this.begun });
      socket.once('close', () => this.open.delete(socket));
    });
  }

  /**
   * A request has begun. Its connection then counts as the youngest; one on which too many wait for their answers is
   * closed. Returns whether the request is to be answered.
   */
  begin(socket: Socket): boolean {
    const use = this.open.get(socket);
    if (use === undefined) return false;
    use.requests++;
    use.last = ++this.begun;
    if (use.requests > HTTP_PIPELINED_MAX) socket.destroy();
    return !socket.destroyed;
  }

  end(socket: Socket): void {
    const use = this.open.get(socket);
    if (use !== undefined) use.requests--;
  }

  /** Whether a request is under way on it. */
  isAnswering(socket: Duplex): boolean {
    return socket instanceof Socket && (this.open.get(socket)?.requests ?? 0) > 0;
  }

  /** Closes those without a request. */
  closeIdle(): void {
    for (const [socket, { requests }] of this.open) if (requests === 0) socket.destroy();
  }

  closeAll(): void {
    for (const socket of this.open.keys()) socket.destroy();
  }

  private closeOneIdle(): void {
    let oldest: Socket | null = null;
    let last = Infinity;
    for (const [socket, use] of this.open)
      if (use.requests === 0 && use.last < last) {
        oldest = socket;
        last = use.last;
      }
    if (oldest === null) return;
    this.open.delete(oldest);
    oldest.destroy();
  }
}
