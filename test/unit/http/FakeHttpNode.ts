import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type {
  Db,
  HistoryOptions,
  MemberStatus,
  NodeInfo,
  PageOptions,
  PushOptions,
  StoredHistory,
  StoredPage,
  Trimmed,
} from '../../../src/api';
import type { HttpSettings } from '../../../src/config/HttpSettings';
import {
  buildEntry,
  encodePayload,
  hasKey,
  keyBytes,
  toLogEntry,
  type Entry,
  type LogEntry,
} from '../../../src/entry/Entry';
import { ConditionFailedError, RequestError, TrimmedError, type RequestErrorCode } from '../../../src/errors';
import type { Scope } from '../../../src/http/access/scopes';
import { formatTokenFile, hashToken } from '../../../src/http/access/tokenFile';
import type { HttpNode } from '../../../src/http/contract/HttpNode';
import { openHttp, type HttpOptions, type OpenHttp } from '../../../src/http/openHttp';
import { LogFollowers, type PageFollowOptions } from '../../../src/mokka/requests/LogFollowers';
import { CALM_INFO } from '../calmInfo';

/** A log in memory that answers as a node does, and fails as a test says. */
export class FakeHttpNode implements HttpNode {
  readonly stored: Entry[] = [];
  readonly pushes: { key: string; options: PushOptions }[] = [];
  /** How many have asked to follow. */
  follows = 0;
  /** What the next pushes are refused with. */
  fails: RequestErrorCode | null = null;
  /** While set, pushes wait for it. */
  held: Promise<void> | null = null;
  info: NodeInfo = CALM_INFO;
  readonly status: MemberStatus = {
    node: 0,
    address: 'tcp://127.0.0.1:1/00',
    role: 'leader',
    reachable: true,
    behind: 0,
    clockOffset: 0,
  };
  /** Index of the last log that is forgotten. */
  floor = 0;
  private readonly known = new Map<string, LogEntry>();
  private readonly followers = new LogFollowers({
    readFrom: (index, _bytes, count) => {
      this.checkFloor(index);
      return this.stored.slice(index - 1, index - 1 + count);
    },
  });

  /** Tells what it was asked to forget. */
  readonly trim = (index: number): Promise<Trimmed> => Promise.resolve({ floor: index });

  readonly logApi = {
    since: 'mark-0' as string | null,
    push: async (
      key: string,
      { value, nonce = 7 }: { value: string; nonce?: number },
      options: PushOptions = {},
    ): Promise<LogEntry> => {
      this.pushes.push({ key, options });
      await this.held;
      if (this.fails !== null) throw new RequestError(this.fails, `it fails: ${this.fails}`);
      const name = `${options.session ?? ''}/${nonce}`;
      const before = options.session === undefined ? undefined : this.known.get(name);
      if (before !== undefined) return before;
      if (options.ifLast !== undefined && options.ifLast !== this.stored.length)
        throw new ConditionFailedError(this.stored.length, 'another last log');
      const lastOfKey = this.log.findLast(({ log }) => log.key === key)?.index ?? 0;
      if (options.ifKeyLast !== undefined && options.ifKeyLast !== lastOfKey)
        throw new ConditionFailedError(lastOfKey, 'another last log of this key');
      const entry = this.add(key, value, nonce);
      this.known.set(name, entry);
      return entry;
    },
  };

  add(key: string, value: string, nonce = 7): LogEntry {
    const index = this.stored.length + 1;
    const payload = encodePayload({ session: '00000000000000aa', nonce }, key, value);
    const header = { index, term: 1, logNumber: index, createdAt: 1 };
    const entry = buildEntry(header, payload, this.stored.at(-1) ?? null);
    this.stored.push(entry);
    this.logApi.since = `mark-${index}`;
    this.followers.committedTo(index);
    return toLogEntry(entry);
  }

  private checkFloor(index: number): void {
    if (index <= this.floor) throw new TrimmedError(this.floor);
  }

  get log(): LogEntry[] {
    return this.stored.map(toLogEntry);
  }

  getDb(): Db {
    return {
      getEntry: () => ({
        get: (index) => Promise.resolve(this.log[index - 1] ?? null),
        latest: () => Promise.reject(new Error('the door asks for stored logs')),
        history: () => Promise.reject(new Error('the door asks for stored logs')),
      }),
      getState: () => ({
        getInfo: () => Promise.resolve(this.info),
        getStatus: () => Promise.resolve([this.status]),
      }),
    };
  }

  readonly storedLogs = {
    get: async (index: number): Promise<Entry | null> => {
      await Promise.resolve();
      this.checkFloor(index);
      return this.stored[index - 1] ?? null;
    },
    page: async ({ from = 1, limit = 1000 }: PageOptions = {}): Promise<StoredPage> => {
      await Promise.resolve();
      this.checkFloor(from);
      const entries = this.stored.slice(from - 1, from - 1 + limit);
      return { entries, next: from + entries.length, upToDate: entries.length < limit };
    },
    latest: async (key: string): Promise<Entry | null> => {
      const { entries } = await this.storedLogs.history(key, { limit: 1 });
      return entries[0] ?? null;
    },
    history: (
      key: string,
      { limit = 1000, before = Infinity }: HistoryOptions = {},
    ): Promise<StoredHistory> => {
      const bytes = keyBytes(key);
      const all = this.stored.filter((entry) => entry.logNumber < before && hasKey(entry, bytes)).reverse();
      const entries = all.slice(0, limit);
      const next = entries.length < all.length ? (entries.at(-1)?.logNumber ?? null) : null;
      return Promise.resolve({ entries, next });
    },
    follow: (options?: PageFollowOptions): AsyncGenerator<readonly Entry[], void, undefined> => {
      this.follows++;
      return this.followers.followPages(options);
    },
    takePlace: () => this.followers.takePlace(),
  };
}

/** A door of its own for a fake node, with a token for each scope, whose text is `token-of-` and the scope. */
export class OpenedDoor {
  private constructor(
    readonly node: FakeHttpNode,
    readonly door: OpenHttp,
    readonly directory: string,
    readonly tokensFile: string,
  ) {}

  static async open(settings: Partial<HttpSettings> = {}, options: HttpOptions = {}): Promise<OpenedDoor> {
    const node = new FakeHttpNode();
    const directory = mkdtempSync(join(tmpdir(), 'mokka-http-'));
    const tokensFile = join(directory, 'tokens.json');
    writeTokens(tokensFile, ['read', 'append', 'admin']);
    const door = await openHttp(node, { port: 0, tokensFile, ...settings }, options);
    return new OpenedDoor(node, door, directory, tokensFile);
  }

  /** Asks with the token that has all scopes, unless `headers` say otherwise. */
  fetch(path: string, { headers, ...init }: RequestInit = {}): Promise<Response> {
    const all = {
      authorization: 'Bearer token-of-admin',
      ...(headers as Record<string, string> | undefined),
    };
    return fetch(`${this.door.address}${path}`, { ...init, headers: all });
  }

  post(body: unknown, headers: Record<string, string> = {}): Promise<Response> {
    return this.fetch('/v1/log', {
      method: 'POST',
      body: typeof body === 'string' ? body : JSON.stringify(body),
      headers: { 'content-type': 'application/json', ...headers },
    });
  }

  /** Resolves when so many have asked to follow. */
  async followed(times: number): Promise<void> {
    while (this.node.follows < times) await new Promise(setImmediate);
  }

  async close(): Promise<void> {
    await this.door.stop(0);
    await this.door.stop(0);
    rmSync(this.directory, { recursive: true });
  }
}

export function writeTokens(path: string, scopes: readonly Scope[]): void {
  const tokens = scopes.map((scope) => ({
    sha256: hashToken(`token-of-${scope}`).toString('hex'),
    scopes: [scope],
  }));
  writeFileSync(path, formatTokenFile(tokens), { mode: 0o600 });
}
