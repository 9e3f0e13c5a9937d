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

  /** `name`: what stands in braces at the end of the path; '' where nothing does. */
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
const NAME_AT_END = /^([^{}]*\/)\{(\w+)\}$/;

/** What stands before the path where a request is meant for a proxy, or for whoever the proxy asks. */
const ORIGIN = /^https?:\/\/[^/?]*/i;

const NO_SUCH_PATH = refusing(
  () => new RequestError('BAD_COMMAND', 'there is no such path: /openapi.json lists them'),
);

/**
 * Finds the route of a request: by its path, or by all but the last part where that is a name, as in `/v1/log/{index}`.
 * It stands in the place of a framework, of which nothing else would be used, and which took as long as reading a log.
 */
export class RouteTable {
  private readonly plain = new Map<string, Place>();
  private readonly named = new Map<string, Place>();

  constructor(routes: readonly Route[]) {
    for (const route of routes) {
      const [, start, name = ''] = NAME_AT_END.exec(route.path) ?? [];
      const places = name === '' ? this.plain : this.named;
      const key = start ?? route.path;
      const place = places.get(key) ?? new Place(route.path, name);
      place.add(route);
      places.set(key, place);
    }
  }

  /** `target`: the request's, as it came. What is not served has a route that refuses. */
  find(method: string, target: string): Asked {
    const local = target.startsWith('/') ? target : target.replace(ORIGIN, '');
    const mark = local.indexOf('?');
    const path = decoded(mark === -1 ? local : local.slice(0, mark));
    const query = mark === -1 ? NOTHING : readQuery(local.slice(mark + 1));
    const plain = this.plain.get(path);
    if (plain !== undefined) return { route: plain.routeFor(method), path: NOTHING, query };
    const lastAt = path.lastIndexOf('/') + 1;
    const named = this.named.get(path.slice(0, lastAt));
    if (named === undefined || lastAt === path.length) return { route: NO_SUCH_PATH, path: NOTHING, query };
    return { route: named.routeFor(method), path: { [named.name]: path.slice(lastAt) }, query };
  }
}

/** Percents that stand for no text are left as they are. */
function decoded(path: string): string {
  if (!path.includes('%')) return path;
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
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
