import type { IncomingMessage, ServerResponse } from 'node:http';
import { isLoopback, parseHost } from '../../config/Member';
import { StatusError } from '../answers/problemAnswer';
import { CORS_MAX_AGE_S } from '../../httpLimits';

const ALLOWED_HEADERS =
  'Authorization, Content-Type, Idempotency-Key, If-None-Match, Last-Event-ID, Mokka-If-Last, Mokka-Nonce, Mokka-Session, Mokka-Since';
const SHOWN_HEADERS = 'ETag, Location, Mokka-Since, Retry-After';
const ALLOWED_METHODS = 'GET, HEAD, POST';

/**
 * From which pages a browser may come. A page of another origin reads nothing unless its origin is listed. On a loopback
 * address the Host must be of this machine too: else a page whose name was made to lead here would be of the same origin
 * (DNS rebinding).
 */
export class Origins {
  private readonly listed: ReadonlySet<string>;
  private readonly hosts: ReadonlySet<string>;
  private readonly checksHost: boolean;
  /** The one that was let in last: a node's clients mostly name it alike. */
  private lastHost: string | null = null;

  /** `host`: where the node listens. `origins`: listed ones, like `https://example.org`. */
  constructor(host: string, origins: readonly string[]) {
    this.listed = new Set(origins);
    this.hosts = new Set(origins.map((origin) => new URL(origin).host));
    this.checksHost = isLoopback(host);
  }

  /** @throws StatusError FORBIDDEN, or BAD_ARGUMENT where HTTP has it missing or twice */
  checkHost({ headers: { host = '' }, httpVersion }: IncomingMessage): void {
    if (host === this.lastHost) return;
    if ((host === '' && httpVersion !== '1.0') || host.includes(','))
      throw new StatusError(400, 'BAD_ARGUMENT', 'a request has one Host');
    if (this.checksHost && !this.isHere(host))
      throw new StatusError(
        403,
        'FORBIDDEN',
        'the Host of the request is not of this machine: ask for 127.0.0.1 or localhost, or list the origin in settings.http.origins',
      );
    if (host !== '') this.lastHost = host;
  }

  private isHere(host: string): boolean {
    const name = parseHost(host.replace(/:\d*$/, ''));
    return this.hosts.has(host) || (name !== null && isLoopback(name));
  }

  /** Tells a browser what the page may see, if its origin is listed. Returns whether that was all that it asked. */
  admit({ method, headers }: IncomingMessage, outgoing: ServerResponse): boolean {
    const { origin } = headers;
    if (this.listed.size > 0) outgoing.setHeader('vary', 'Authorization, Origin');
    if (origin === undefined || !this.listed.has(origin)) return false;
    outgoing.setHeader('access-control-allow-origin', origin);
    outgoing.setHeader('access-control-expose-headers', SHOWN_HEADERS);
    if (method !== 'OPTIONS' || headers['access-control-request-method'] === undefined) return false;
    outgoing.setHeader('access-control-allow-methods', ALLOWED_METHODS);
    outgoing.setHeader('access-control-allow-headers', ALLOWED_HEADERS);
    outgoing.setHeader('access-control-max-age', String(CORS_MAX_AGE_S));
    return true;
  }
}
