import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { RequestError, toError } from '../errors';
import { notBound } from '../listenErrors';
import {
  HTTP_CONNECTIONS_MAX,
  HTTP_HEAD_BYTES_MAX,
  HTTP_HEAD_MS,
  HTTP_IDLE_MS,
  HTTP_LOOK_MS,
  HTTP_REQUESTS_MAX,
  HTTPS_CONNECTIONS_MAX,
  HTTPS_HANDSHAKES_MAX,
} from '../httpLimits';
import { Authority } from './access/Authority';
import type { Origins } from './access/Origins';
import type { Tokens } from './access/Tokens';
import { Exchange } from './answers/Exchange';
import { problemAnswer } from './answers/problemAnswer';
import { Connections } from './Connections';
import type { DoorParts, Route } from './contract/Route';
import { ExchangesUnderWay } from './ExchangesUnderWay';
import { refuseNoRequests } from './noRequests';
import { RouteTable, type Asked } from './RouteTable';
import { TlsHandshakes } from './TlsHandshakes';
import { createTlsServer, type TlsFiles } from './tlsServer';

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
  private readonly table: RouteTable;
  private readonly server: Server;
  private readonly connections: Connections;
  private readonly withToken = new ExchangesUnderWay();
  private readonly withoutToken = new ExchangesUnderWay();
  private readonly authority: Authority;
  private stopping = false;
  private onIdle: () => void = () => undefined;

  constructor(
    routes: readonly Route[],
    private readonly parts: DoorParts,
    private readonly access: DoorAccess,
  ) {
    this.table = new RouteTable(routes);
    this.authority = new Authority(access.tokens);
    this.server = this.createServer((incoming, outgoing) => void this.serve(incoming, outgoing));
    this.connections = new Connections(
      this.server,
      access.tls === null ? HTTP_CONNECTIONS_MAX : HTTPS_CONNECTIONS_MAX,
    );
    this.connections.watch(access.tls === null ? 'connection' : 'secureConnection');
    refuseNoRequests(this.server, this.connections);
    if (access.tls !== null) new TlsHandshakes(HTTPS_HANDSHAKES_MAX).watch(this.server);
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
      const onError = (error: Error): void =>
        reject(
          notBound(
            {
              where: `for HTTP on ${host}:${port}`,
              taken: 'choose another port with HTTP_PORT or settings.http.port, or do without: HTTP_PORT=off',
              setting: 'settings.http.host and the port',
            },
            error,
          ),
        );
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
    this.withToken.endAll();
    if (!this.isIdle) await this.idle(deadline);
    if (again || this.isIdle) this.connections.closeAll();
  }

  private get isIdle(): boolean {
    return this.withToken.size + this.withoutToken.size === 0;
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
      // Origins tells of it as of any other fault.
      requireHostHeader: false,
      // Else only the first would be seen here, and a proxy may have looked at the last.
      joinDuplicateHeaders: true,
    };
    const { tls } = this.access;
    const server = tls === null ? createServer(options, listener) : createTlsServer(options, tls, listener);
    server.timeout = HTTP_IDLE_MS;
    // What else than 100-continue a client expects may be left out (RFC 9110, 10.1.1).
    server.on('checkExpectation', listener);
    return server;
  }

  private async serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { socket } = incoming;
    if (!this.connections.begin(socket, outgoing)) return;
    const asked = this.table.find(incoming.method ?? '', incoming.url ?? '');
    const exchange = new Exchange(incoming, outgoing, asked.path, asked.query, this.parts.node);
    try {
      const { origins } = this.access;
      origins.checkHost(incoming);
      if (origins.admit(incoming, outgoing)) outgoing.writeHead(204).end();
      else await this.serveAdmitted(exchange, asked);
    } catch (thrown) {
      this.tell(exchange, thrown);
    }
  }

  private serveAdmitted(exchange: Exchange, { route }: Asked): Promise<void> | void {
    if (route.scope !== null) {
      this.authority.check(exchange.incoming, route.scope);
      exchange.isAuthorized = true;
    }
    this.begin(exchange, route.scope === null ? this.withoutToken : this.withToken);
    return route.serve(exchange, this.parts);
  }

  /** Counts a request until its answer is read, or its client has gone. @throws RequestError BUSY, NODE_UNREACHABLE */
  private begin(exchange: Exchange, underWay: ExchangesUnderWay): void {
    const { incoming, outgoing } = exchange;
    if (this.stopping) {
      outgoing.setHeader('connection', 'close');
      throw new RequestError('NODE_UNREACHABLE', 'this node stops: ask another');
    }
    if (underWay.size >= HTTP_REQUESTS_MAX)
      throw new RequestError(
        'BUSY',
        `${HTTP_REQUESTS_MAX} requests are under way at this node; nothing was done: try again when some are answered`,
      );
    const place = underWay.add(exchange);
    outgoing.once('close', () => {
      underWay.remove(place);
      if (!this.stopping) return;
      // Its client keeps the connection for a next request, which would find nobody.
      incoming.socket.destroySoon();
      if (this.isIdle) this.onIdle();
    });
  }

  private tell(exchange: Exchange, thrown: unknown): void {
    const answer = problemAnswer(thrown);
    if (answer.status === 500) this.access.unexpected(toError(thrown));
    if (exchange.outgoing.headersSent) exchange.outgoing.destroy();
    else exchange.answer(answer);
  }
}
