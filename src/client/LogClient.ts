import { contentOf, refusalOf } from './answers';
import { badArgument, ConditionFailedError, Fault, RequestError } from './clientErrors';
import { CLIENT_DEADLINE_MS, CLIENT_IDLE_MS, CLIENT_UNDER_WAY_MAX } from './clientLimits';
import type {
  AppendOptions,
  ConnectOptions,
  EntriesOptions,
  HistoryOptions,
  FollowOptions,
  LogEntry,
  LogHistory,
  LogPage,
  NodeInfo,
  RequestOptions,
  Trimmed,
} from './contract';
import { Following } from './Following';
import { NodeRequests, type Question } from './NodeRequests';
import { Retries } from './Retries';
import { namedSession, randomSession } from './session';
import { Turns } from './Turns';

const APPEND = {
  path: '/v1/log',
  method: 'POST',
  doubt: 'an earlier try may have been stored, or may be yet: look for it in the log',
} as const;
const TRIM = {
  path: '/v1/trim',
  method: 'POST',
  doubt: 'an earlier try may have trimmed the log, or may yet: ask again, which does no harm',
} as const;
const JSON_HEADERS = { 'content-type': 'application/json' };
/** A request of no line: it is answered with what a push may bring as its since, to whoever may append. */
const NO_APPENDS: Question = {
  path: '/v1/log',
  method: 'POST',
  headers: { 'content-type': 'application/x-ndjson' },
  body: '',
};
const PAGE_DEFAULT = 100;

/** A full page does not say whether there are more. */
type ToldPage = Omit<LogPage, 'upToDate'> & Partial<Pick<LogPage, 'upToDate'>>;

/**
 * The log of a cluster, through HTTP, at whichever of its nodes answers. Each call is tried until it is done, its
 * deadline passes or its signal ends it; an append is stored once, however often it is tried.
 */
export class LogClient {
  private readonly requests: NodeRequests;
  private readonly turns: Turns;
  private readonly deadline: number;
  private readonly named: boolean;
  private readonly session: string | (() => Promise<string>);
  private lastNonce = 0;

  /** @throws RequestError BAD_ARGUMENT */
  constructor({
    endpoints,
    token,
    session,
    deadline = CLIENT_DEADLINE_MS,
    idle = CLIENT_IDLE_MS,
    underWay = CLIENT_UNDER_WAY_MAX,
    fetch: fetcher = (input, init) => fetch(input, init),
  }: ConnectOptions) {
    if (!(deadline > 0) || !(idle > 0)) throw badArgument('deadline and idle are numbers of ms above 0');
    if (!Number.isSafeInteger(underWay) || underWay < 1)
      throw badArgument('underWay is a whole number from 1 on');
    if (session === '') throw badArgument('a session is named by a text that is not empty');
    this.requests = new NodeRequests(endpoints, token, idle, fetcher);
    this.turns = new Turns(underWay);
    this.deadline = deadline;
    this.named = session !== undefined;
    let made: Promise<string> | null = null;
    this.session = session === undefined ? randomSession() : () => (made ??= namedSession(session));
  }

  /**
   * Appends a log; resolves with it when it is on the disks of a majority.
   *
   * @throws ConditionFailedError when `ifLast` or `ifKeyLast` does not hold; RequestError; the signal's reason, after which it may have
   *   been stored.
   */
  append(key: string, value: string, options: AppendOptions = {}): Promise<LogEntry> {
    return this.inTurn(options, async (retries) => {
      const { signal, ifLast, ifKeyLast } = options;
      const name = await this.nameOf(options);
      const headers = {
        ...JSON_HEADERS,
        ...name,
        ...(ifLast === undefined ? {} : { 'mokka-if-last': String(ifLast) }),
        ...(ifKeyLast === undefined ? {} : { 'mokka-if-key-last': String(ifKeyLast) }),
      };
      const body = JSON.stringify({ key, value });
      let { since } = options;
      const tryOf = async (): Promise<Question> => {
        // As long as no try can have been stored, the next may be the first: its since is not to age with those before.
        if (since === undefined || (!this.named && !retries.mayBeDoneBefore))
          since = this.requests.recentSince ?? (await this.freshSince(retries, signal));
        return { ...APPEND, headers: { ...headers, 'mokka-since': since }, body };
      };
      return this.requests.ask(tryOf, retries, signal, (answer) => {
        try {
          return contentOf(answer, isEntry);
        } catch (thrown) {
          throw retries.mayBeDoneBefore ? perhapsUnderWay(thrown, ifLast ?? ifKeyLast) : thrown;
        }
      });
    });
  }

  /**
   * The log with this index; null where a quorum confirmed that there is none.
   *
   * @throws TrimmedError when it is forgotten; RequestError; the signal's reason.
   */
  async get(index: number, options: RequestOptions = {}): Promise<LogEntry | null> {
    try {
      return await this.read(`/v1/log/${index}`, options, isEntry);
    } catch (thrown) {
      if (thrown instanceof RequestError && thrown.code === 'NOT_FOUND') return null;
      throw thrown;
    }
  }

  /** The last log of a key; null where a quorum confirmed that there is none. @throws RequestError; the signal's reason. */
  async latest(key: string, options: RequestOptions = {}): Promise<LogEntry | null> {
    try {
      return await this.read(pathOf(key), options, isEntry);
    } catch (thrown) {
      if (thrown instanceof RequestError && thrown.code === 'NOT_FOUND') return null;
      throw thrown;
    }
  }

  /** The logs of a key, the latest first; go on with `before: next`. @throws RequestError; the signal's reason. */
  async history(
    key: string,
    { limit = PAGE_DEFAULT, before, ...options }: HistoryOptions = {},
  ): Promise<LogHistory> {
    const range = before === undefined ? '' : `&before=${before}`;
    return this.read(`${pathOf(key)}/log?limit=${limit}${range}`, options, isHistory);
  }

  /** A page of logs; the next one begins at `next`. @throws TrimmedError; RequestError; the signal's reason. */
  async entries({ from = 1, limit = PAGE_DEFAULT, ...options }: EntriesOptions = {}): Promise<LogPage> {
    const {
      logs,
      next,
      upToDate = false,
    } = await this.read(`/v1/log?from=${from}&limit=${limit}`, options, isPage);
    return { logs, next, upToDate };
  }

  /**
   * Forgets the logs up to this index, with it, on every node and for ever; it needs a token with the scope admin. Resolves
   * when the node that answers has. To ask again does no harm.
   *
   * @throws RequestError NOT_FOUND where there is no such log yet; the signal's reason, after which they may be forgotten.
   */
  trim(index: number, options: RequestOptions = {}): Promise<Trimmed> {
    const question: Question = { ...TRIM, headers: JSON_HEADERS, body: JSON.stringify({ index }) };
    return this.inTurn(options, (retries) =>
      this.requests.ask(
        () => question,
        retries,
        options.signal,
        (answer) => {
          try {
            return contentOf(answer, isTrimmed);
          } catch (thrown) {
            throw retries.mayBeDoneBefore ? perhapsTrimmedYet(thrown) : thrown;
          }
        },
      ),
    );
  }

  /** What the node that answers says of itself. @throws RequestError; the signal's reason. */
  info(options: RequestOptions = {}): Promise<NodeInfo> {
    return this.read('/v1/info', options, isInfo);
  }

  /**
   * What an append of a named session brings as its `since`, the same for each try: with it no try stores it again,
   * however late it comes. Ask for it before the first, and keep it with what is to be appended.
   *
   * @throws RequestError; the signal's reason.
   */
  since(options: RequestOptions = {}): Promise<string> {
    return this.inTurn(options, (retries) => this.freshSince(retries, options.signal));
  }

  /**
   * Each log once, in order, from `from` on, then those that come, over all losses of nodes and connections. A loop that
   * takes no more reads no more. It ends with its signal.
   *
   * @throws TrimmedError when the next log is forgotten; RequestError when no node tells anything for `deadline` ms, or one
   *   refuses.
   */
  async *follow({ from = 1, signal, deadline = this.deadline }: FollowOptions = {}): AsyncGenerator<
    LogEntry,
    void,
    undefined
  > {
    if (!Number.isSafeInteger(from) || from < 1) throw badArgument('from is the index of a log, from 1 on');
    const following = new Following(this.requests, new Retries(deadline, signal), signal, from);
    try {
      for (;;) {
        const entry = await following.take();
        if (entry === null) return;
        yield entry;
      }
    } finally {
      following.close();
    }
  }

  private read<T extends object>(
    path: string,
    options: RequestOptions,
    isOne: (content: object) => content is T,
  ): Promise<T> {
    return this.inTurn(options, (retries) =>
      this.requests.ask(
        () => ({ path }),
        retries,
        options.signal,
        (answer) => contentOf(answer, isOne),
      ),
    );
  }

  private async inTurn<T>(
    { deadline = this.deadline, signal }: RequestOptions,
    work: (retries: Retries) => Promise<T>,
  ): Promise<T> {
    const retries = new Retries(deadline, signal);
    await this.turns.take(deadline, signal);
    try {
      return await work(retries);
    } finally {
      this.turns.end();
    }
  }

  /** The headers that name an append, the same for each try. */
  private async nameOf({ nonce, since }: AppendOptions): Promise<Record<string, string>> {
    if (this.named !== (nonce !== undefined) || this.named !== (since !== undefined))
      throw badArgument(
        this.named
          ? 'an append of a named session brings its nonce and its since'
          : 'a nonce and a since are of a session that connect names',
      );
    return {
      'mokka-session': typeof this.session === 'string' ? this.session : await this.session(),
      'mokka-nonce': String(nonce ?? ++this.lastNonce),
    };
  }

  private freshSince(retries: Retries, signal: AbortSignal | undefined): Promise<string> {
    return this.requests.ask(
      () => NO_APPENDS,
      retries,
      signal,
      (answer) => {
        if (answer.status !== 200) throw refusalOf(answer);
        if (answer.since !== null) return answer.since;
        throw new Fault(
          new RequestError('NO_LEADER', `${answer.url} has not met its cluster yet; nothing was stored`),
          false,
        );
      },
    );
  }
}

/** A condition that fails while an earlier try may be under way: it may be stored when the log has grown as long. */
function perhapsUnderWay(thrown: unknown, wanted = 0): unknown {
  if (!(thrown instanceof ConditionFailedError) || thrown.lastIndex >= wanted) return thrown;
  return new RequestError(
    'UNKNOWN_OUTCOME',
    `${thrown.message}; but an earlier try may still be under way: look for it in the log`,
    { cause: thrown },
  );
}

/** A log that is not there yet may come before an earlier try ends, and be forgotten by it. */
function perhapsTrimmedYet(thrown: unknown): unknown {
  if (!(thrown instanceof RequestError) || thrown.code !== 'NOT_FOUND') return thrown;
  return new RequestError('UNKNOWN_OUTCOME', `${thrown.message}; but ${TRIM.doubt}`, { cause: thrown });
}

function isTrimmed(content: object): content is Trimmed {
  return 'floor' in content;
}

function isEntry(content: object): content is LogEntry {
  return 'index' in content && 'hash' in content && 'log' in content;
}

function isPage(content: object): content is ToldPage {
  return 'logs' in content && 'next' in content;
}

function isHistory(content: object): content is LogHistory {
  return 'logs' in content && 'next' in content;
}

/** Where the logs of a key are. @throws RequestError BAD_ARGUMENT for what cannot stand in a path. */
function pathOf(key: string): string {
  if (key === '' || key === '.' || key === '..' || /\p{Surrogate}/u.test(key))
    throw badArgument('a key that is asked for is a text of its own, and not . or ..');
  return `/v1/keys/${encodeURIComponent(key)}`;
}

function isInfo(content: object): content is NodeInfo {
  return 'committedIndex' in content;
}
