import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { z } from 'zod';
import { toError } from '../errors';
import { CLIENT_ANSWER_MS_MAX } from '../limits';
import { withSocketPath } from '../storage/socketPath';
import { SOCKET_NAME } from './CommandSocket';

const LINE_FEED = 0x0a;

/** A node's answer to one line, as it came and as it reads. */
export type ClientAnswer = { readonly json: string } & (
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly error: { readonly code: string; readonly message: string } }
);

const answerSchema = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), result: z.unknown() }),
  z.object({ ok: z.literal(false), error: z.object({ code: z.string(), message: z.string() }) }),
]);

/** The node cannot be talked to. `sent`: whether the line may have reached it. */
export class NodeUnreachableError extends Error {
  override readonly name = 'NodeUnreachableError';
  readonly code = 'NODE_UNREACHABLE';
  constructor(
    message: string,
    readonly sent: boolean,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Talks to a running node of this machine through the socket in its data directory, a line at a time. */
export class NodeClient {
  readonly #chunks: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  private constructor(private readonly socket: Socket) {
    this.#chunks = socket[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  }

  /** @throws NodeUnreachableError when no node listens there. */
  static async connect(directory: string): Promise<NodeClient> {
    try {
      return await withSocketPath(directory, SOCKET_NAME, async (path) => {
        const socket = connect(path);
        await once(socket, 'connect');
        return new NodeClient(socket);
      });
    } catch (cause) {
      throw new NodeUnreachableError(
        `no node runs on ${directory} (${toError(cause).message}): start it, or name its directory by DATA_DIR and --node`,
        false,
        { cause },
      );
    }
  }

  /** @throws NodeUnreachableError when the node ends first, or does not answer in time. */
  async ask(line: string): Promise<ClientAnswer> {
    this.socket.write(`${line}\n`);
    const timer = setTimeout(() => this.socket.destroy(), CLIENT_ANSWER_MS_MAX);
    try {
      const json = await this.#readLine();
      return { json, ...answerSchema.parse(JSON.parse(json)) };
    } finally {
      clearTimeout(timer);
    }
  }

  close(): void {
    this.socket.destroy();
  }

  /** Up to LF and nothing else: a value may hold what others take for the end of a line (HAZARDS, readline 2). */
  async #readLine(): Promise<string> {
    const parts: Buffer[] = [this.#rest];
    for (let end = this.#rest.indexOf(LINE_FEED); ;) {
      const last = parts.at(-1) ?? this.#rest;
      if (end !== -1) {
        this.#rest = Buffer.from(last.subarray(end + 1));
        return Buffer.concat([...parts.slice(0, -1), last.subarray(0, end)]).toString();
      }
      const chunk = await this.#nextChunk();
      end = chunk.indexOf(LINE_FEED);
      parts.push(chunk);
    }
  }

  async #nextChunk(): Promise<Buffer> {
    const reason =
      'the node closed the connection without an answer: it stopped, took too long, or has too many clients';
    try {
      const next = await this.#chunks.next();
      if (next.done !== true) return next.value;
    } catch (cause) {
      throw new NodeUnreachableError(reason, true, { cause });
    }
    throw new NodeUnreachableError(reason, true);
  }
}
