import { createServer, connect, type Server, type Socket } from 'node:net';

/**
 * A link of one node to one peer, through which it passes unseen: links are sealed by keys, not by addresses. Cutting
 * it needs no rights and works on every machine.
 */
export class LinkProxy {
  private state: 'open' | 'cut' | 'silent' = 'open';
  private readonly pairs = new Set<[Socket, Socket]>();

  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {}

  static async to(targetPort: number): Promise<LinkProxy> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const proxy = new LinkProxy(server, address.port);
    server.on('connection', (socket) => proxy.accept(socket, targetPort));
    return proxy;
  }

  /** Connections break, and others are refused at once, as when a process is gone. */
  cut(): void {
    this.state = 'cut';
    for (const [near, far] of this.pairs) {
      near.destroy();
      far.destroy();
    }
  }

  /** Connections stay, and nothing passes any more, as when packets are lost. */
  silence(): void {
    this.state = 'silent';
    for (const [near, far] of this.pairs) {
      near.unpipe();
      far.unpipe();
      near.pause();
      far.pause();
    }
  }

  /** All passes again; what was silent begins anew, as after the retries of TCP gave up. */
  heal(): void {
    const wasSilent = this.state === 'silent';
    this.state = 'open';
    if (!wasSilent) return;
    for (const [near, far] of this.pairs) {
      near.destroy();
      far.destroy();
    }
  }

  close(): void {
    this.cut();
    this.server.close();
  }

  private accept(near: Socket, targetPort: number): void {
    if (this.state === 'cut') {
      near.destroy();
      return;
    }
    const far = connect(targetPort, '127.0.0.1');
    const pair: [Socket, Socket] = [near, far];
    this.pairs.add(pair);
    for (const socket of pair) {
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        near.destroy();
        far.destroy();
        this.pairs.delete(pair);
      });
    }
    if (this.state === 'silent') return;
    near.pipe(far);
    far.pipe(near);
  }
}
