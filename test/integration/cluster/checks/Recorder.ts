import { AwakeTime } from '../../../AwakeTime';
import { RequestError, type RequestErrorCode } from '../../../../src/errors';
import type { LogEntry } from '../../../../src/entry/Entry';
import { History, type PushRecord } from '../../../simulation/simulator/checks/History';
import type { Answer, NodeProcess } from '../NodeProcess';

const microseconds = (): number => performance.now() * 1000;

/** Types lines into nodes, and keeps in a history what was sent and how it was answered. */
export class Recorder {
  readonly history = new History();
  /** Of the lines whose node did not end first. */
  slowestAnswerMs = 0;

  /**
   * @param padding added to each value on its way to a node and taken off what the node shows, so that a history of
   * large values stays small. What a node shows without it is recorded as it is, and so found.
   */
  constructor(private readonly padding = '') {}

  /** Adds a log; null when it was not acknowledged. Values must differ. */
  async add(node: NodeProcess, key: string, value: string): Promise<LogEntry | null> {
    const push: PushRecord = {
      key,
      value,
      condition: null,
      failedConditions: [],
      invokedAt: microseconds(),
      completedAt: Infinity,
      index: null,
      attempts: [],
    };
    this.history.pushes.push(push);
    const answer = await this.answer(node, `add_log ${key} ${value}${this.padding}`);
    if (answer === null) {
      push.attempts.push(null);
      return null;
    }
    if (!answer.ok) {
      push.attempts.push({ error: requestError(answer) });
      return null;
    }
    const entry = this.withoutPadding(answer.result as LogEntry);
    push.completedAt = microseconds();
    push.index = entry.index;
    push.attempts.push({ entry });
    return entry;
  }

  /** Reads a log, which may be missing. Null when the node ended first. */
  async get(node: NodeProcess, index: number): Promise<Answer | null> {
    const asked = { index, node: node.options.index, invokedAt: microseconds() };
    const answer = await this.answer(node, `get_log ${index}`);
    if (answer === null) return null;
    const completedAt = microseconds();
    if (answer.ok)
      this.history.gets.push({
        ...asked,
        completedAt,
        entry: this.withoutPadding(answer.result as LogEntry),
      });
    else if (answer.error?.code === 'NOT_FOUND')
      this.history.gets.push({ ...asked, completedAt, entry: null });
    else if (!['NO_LEADER', 'NODE_UNREACHABLE'].includes(answer.error?.code ?? ''))
      throw requestError(answer);
    return answer;
  }

  /** The node's logs up to `last`; each must be there. */
  async wholeLog(node: NodeProcess, last: number): Promise<LogEntry[]> {
    const log: LogEntry[] = [];
    while (log.length < last) {
      const indexes = Array.from(
        { length: Math.min(PAGE, last - log.length) },
        (_, at) => log.length + at + 1,
      );
      log.push(...(await Promise.all(indexes.map(async (at) => this.withoutPadding(await node.getLog(at))))));
    }
    return log;
  }

  private async answer(node: NodeProcess, line: string): Promise<Answer | null> {
    const waited = new AwakeTime();
    try {
      const answer = await node.command(line);
      this.slowestAnswerMs = Math.max(this.slowestAnswerMs, waited.ms);
      return answer;
    } catch (error) {
      if (node.hasEnded) return null;
      throw error;
    } finally {
      waited.end();
    }
  }

  private withoutPadding(entry: LogEntry): LogEntry {
    const { value, nonce } = entry.log.value;
    if (this.padding === '' || !value.endsWith(this.padding)) return entry;
    return { ...entry, log: { ...entry.log, value: { value: value.slice(0, -this.padding.length), nonce } } };
  }
}

/** Logs that are asked for at once: few enough that large ones do not fill the memory. */
const PAGE = 250;

function requestError({ error }: Answer): RequestError {
  return new RequestError(
    (error?.code ?? 'INTERNAL') as RequestErrorCode,
    error?.message ?? 'no error was given',
  );
}
