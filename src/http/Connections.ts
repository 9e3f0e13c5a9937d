import type { Server, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { HTTP_PIPELINED_MAX } from '../httpLimits';

/** How a connection is used. */
interface Use {
  /** The answers that its client waits for, in their order. */
  readonly unanswered: ServerResponse[];
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
      const use = { unanswered: [], last: ++this.begun };
      this.open.set(socket, use);
      socket.once('close', () => {
        this.open.delete(socket);
        closeThoseBehind(use);
      });
    });
  }

  /**
   * A request has begun. Its connection then counts as the youngest; one on which too many wait for their answers is
   * closed. Returns whether the request is to be answered.
   */
  begin(socket: Socket, outgoing: ServerResponse): boolean {
    const use = this.open.get(socket);
    if (use === undefined) return false;
    const { unanswered } = use;
    unanswered.push(outgoing);
    outgoing.once('close', () => unanswered.splice(unanswered.indexOf(outgoing), 1));
    use.last = ++this.begun;
    if (unanswered.length > HTTP_PIPELINED_MAX) socket.destroy();
    return !socket.destroyed;
  }

  /** Whether a request is under way on it. */
  isAnswering(socket: Duplex): boolean {
    return socket instanceof Socket && (this.open.get(socket)?.unanswered.length ?? 0) > 0;
  }

  /** Closes those without a request. */
  closeIdle(): void {
    for (const [socket, { unanswered }] of this.open) if (unanswered.length === 0) socket.destroy();
  }

  closeAll(): void {
    for (const socket of this.open.keys()) socket.destroy();
  }

  private closeOneIdle(): void {
    let oldest: Socket | null = null;
    let last = Infinity;
    for (const [socket, use] of this.open)
      if (use.unanswered.length === 0 && use.last < last) {
        oldest = socket;
        last = use.last;
      }
    if (oldest === null) return;
    this.open.delete(oldest);
    oldest.destroy();
  }
}

/** Node tells the first answer alone that its connection has gone: the others would hold their places for ever. */
function closeThoseBehind({ unanswered }: Use): void {
  for (const outgoing of [...unanswered])
    if (outgoing.socket === null) {
      outgoing.destroy();
      outgoing.emit('close');
    }
}
