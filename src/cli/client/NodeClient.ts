import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { z } from 'zod';
import { ConditionFailedError, RequestError, toError, TrimmedError } from '../../errors';
import {
  CLIENT_ANSWER_MS_MAX,
  CLIENT_PROBE_LOOKS,
  CLIENT_PROBE_MS_MAX,
  CLIENT_SILENT_MS,
} from '../../limits';
import { lockHolder } from '../../storage/directory/DirectoryLock';
import { withSocketPath } from '../../storage/directory/socketPath';
import { eachLine } from '../lines/eachLine';
import { SOCKET_NAME } from '../socket/CommandSocket';

/** `lastIndex`: with CONDITION_FAILED; `floor`: with TRIMMED. */
interface AnswerError {
  readonly code: string;
  readonly message: string;
  readonly lastIndex?: number | undefined;
  readonly floor?: number | undefined;
}

/** A node's answer to one line, as it came and as it reads. */
export type ClientAnswer = { readonly json: string } & (
  { readonly ok: true; readonly result: unknown } | { readonly ok: false; readonly error: AnswerError }
);

const answerSchema = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), result: z.unknown() }),
  z.object({
    ok: z.literal(false),
    error: z.object({
      code: z.string(),
      message: z.string(),
      lastIndex: z.number().optional(),
      floor: z.number().optional(),
    }),
  }),
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

interface WaitingLine {
  readonly resolve: (json: string) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

const ENDED =
  'the node ended the connection without an answer: it stopped, took too long, or has too many clients';

/**
 * Talks to a running node of this machine through the socket in its data directory. An answer may take its time, as an
 * add's does without a leader; a node that answers nothing at all is noticed within 5 s.
 */
export class NodeClient {
  /** Lines without an answer, oldest first: answers come in this order. */
  private readonly waiting: WaitingLine[] = [];
  private open = true;
  private silence: NodeJS.Timeout | null = null;

  private constructor(
    private readonly socket: Socket,
    private readonly directory: string,
  ) {
    socket.on('error', () => this.end());
    socket.on('close', () => this.end());
    socket.on('end', () => this.end());
    // After that: of an answer that was cut nothing is taken.
    eachLine(socket, (json) => this.take(json));
  }

  /** @throws NodeUnreachableError when no node listens there. */
  static async connect(directory: string): Promise<NodeClient> {
    try {
      return await withSocketPath(directory, SOCKET_NAME, async (path) => {
        const socket = connect(path);
        await once(socket, 'connect');
        return new NodeClient(socket, directory);
      });
    } catch (cause) {
      throw new NodeUnreachableError(
        `no node runs on ${directory} (${toError(cause).message}): start it, or name its directory by DATA_DIR and --node`,
        false,
        { cause },
      );
    }
  }

  /** Whether the node has ended the connection. */
  get closed(): boolean {
    return !this.open;
  }

  /**
   * Has the node do a line's command. Many may be asked at once.
   *
   * @throws NodeUnreachableError when the node ends first, or does not answer in time.
   */
  async ask(line: string): Promise<ClientAnswer> {
    const json = await new Promise<string>((resolve, reject) => {
      const timer = setTimeout(() => this.close(), CLIENT_ANSWER_MS_MAX);
      this.waiting.push({ resolve, reject, timer });
      if (!this.open) this.end();
      else {
        this.socket.write(`${line}\n`);
        this.silence ??= this.watchSilence();
      }
    });
    return { json, ...answerSchema.parse(JSON.parse(json)) };
  }

  /**
   * As {@link ask}, with the result alone.
   *
   * @throws RequestError what the node answered, when that is no result; NodeUnreachableError as `ask`.
   */
  async request(line: string): Promise<unknown> {
    const answer = await this.ask(line);
    if (answer.ok) return answer.result;
    const { code, message, lastIndex, floor } = answer.error;
    if (floor !== undefined) throw new TrimmedError(floor, message);
    if (lastIndex !== undefined) throw new ConditionFailedError(lastIndex, message);
    throw new RequestError(code as RequestError['code'], message);
  }

  close(): void {
    this.socket.destroy();
    this.end();
  }

  private take(json: string): void {
    const waiting = this.waiting.shift();
    clearTimeout(waiting?.timer);
    waiting?.resolve(json);
    if (this.waiting.length === 0) this.endWatch();
    else this.silence?.refresh();
  }

  private watchSilence(): NodeJS.Timeout {
    return setTimeout(() => void this.probe(), CLIENT_SILENT_MS);
  }

  private endWatch(): void {
    if (this.silence !== null) clearTimeout(this.silence);
    this.silence = null;
  }

  /** What was asked may wait for a leader, or a quorum. Whether the node answers at all another connection tells. */
  private async probe(): Promise<void> {
    const [oldest] = this.waiting;
    const answers = await answersAnything(this.directory);
    if (!this.open || this.waiting.length === 0) return;
    if (answers || this.waiting[0] !== oldest) {
      this.silence = this.watchSilence();
      return;
    }
    const pid = lockHolder(this.directory);
    this.socket.destroy();
    this.end(
      `the process${pid === null ? '' : ` ${pid}`} of the node on ${this.directory} runs and does not answer; its disk may hang, or it is held (Ctrl-Z): see its log`,
    );
  }

  private end(reason = ENDED): void {
    this.open = false;
    this.endWatch();
    for (const { reject, timer } of this.waiting.splice(0)) {
      clearTimeout(timer);
      reject(new NodeUnreachableError(reason, true));
    }
  }
}

/**
 * Whether a node says anything within CLIENT_PROBE_MS_MAX, be it that it has too many clients or is gone. A time in which
 * this process itself did not run counts as one look: a machine that stood still says nothing of the node.
 */
async function answersAnything(directory: string): Promise<boolean> {
  try {
    return await withSocketPath(directory, SOCKET_NAME, async (path) => {
      const socket = connect(path, () => socket.write('info\n'));
      socket.on('error', () => undefined);
      let looks: NodeJS.Timeout | undefined;
      try {
        const spoke = ['data', 'end', 'error'].map(
          (event) => new Promise((resolve) => socket.once(event, () => resolve(true))),
        );
        const silent = new Promise((resolve) => {
          let left = CLIENT_PROBE_LOOKS;
          looks = setInterval(() => {
            if (--left === 0) resolve(false);
          }, CLIENT_PROBE_MS_MAX / CLIENT_PROBE_LOOKS);
        });
        return (await Promise.race([...spoke, silent])) === true;
      } finally {
        clearInterval(looks);
        socket.destroy();
      }
    });
  } catch {
    return true;
  }
}
