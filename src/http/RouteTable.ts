import { RequestError } from '../errors';
import { StatusError } from './answers/problemAnswer';
import type { Route } from './contract/Route';

/** What a request asks for. */
export interface Asked {
  readonly route: Pick<Route, 'scope' | 'serve'>;
  /** What stands in the path in the place of a name. */
  readonly path: Readonly<Record<string, string>>;
  /** Of a name that comes twice, the first value. */
  readonly query: Readonly<Record<string, string>>;
}

/** The routes of one path. */
class Place {
  private readonly byMethod = new Map<string, Route>();

  /** `name`: what stands in braces in the path; '' where nothing does. */
  constructor(
    private readonly path: string,
    readonly name: string,
  ) {}

  add(route: Route): void {
    this.byMethod.set(route.method.toUpperCase(), route);
  }

  /** HEAD is GET, of which Node sends no body. */
  routeFor(method: string): Asked['route'] {
    return this.byMethod.get(method === 'HEAD' ? 'GET' : method) ?? this.wrongMethod;
  }

  private readonly wrongMethod: Asked['route'] = refusing(() => {
    const allow = [...this.byMethod.keys()].join(', ');
    return new StatusError(405, 'BAD_COMMAND', `${this.path} takes ${allow}`, { allow });
  });
}

const NOTHING: Readonly<Record<string, string>> = {};
const NAMED = /^([^{}]*\/)\{(\w+)\}(\/[^{}]*)?$/;

/** What stands before the path where a request is meant for a proxy, or for whoever the proxy asks. */
const ORIGIN = /^https?:\/\/[^/?]*/i;

const NO_TEXT = refusing(
  () => new RequestError('BAD_ARGUMENT', 'what follows a % in the path is no UTF-8 in hex digits'),
);

const NO_SUCH_PATH = refusing(
  () => new RequestError('BAD_COMMAND', 'there is no such path: /openapi.json lists them'),
);

/**
 * Finds the route of a request: by its path, or by all but the last part or the one before, where that is a name, as in
 * `/v1/log/{index}` and `/v1/keys/{key}/log`. A name is taken for one before it is decoded: it may have a / in it.
 * It stands in the place of a framework, of which nothing else would be used, and which took as long as reading a log.
 */
export class RouteTable {
  private readonly plain = new Map<string, Place>();
  private readonly named = new Map<string, Place>();

  constructor(routes: readonly Route[]) {
    for (const route of routes) {
      const [, start = '', name = '', end = ''] = NAMED.exec(route.path) ?? [];
      const places = name === '' ? this.plain : this.named;
      const key = name === '' ? route.path : namedKey(start, end);
      const place = places.get(key) ?? new Place(route.path, name);
      place.add(route);
      places.set(key, place);
    }
  }

  /** `target`: the request's, as it came. What is not served has a route that refuses. */
  find(method: string, target: string): Asked {
    const local = target.startsWith('/') ? target : target.replace(ORIGIN, '') || '/';
    const mark = local.indexOf('?');
    const path = mark === -1 ? local : local.slice(0, mark);
    const query = mark === -1 ? NOTHING : readQuery(local.slice(mark + 1));
    const plain = this.plain.get(decoded(path) ?? path);
    if (plain !== undefined) return { route: plain.routeFor(method), path: NOTHING, query };
    const lastAt = path.lastIndexOf('/') + 1;
    const nameAt = path.lastIndexOf('/', lastAt - 2) + 1;
    return (
      this.findNamed(method, query, [path.slice(0, lastAt), path.slice(lastAt), '']) ??
      this.findNamed(method, query, [
        path.slice(0, nameAt),
        path.slice(nameAt, lastAt - 1),
        path.slice(lastAt - 1),
      ]) ?? { route: NO_SUCH_PATH, path: NOTHING, query }
    );
  }

  private findNamed(
    method: string,
    query: Asked['query'],
    [start, name, end]: readonly [string, string, string],
  ): Asked | null {
    const place = name === '' ? undefined : this.named.get(namedKey(decoded(start), decoded(end)));
    if (place === undefined) return null;
    const text = decoded(name);
    if (text === null) return { route: NO_TEXT, path: NOTHING, query };
    return { route: place.routeFor(method), path: { [place.name]: text }, query };
  }
}

/** Of a path with a name between these two. */
function namedKey(start: string | null, end: string | null): string {
  return `${start ?? ''}{}${end ?? ''}`;
}

/** null where percents stand for no text. */
function decoded(path: string): string | null {
  if (!path.includes('%')) return path;
  try {
    return decodeURIComponent(path);
  } catch {
    return null;
  }
}

function readQuery(text: string): Readonly<Record<string, string>> {
  const query = Object.create(null) as Record<string, string>;
  for (const [name, value] of new URLSearchParams(text)) query[name] ??= value;
  return query;
}

function refusing(makeError: () => RequestError): Asked['route'] {
  return {
    scope: null,
    serve: () => {
      throw makeError();
    },
  };
}
