import { doorAddress } from '../config/httpConfig';
import type { HttpSettings } from '../config/HttpSettings';
import { sharedToken } from './access/sharedToken';

/** A line for a terminal: the address at which a browser finds a node, with the token that its cluster shares. */
export function pageLine(settings: HttpSettings): string {
  const { sharedTokenFile = null } = settings;
  const token = sharedTokenFile === null ? '' : `#token=${sharedToken(sharedTokenFile)}`;
  return `in a browser: ${addressOf(settings)}/${token}`;
}

/** `http://127.0.0.1:2100`, or with https. */
export function addressOf({ host = '127.0.0.1', port, tls = null }: HttpSettings): string {
  return doorAddress(tls !== null, host, port);
}
