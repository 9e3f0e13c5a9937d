import type { EventEmitter } from 'node:events';
import type { Server, Socket as NetSocket } from 'node:net';
import * as axon from 'axon';

/** What this project uses of axon 2.0.3's sockets, their overridable methods among it. */
interface Socket extends EventEmitter {
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

export type RepSocket = Socket;
export interface ReqSocket extends Socket {
  callbacks: Record<string, (...args: unknown[]) => void>;
  /** Number of the next request. */
  ids: number;
  id(): string;
  send(...args: unknown[]): void;
}

export const ReqSocket = axon.ReqSocket as new () => ReqSocket;
export const RepSocket = axon.RepSocket as new () => RepSocket;
