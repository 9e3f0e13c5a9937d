import { badArgument } from './clientErrors';

/** The nodes' addresses, and which is asked next. */
export class Endpoints {
  private readonly urls: readonly string[];
  private at: number;

  /** @throws RequestError BAD_ARGUMENT */
  constructor(endpoints: readonly string[]) {
    if (endpoints.length === 0) throw badArgument('endpoints names no node: give at least one address');
    this.urls = endpoints.map(baseOf);
    // Many programs that start at once are to ask different nodes.
    this.at = Math.floor(Math.random() * this.urls.length);
  }

  /** The one to ask. */
  get current(): string {
    return this.urls[this.at] ?? '';
  }

  /** It has failed: the next one's turn, if nobody has gone on meanwhile. */
  failed(url: string): void {
    if (url === this.current) this.at = (this.at + 1) % this.urls.length;
  }
}

function baseOf(endpoint: string): string {
  let url: URL;
  try {
    url = new URL(endpoint);
  } catch {
    throw badArgument(`endpoint ${JSON.stringify(endpoint)} is no address like http://127.0.0.1:2100`);
  }
  if (!['http:', 'https:'].includes(url.protocol) || url.search !== '' || url.hash !== '')
    throw badArgument(`endpoint ${JSON.stringify(endpoint)} is to be like http://127.0.0.1:2100`);
  return url.href.replace(/\/+$/, '');
}
