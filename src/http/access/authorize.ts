import { StatusError } from '../answers/problemAnswer';
import { allows, type Scope } from './scopes';
import type { Tokens } from './Tokens';

const BEARER = /^bearer +([\w.~+/-]+=*) *$/i;
const CHALLENGE = 'Bearer realm="mokka-cluster"';

/**
 * Lets a request pass whose Authorization allows what needs `scope`.
 *
 * @throws StatusError UNAUTHENTICATED or FORBIDDEN, with what RFC 6750 has clients told.
 */
export function authorize(authorization: string | undefined, scope: Scope, tokens: Tokens): void {
  const token = BEARER.exec(authorization ?? '')?.[1];
  if (token === undefined)
    throw unauthenticated(
      authorization === undefined
        ? 'the request has no token: send Authorization: Bearer TOKEN'
        : 'the request’s Authorization is not Bearer TOKEN',
      CHALLENGE,
    );
  const scopes = tokens.scopesOf(token);
  if (scopes === null)
    throw unauthenticated(
      'this node does not know the token: mokka-cluster token create makes one; the demo’s is in DATA_DIR/token',
      `${CHALLENGE}, error="invalid_token"`,
    );
  if (!allows(scopes, scope))
    throw new StatusError(403, 'FORBIDDEN', `the token has no scope ${scope}, only ${scopes.join(', ')}`, {
      'www-authenticate': `${CHALLENGE}, error="insufficient_scope", scope="${scope}"`,
    });
}

function unauthenticated(message: string, challenge: string): StatusError {
  return new StatusError(401, 'UNAUTHENTICATED', message, { 'www-authenticate': challenge });
}
