import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener, type HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { Hono, type Context } from 'hono';
import { RequestError, toError } from '../errors';
import {
  HTTP_CONNECTIONS_MAX,
  HTTP_HEAD_BYTES_MAX,
  HTTP_HEAD_MS,
  HTTP_IDLE_MS,
  HTTP_LOOK_MS,
  HTTP_REQUESTS_MAX,
  HTTPS_CONNECTIONS_MAX,
} from '../httpLimits';
import { authorize } from './access/authorize';
import type { Origins } from './access/Origins';
import type { Tokens } from './access/Tokens';
import { Exchange } from './answers/Exchange';
import { problemAnswer, StatusError } from './answers/problemAnswer';
import { Connections } from './Connections';
import type { DoorParts, Route } from './contract/Route';
import { notBound } from './notBound';
import { createTlsServer, type TlsFiles } from './tlsServer';

type NodeContext = Context<{ Bindings: HttpBindings }>;

/** Who may come in, and where. */
export interface DoorAccess {
  readonly host: string;
  readonly port: number;
  readonly tls: TlsFiles | null;
  readonly tokens: Tokens;
  readonly origins: Origins;
  /** Told of errors that are answered as INTERNAL. */
  readonly unexpected: (error: Error) => void;
}

/** HTTP for one node: it lets requests in, counts them, and has the routes answer them. */
export class HttpDoor {
  private readonly server: Server;
  private readonly connections: Connections;
  private readonly underWay = new Set<Exchange>();
  private stopping = false;
  private onIdle: () => void = () => undefined;

  constructor(
    routes: readonly Route[],
    private readonly parts: DoorParts,
    private readonly access: DoorAccess,
  ) {
    const app = new Hono<{ Bindings: HttpBindings }>();
    for (const route of routes)
      app.on(route.method.toUpperCase(), honoPath(route.path), (context) => this.serve(context, route));
    const paths = new Map<string, string>();
    for (const { path, method } of routes)
      paths.set(path, [paths.get(path), method.toUpperCase()].filter(Boolean).join(', '));
    for (const [path, methods] of paths)
      app.all(honoPath(path), (context) => this.refuse(context, wrongMethod(path, methods)));
    app.notFound((context: NodeContext) => this.refuse(context, noSuchPath()));
    app.onError((error, context: NodeContext) => this.refuse(context, error));
    const listener = getRequestListener(app.fetch, {
      overrideGlobalObjects: false,
      autoCleanupIncoming: false,
    });
    this.server = this.createServer((incoming, outgoing) => void listener(incoming, outgoing));
    this.connections = new Connections(
      this.server,
      access.tls === null ? HTTP_CONNECTIONS_MAX : HTTPS_CONNECTIONS_MAX,
    );
    this.connections.watch(access.tls === null ? 'connection' : 'secureConnection');
  }

  /** The port that it listens on. */
  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** @throws StartError PORT_TAKEN or CANNOT_LISTEN */
  listen(): Promise<void> {
    const { server } = this;
    const { host, port } = this.access;
    return new Promise((resolve, reject) => {
      const onError = (error: Error): void => reject(notBound(host, port, error));
      server.once('error', onError);
      server.listen({ host, port }, () => {
        server.off('error', onError);
        // A connection that could not be accepted: too many files are open. Others go on.
        server.on('error', this.access.unexpected);
        resolve();
      });
    });
  }

  /**
   * Lets nobody in any more, ends those who follow or wait, and resolves when what is under way is answered, or after
   * `deadline` ms. What is under way then may still be answered; called again, it waits for that, and cuts what is left.
   */
  async stop(deadline: number): Promise<void> {
    const again = this.stopping;
    this.stopping = true;
    this.server.close();
    this.access.tokens.close();
    this.connections.closeIdle();
    for (const exchange of this.underWay) exchange.end();
    if (this.underWay.size > 0) await this.idle(deadline);
    if (again || this.underWay.size === 0) this.connections.closeAll();
  }

  private idle(deadline: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, deadline);
      this.onIdle = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  private createServer(listener: (incoming: IncomingMessage, outgoing: ServerResponse) => void): Server {
    const options = {
      headersTimeout: HTTP_HEAD_MS,
      // A request may take as long as it likes while something moves.
      requestTimeout: 0,
      connectionsCheckingInterval: HTTP_LOOK_MS,
      keepAliveTimeout: HTTP_IDLE_MS,
      maxHeaderSize: HTTP_HEAD_BYTES_MAX,
      noDelay: true,
    };
    const { tls } = this.access;
    const server = tls === null ? createServer(options, listener) : createTlsServer(options, tls, listener);
    server.timeout = HTTP_IDLE_MS;
    return server;
  }

  private async serve(context: NodeContext, route: Route): Promise<Response> {
    const { incoming, outgoing } = context.env;
    const exchange = new Exchange(
      incoming,
      outgoing,
      context.req.param(),
      context.req.query(),
      this.parts.node,
    );
    const { access } = this;
    try {
      access.origins.checkHost(incoming);
      access.origins.admit(incoming, outgoing);
      if (route.scope !== null) {
        authorize(incoming.headers.authorization, route.scope, access.tokens);
        exchange.isAuthorized = true;
      }
      this.begin(exchange);
      await route.serve(exchange, this.parts);
    } catch (thrown) {
      this.tell(exchange, thrown);
    }
    return RESPONSE_ALREADY_SENT;
  }

  /** Counts a request until its answer is read, or its client has gone. @throws RequestError BUSY, NODE_UNREACHABLE */
  private begin(exchange: Exchange): void {
    const { underWay, connections } = this;
    if (this.stopping) {
      exchange.outgoing.setHeader('connection', 'close');
      throw new RequestError('NODE_UNREACHABLE', 'this node stops: ask another');
    }
    if (underWay.size >= HTTP_REQUESTS_MAX)
      throw new RequestError(
        'BUSY',
        `${HTTP_REQUESTS_MAX} requests are under way at this node; nothing was done: try again when some are answered`,
      );
    const { socket } = exchange.incoming;
    underWay.add(exchange);
    connections.begin(socket);
    exchange.outgoing.once('close', () => {
      underWay.delete(exchange);
      connections.end(socket);
      if (!this.stopping) return;
      // Its client keeps the connection for a next request, which would find nobody.
      socket.destroySoon();
      if (underWay.size === 0) this.onIdle();
    });
  }

  private refuse(context: NodeContext, thrown: Error): Response {
    const { incoming, outgoing } = context.env;
    const exchange = new Exchange(incoming, outgoing, {}, {}, this.parts.node);
    try {
      this.access.origins.checkHost(incoming);
      if (this.access.origins.admit(incoming, outgoing)) outgoing.writeHead(204).end();
      else this.tell(exchange, thrown);
    } catch (refusal) {
      this.tell(exchange, refusal);
    }
    return RESPONSE_ALREADY_SENT;
  }

  private tell(exchange: Exchange, thrown: unknown): void {
    const answer = problemAnswer(thrown);
    if (answer.status === 500) this.access.unexpected(toError(thrown));
    if (exchange.outgoing.headersSent) exchange.outgoing.destroy();
    else exchange.answer(answer);
  }
}

/** hono's names in a path begin with a colon. */
function honoPath(path: string): string {
  return path.replace(/\{(\w+)\}/g, ':$1');
}

function wrongMethod(path: string, methods: string): StatusError {
  return new StatusError(405, 'BAD_COMMAND', `${path} takes ${methods}`, { allow: methods });
}

function noSuchPath(): RequestError {
  return new RequestError('BAD_COMMAND', 'there is no such path: /openapi.json lists them');
}
