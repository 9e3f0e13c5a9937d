/** What this project uses of axon 2.0.3, its overridable methods among it. axon has no types of its own. */
declare module 'axon' {
  import type { EventEmitter } from 'node:events';
  import type { Server, Socket as NetSocket } from 'node:net';

  class Socket extends EventEmitter {
    /** Connections that `send` uses. */
    socks: NetSocket[];
    server: Server | null;
    closing?: boolean;
    /** Pause before the next connect, ms; read right after 'socket close' was emitted. */
    retry?: number;
    set(name: string, value: unknown): this;
    pack(args: unknown[]): Buffer;
    /** Takes over a connection, accepted or connected. */
    addSocket(raw: NetSocket): void;
    /** Called once for each connection: an accepted one after, a connecting one before `addSocket`. */
    handleErrors(raw: NetSocket): void;
    connect(address: string): this;
    connect(port: number, host: string): this;
    bind(address: string): this;
    bind(port: number, host: string): this;
    close(): unknown;
  }

  export class ReqSocket extends Socket {
    callbacks: Record<string, (...args: unknown[]) => void>;
    /** Number of the next request. */
    ids: number;
    id(): string;
    send(...args: unknown[]): void;
  }

  export class RepSocket extends Socket {}
}
