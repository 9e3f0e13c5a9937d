import { RequestError } from '../../../../src/errors';
import { toLogEntry, type LogEntry } from '../../../../src/entry/Entry';
import type { CommittedEntry } from './SafetyChecks';

/** Codes that promise: nothing was or will be committed. */
export const DENIALS: readonly string[] = ['NO_LEADER', 'BUSY', 'NODE_UNREACHABLE', 'STORE_FULL'];

/** How one attempt of a push ended; null: no answer came. */
export type AttemptOutcome = { readonly entry: LogEntry } | { readonly error: Error } | null;

/** A push as its client sees it. All attempts of one carry the same session and nonce, or there is only one. */
export interface PushRecord {
  readonly key: string;
  readonly value: string;
  /** Behind which log alone it is to be appended; null: any. */
  readonly condition: Condition | null;
  /** Attempts that were answered with CONDITION_FAILED. */
  readonly failedConditions: FailedConditionRecord[];
  readonly invokedAt: number;
  /** When the first attempt succeeded; Infinity before. */
  completedAt: number;
  index: number | null;
  readonly attempts: AttemptOutcome[];
}

/** What a push wants to be the last log. */
export interface Condition {
  /** Its index, 0 for none. */
  readonly wanted: number;
  /** Whether it is the last of the push's key, and not of all. */
  readonly ofKey: boolean;
}

/** An answer that the log does not end where a push wants it to. */
export interface FailedConditionRecord {
  /** What the answer gave for the last index. */
  readonly lastIndex: number;
  readonly invokedAt: number;
  readonly completedAt: number;
}

/** A get that was answered. */
export interface GetRecord {
  readonly index: number;
  readonly node: number;
  readonly invokedAt: number;
  readonly completedAt: number;
  readonly entry: LogEntry | null;
}

/**
 * What clients saw, and whether one append-only log can explain it (linearizability).
 *
 * Since the log itself gives out indexes, no search is needed. A history is explained by points in time a(1) < a(2)
 * < …, at which the log of each index was appended, such that
 * - a push of index i lies around a(i): invoked <= a(i) <= completed;
 * - a get that returned log i ended after it: a(i) <= completed;
 * - a miss of index i began before it: invoked < a(i);
 * - a push that failed since the log did not end with index c, but with l: a(l) <= completed; where l < c, it began before
 *   there was a log c: invoked < a(c).
 * So each a(i) has a lower bound (its push's invocation, the invocation of each miss of i) and an upper bound (its
 * push's completion, the completion of each get of i). Such increasing points exist exactly if no index has a lower
 * bound above the upper bound of an equal or a higher index: take for a(i) the highest lower bound up to i.
 */
export class History {
  /**
   * @param mayFailWith codes of errors that a push may be answered with.
   * @param repeatsPackets whether links deliver packets twice, which those of src/transport never do: the copy of a
   *   forwarded push may be appended after its refusal, once the log has grown as long as the push wants it.
   */
  constructor(
    private readonly mayFailWith: readonly string[] = [...DENIALS, 'UNKNOWN_OUTCOME', 'STALE_NONCE'],
    private readonly repeatsPackets = false,
  ) {}

  readonly pushes: PushRecord[] = [];
  private floors: ReadonlySet<number> = new Set();
  readonly gets: GetRecord[] = [];

  /** The highest index that a client knows of, of a key, or of all (null). */
  highestIndex(ofKey: string | null = null): number {
    let highest = 0;
    for (const { index, key } of this.pushes)
      if (ofKey === null || key === ofKey) highest = Math.max(highest, index ?? 0);
    return highest;
  }

  /** Pushes that were acknowledged. */
  get acknowledged(): PushRecord[] {
    return this.pushes.filter(({ index }) => index !== null);
  }

  /**
   * What is wrong with the history, given the committed logs (by index - 1), and the logs up to which they were trimmed;
   * null when nothing is.
   */
  fault(logs: readonly CommittedEntry[], floors: ReadonlySet<number> = new Set()): string | null {
    this.floors = floors;
    return this.faultIn(logs.map(({ entry }) => toLogEntry(entry)));
  }

  /** What is wrong with the history, given the committed logs as a node shows them. */
  faultIn(logs: readonly LogEntry[]): string | null {
    return this.contentFault(logs) ?? this.orderFault(logs);
  }

  private contentFault(logs: readonly LogEntry[]): string | null {
    const indexes = new Map<string, number>();
    for (const { index, log } of logs) {
      const twin = indexes.get(log.value.value);
      if (twin !== undefined) return `${log.value.value} stands at the indexes ${twin} and ${index}`;
      indexes.set(log.value.value, index);
    }
    for (const push of this.pushes) {
      const at = indexes.get(push.value);
      const fault =
        this.errorFault(push) ??
        pushFault(push, at, logs) ??
        this.conditionFault(push, at, logs) ??
        this.trimmedFault(push, at);
      if (fault !== null) return fault;
    }
    for (const { index, entry, node } of this.gets)
      if (entry !== null && !sameEntry(entry, logs[index - 1]))
        return `a get of index ${index} on node ${node} gave ${brief(entry)}, committed is ${brief(logs[index - 1])}`;
    return null;
  }

  private errorFault({ value, condition, attempts }: PushRecord): string | null {
    for (const attempt of attempts) {
      if (attempt === null || 'entry' in attempt) continue;
      const { error } = attempt;
      if (error instanceof RequestError && error.code === 'CONDITION_FAILED' && condition !== null) continue;
      if (!(error instanceof RequestError && this.mayFailWith.includes(error.code)))
        return `${value} failed with ${String(error)}`;
    }
    return null;
  }

  /** `at`: where the push stands. */
  private conditionFault(push: PushRecord, at: number | undefined, logs: readonly LogEntry[]): string | null {
    const { value, key, condition, failedConditions } = push;
    if (condition === null) return null;
    const { wanted, ofKey } = condition;
    const isCounted = ({ log }: LogEntry): boolean => !ofKey || log.key === key;
    const before = at === undefined ? wanted : (logs.slice(0, at - 1).findLast(isCounted)?.index ?? 0);
    // Who names a floor wants no log of the key behind it.
    const isBehindFloor = ofKey && before < wanted && this.floors.has(wanted);
    if (before !== wanted && !isBehindFloor)
      return `${value} stands at index ${String(at)} behind ${before}, not behind ${wanted}`;
    for (const { lastIndex } of failedConditions) {
      if (lastIndex === wanted) return `${value} was refused, though the last log was ${wanted} as it wants`;
      const last = logs[lastIndex - 1];
      if (last !== undefined && !isCounted(last))
        return `${value} was told of log ${lastIndex}, of another key`;
      // Another attempt may be appended when the log has grown as long; behind a later log none can.
      const isFinal = lastIndex > wanted || (push.attempts.length === 1 && !this.repeatsPackets);
      if (isFinal && at !== undefined)
        return `${value} was refused behind log ${lastIndex}, but stands at index ${at}`;
    }
    return null;
  }

  private trimmedFault({ value, attempts }: PushRecord, at: number | undefined): string | null {
    const isRefused = attempts.length === 1 && attempts.every((attempt) => codeOf(attempt) === 'TRIMMED');
    return isRefused && at !== undefined && !this.repeatsPackets
      ? `${value} was refused since the log was trimmed, but stands at index ${at}`
      : null;
  }

  private orderFault(logs: readonly LogEntry[]): string | null {
    const failed = this.pushes.flatMap(({ key, condition, failedConditions }) =>
      failedConditions.map((record) => ({
        ...record,
        wanted: wantedOfAll(key, condition, logs),
      })),
    );
    const length = Math.max(
      logs.length,
      ...this.gets.map(({ index }) => index),
      ...failed.map(({ wanted, lastIndex }) => Math.max(wanted, lastIndex)),
    );
    const lower = new Array<number>(length + 1).fill(0);
    const upper = new Array<number>(length + 1).fill(Infinity);
    const pushOf = new Map(this.pushes.map((push) => [push.value, push]));
    for (const { index, log } of logs) {
      const push = pushOf.get(log.value.value);
      if (push === undefined) return `index ${index} holds ${log.value.value}, which nobody pushed`;
      lower[index] = push.invokedAt;
      upper[index] = push.completedAt;
    }
    for (const { index, entry, invokedAt, completedAt } of this.gets)
      if (entry === null) lower[index] = Math.max(lower[index] ?? 0, invokedAt);
      else upper[index] = Math.min(upper[index] ?? Infinity, completedAt);
    for (const { wanted, lastIndex, invokedAt, completedAt } of failed) {
      if (lastIndex > logs.length) return `a push was told of a last index ${lastIndex} that is not there`;
      upper[lastIndex] = Math.min(upper[lastIndex] ?? Infinity, completedAt);
      if (lastIndex < wanted) lower[wanted] = Math.max(lower[wanted] ?? 0, invokedAt);
    }
    return firstDisorder(lower, upper);
  }
}

/** The log behind which a push was to stand, where its key is the one that is meant; else 0. */
function wantedOfAll(key: string, condition: Condition | null, logs: readonly LogEntry[]): number {
  if (condition === null) return 0;
  const { wanted, ofKey } = condition;
  return !ofKey || logs[wanted - 1]?.log.key === key ? wanted : 0;
}

function firstDisorder(lower: readonly number[], upper: readonly number[]): string | null {
  let begun = 0;
  let begunBy = 0;
  const ends = [...upper];
  for (let index = ends.length - 2; index >= 0; index--)
    ends[index] = Math.min(ends[index] ?? Infinity, ends[index + 1] ?? Infinity);
  for (let index = 1; index < lower.length; index++) {
    if ((lower[index] ?? 0) > begun) {
      begun = lower[index] ?? 0;
      begunBy = index;
    }
    const ended = ends[index] ?? Infinity;
    if (begun > ended)
      return `index ${begunBy} was not there at ${ms(begun)} (its push began or a get missed it then), but index ${index} or a higher one was seen by ${ms(ended)}`;
  }
  return null;
}

function pushFault(push: PushRecord, at: number | undefined, logs: readonly LogEntry[]): string | null {
  for (const attempt of push.attempts) {
    if (attempt !== null && 'entry' in attempt && !sameEntry(attempt.entry, logs[attempt.entry.index - 1]))
      return `${push.value} was acknowledged as ${brief(attempt.entry)}, committed is ${brief(logs[attempt.entry.index - 1])}`;
  }
  const denied = push.attempts.every((attempt) => attempt !== null && isDenial(attempt));
  if (denied && at !== undefined)
    return `${push.value} was answered that nothing was committed, but stands at index ${at}`;
  return null;
}

function isDenial(attempt: AttemptOutcome): boolean {
  const code = codeOf(attempt);
  return code !== null && DENIALS.includes(code);
}

/** The code of the error that an attempt ended with. */
function codeOf(attempt: AttemptOutcome): string | null {
  if (attempt === null || 'entry' in attempt) return null;
  return attempt.error instanceof RequestError ? attempt.error.code : null;
}

function sameEntry(one: LogEntry, other: LogEntry | undefined): boolean {
  return other !== undefined && one.hash === other.hash && JSON.stringify(one) === JSON.stringify(other);
}

function brief(entry: LogEntry | undefined): string {
  return entry === undefined
    ? 'nothing'
    : `index ${entry.index} term ${entry.term} ${entry.log.value.value} hash ${entry.hash.slice(0, 8)}`;
}

function ms(at: number): string {
  return `${(at / 1000).toFixed(3)} ms`;
}
