import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { AUTHORIZATION_KEPT_LENGTH_MAX } from '../../httpLimits';
import { StatusError } from '../answers/problemAnswer';
import { allows, type Scope } from './scopes';
import type { Tokens } from './Tokens';

const BEARER = /^bearer +([\w.~+/-]+=*) *$/i;
const CHALLENGE = 'Bearer realm="mokka-cluster"';

type Asking = Pick<IncomingMessage, 'headers' | 'socket'>;

/** What a request brought that was let in. */
interface LetIn {
  readonly authorization: Buffer;
  readonly scopes: readonly Scope[];
  /** See {@link Tokens.edition}. */
  readonly edition: number;
}

/**
 * Who may do what. The requests of a connection mostly bring the same Authorization: what was last let in on it is known
 * without a hash, until the tokens change.
 */
export class Authority {
  private readonly lastLetIn = new WeakMap<Socket, LetIn>();

  constructor(private readonly tokens: Tokens) {}

  /**
   * Lets a request pass whose Authorization allows what needs `scope`.
   *
   * @throws StatusError UNAUTHENTICATED or FORBIDDEN, with what RFC 6750 has clients told.
   */
  check({ headers: { authorization }, socket }: Asking, scope: Scope): void {
    const scopes = this.scopesOf(authorization, socket);
    if (!allows(scopes, scope))
      throw new StatusError(403, 'FORBIDDEN', `the token has no scope ${scope}, only ${scopes.join(', ')}`, {
        'www-authenticate': `${CHALLENGE}, error="insufficient_scope", scope="${scope}"`,
      });
  }

  private scopesOf(authorization: string | undefined, socket: Socket): readonly Scope[] {
    const { edition } = this.tokens;
    const last = this.lastLetIn.get(socket);
    const bytes = Buffer.from(authorization ?? '', 'latin1');
    if (last?.edition === edition && isSame(last.authorization, bytes)) return last.scopes;
    const scopes = this.knownScopes(authorization);
    if (bytes.length <= AUTHORIZATION_KEPT_LENGTH_MAX)
      this.lastLetIn.set(socket, { authorization: bytes, scopes, edition });
    return scopes;
  }

  private knownScopes(authorization: string | undefined): readonly Scope[] {
    const token = BEARER.exec(authorization ?? '')?.[1];
    if (token === undefined)
      throw unauthenticated(
        authorization === undefined
          ? 'the request has no token: send Authorization: Bearer TOKEN'
          : 'the request’s Authorization is not Bearer TOKEN',
        CHALLENGE,
      );
    const scopes = this.tokens.scopesOf(token);
    if (scopes === null)
      throw unauthenticated(
        'this node does not know the token: mokka-cluster token create makes one; the demo’s is in DATA_DIR/token',
        `${CHALLENGE}, error="invalid_token"`,
      );
    return scopes;
  }
}

/** Takes as long wherever they differ: a proxy may send the requests of many over one connection. */
function isSame(one: Buffer, other: Buffer): boolean {
  return one.length === other.length && timingSafeEqual(one, other);
}

function unauthenticated(message: string, challenge: string): StatusError {
  return new StatusError(401, 'UNAUTHENTICATED', message, { 'www-authenticate': challenge });
}
