import { sharedToken } from './access/sharedToken';
import { addressOf } from './pageLine';
import type { HttpMetrics, HttpNode } from './contract/HttpNode';
import { isLoopback } from '../config/Member';
import type { HttpSettings } from '../config/HttpSettings';
import { StartError } from '../errors';
import { STOP_ANSWERS_MS_MAX } from '../limits';

/** What the door is told beside the settings. */
export interface HttpOptions {
  /** Told of errors that a request is answered with as INTERNAL, and of files that cannot be read any more. */
  readonly unexpected?: (error: Error) => void;
  /** The node's figures, for `/metrics`. */
  readonly metrics?: HttpMetrics;
}

/** The open door of a node. */
export interface OpenHttp {
  /** `http://127.0.0.1:2100`, or with https. */
  readonly address: string;
  /** The token with all scopes that the cluster's nodes share, where there is one. */
  readonly token: string | null;
  /**
   * Lets nobody in any more, and ends those who follow; resolves when what is under way is answered, or after `deadline`
   * ms. To be called before the node's `disconnect`, and once more after it to cut what could not be answered.
   */
  stop(deadline?: number): Promise<void>;
}

/**
 * Serves HTTP for a node in this process, until it is stopped: see src/http/README.md.
 *
 * @throws StartError PORT_TAKEN, CANNOT_LISTEN, BAD_CONFIG (an address that others reach, without TLS or `plain`; a
 * certificate that cannot be used), BAD_KEY (a file of tokens that is open to others or malformed).
 */
export async function openHttp(
  node: HttpNode,
  settings: HttpSettings,
  { unexpected = () => undefined, metrics }: HttpOptions = {},
): Promise<OpenHttp> {
  const { host = '127.0.0.1', port, tls = null, plain = false, origins = [], doors = [] } = settings;
  if (tls === null && !plain && !isLoopback(host))
    throw new StartError(
      'BAD_CONFIG',
      `HTTP on ${host}, which other machines reach, needs TLS (settings.http.tls), or "plain": true behind a proxy or in a container`,
    );
  // Loaded only for a node that serves HTTP.
  const [{ HttpDoor }, { Origins }, { Tokens }, { BytesUnderWay }, { LogTexts }, { allRoutes }] =
    await Promise.all([
      import('./HttpDoor'),
      import('./access/Origins'),
      import('./access/Tokens'),
      import('./answers/BytesUnderWay'),
      import('./answers/LogTexts'),
      import('./routes/allRoutes'),
    ]);
  const { tokensFile = null, sharedTokenFile = null } = settings;
  const token = sharedTokenFile === null ? null : sharedToken(sharedTokenFile);
  const tokens = new Tokens(tokensFile, token, unexpected);
  await tokens.open();
  const parts = {
    node,
    bytes: new BytesUnderWay(),
    texts: new LogTexts(),
    metrics: metrics ?? null,
    doors,
  };
  const access = { host, port, tls, tokens, origins: new Origins(host, origins), unexpected };
  const door = new HttpDoor(allRoutes(metrics !== undefined), parts, access);
  await door.listen();
  return {
    address: addressOf({ ...settings, port: door.port }),
    token,
    stop: (deadline = STOP_ANSWERS_MS_MAX) => door.stop(deadline),
  };
}
