import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HTTP_PORT_OFFSET, SHARED_TOKEN_NAME, TOKENS_FILE_NAME } from '../../../src/config/httpConfig';
import type { LogEntry } from '../../../src/entry/Entry';
import { SCOPES } from '../../../src/http/access/scopes';
import { drawToken, formatTokenFile, hashToken } from '../../../src/http/access/tokenFile';
import { CALM, Cluster, type FileSettings } from '../cluster/Cluster';

/** Three real nodes, asked over HTTP with a token that may do all. */
export class HttpCluster {
  private constructor(
    readonly cluster: Cluster,
    readonly token: string,
  ) {}

  /** With keys of its own: nobody takes over but by what a test does. */
  static async calm(settings: FileSettings = {}): Promise<HttpCluster> {
    const cluster = await Cluster.createWithOwnKeys({}, { ...CALM, ...settings });
    const http = new HttpCluster(cluster, drawToken());
    const tokens = [{ sha256: hashToken(http.token).toString('hex'), scopes: SCOPES }];
    writeFileSync(join(cluster.configDirectory, TOKENS_FILE_NAME), formatTokenFile(tokens), { mode: 0o600 });
    for (const index of cluster.members.keys())
      cluster.start(index, { HTTP_PORT: String(http.portOf(index)) });
    await cluster.leader();
    return http;
  }

  /** The demo cluster, with the token that its nodes share. */
  static async started(): Promise<HttpCluster> {
    const cluster = await Cluster.started();
    return new HttpCluster(
      cluster,
      readFileSync(join(cluster.dataDirectory, SHARED_TOKEN_NAME), 'utf8').trim(),
    );
  }

  portOf(index: number): number {
    return this.cluster.startPort + HTTP_PORT_OFFSET + index;
  }

  fetch(index: number, path: string, { headers, ...init }: RequestInit = {}): Promise<Response> {
    return fetch(`http://127.0.0.1:${this.portOf(index)}${path}`, {
      ...init,
      headers: { authorization: `Bearer ${this.token}`, ...(headers as Record<string, string> | undefined) },
    });
  }

  push(index: number, key: string, value: string, headers: Record<string, string> = {}): Promise<Response> {
    return this.fetch(index, '/v1/log', {
      method: 'POST',
      body: JSON.stringify({ key, value }),
      headers: { 'content-type': 'application/json', ...headers },
    });
  }

  /** Pushes with a name, at one node after the other, until one has stored it. Returns its index. */
  async pushOnce(value: string): Promise<number> {
    for (let at = 0; ; at++) {
      const headers = { 'idempotency-key': value };
      const answer = await this.push(at % 3, 'once', value, headers).catch(() => null);
      if (answer?.status === 201) return ((await answer.json()) as LogEntry).index;
      if (answer !== null && answer.status < 500) throw new Error(`${answer.status}: ${await answer.text()}`);
    }
  }

  /** Follows from an index on, at one node after the other, until `ends` says so. */
  async follow(
    from: number,
    ends: (log: LogEntry) => boolean,
    onLog: (log: LogEntry) => void,
  ): Promise<void> {
    let next = from;
    for (let at = 0; ; at++) {
      try {
        for await (const log of this.logsOf(at % 3, next)) {
          onLog(log);
          next = log.index + 1;
          if (ends(log)) return;
        }
      } catch {
        // It was killed: the next goes on where this one was.
      }
    }
  }

  private async *logsOf(index: number, from: number): AsyncGenerator<LogEntry> {
    const answer = await this.fetch(index, `/v1/log?from=${from}&follow=ndjson`);
    const decoder = new TextDecoder();
    let text = '';
    for await (const chunk of answer.body ?? []) {
      text += decoder.decode(chunk as Uint8Array, { stream: true });
      const lines = text.split('\n');
      text = lines.pop() ?? '';
      for (const line of lines) if (line !== '') yield JSON.parse(line) as LogEntry;
    }
  }
}
