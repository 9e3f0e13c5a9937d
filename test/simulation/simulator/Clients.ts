import { ConditionFailedError, toError, TrimmedError } from '../../../src/errors';
import type { LogEntry } from '../../../src/entry/Entry';
import { History, type AttemptOutcome, type PushRecord } from './checks/History';
import type { SimulatedCluster } from './SimulatedCluster';
import type { SimulatedProcess } from './SimulatedProcess';

/** A push as it is to be made. Times in µs. */
export interface PushPlan {
  /** 'key' where it is left out. */
  readonly key?: string;
  readonly value: string;
  /** The caller's own session and nonce; null: the node's. Only a named push is tried again elsewhere. */
  readonly named: { readonly session: string; readonly nonce: number } | null;
  /** Whether a named push brings what `logApi.since` was on its first node. */
  readonly bringsSince?: boolean;
  /** It is to be appended only behind the last log that clients know, or one that is so many further on; null, or left out: anywhere. */
  readonly behind?: number | null;
  /** Whether that is the last log of its key, and not of all. */
  readonly behindKey?: boolean;
  /** On which node each attempt is made. */
  readonly nodes: readonly number[];
  /** How long the node tries, ms, and how long the client waits for it, µs. */
  readonly deadline: number;
  readonly patience: number;
}

/**
 * A push under way, with what its first node gave for its `since`, and since when each process has tried it: a second try
 * at the same one joins the first, and gets its answer.
 */
type BegunPush = PushPlan & { since: string | null; readonly triedSince: Map<SimulatedProcess, number> };

/** Clients of the nodes, and what they saw. */
export class Clients {
  constructor(
    private readonly cluster: SimulatedCluster,
    readonly history = new History(),
  ) {}

  /** Pushes; `done` is called once it is acknowledged. */
  push(plan: PushPlan, done: (index: number) => void = () => undefined): PushRecord {
    const { key = 'key', behindKey: ofKey = false, behind = null } = plan;
    const known = this.history.highestIndex(ofKey ? key : null);
    const record: PushRecord = {
      key,
      value: plan.value,
      condition: behind === null ? null : { wanted: Math.max(0, known + behind), ofKey },
      failedConditions: [],
      invokedAt: this.cluster.now,
      completedAt: Infinity,
      index: null,
      attempts: [],
    };
    this.history.pushes.push(record);
    this.attempt({ ...plan, since: null, triedSince: new Map() }, record, 0, done);
    return record;
  }

  /** Trims; what it is answered is checked. */
  trim(node: number, index: number): void {
    const { cluster } = this;
    const process = cluster.processAt(node);
    if (process === null) return;
    const told = (at: number, words: string): void =>
      cluster.trace.add(at, 'trim', node, index, () => `a trim to ${index} on node ${node}: ${words}`);
    told(cluster.now, 'asked');
    process.handle(() => {
      void process.mokka.trim(index).then(
        ({ floor }) =>
          process.answer((at) => {
            told(at, `done, floor ${floor}`);
            this.checkFloor(node, index, floor);
          }),
        (thrown: unknown) => process.answer((at) => told(at, toError(thrown).message)),
      );
    });
  }

  /** Gets a log; `done` is called with the answer, unless it is another error or none comes. */
  get(
    node: number,
    index: number,
    done: (entry: LogEntry | 'trimmed' | null) => void = () => undefined,
  ): void {
    const { cluster } = this;
    const process = cluster.processAt(node);
    if (process === null) return;
    const invokedAt = cluster.now;
    cluster.trace.add(invokedAt, 'get', node, index, () => `a client asks node ${node} for index ${index}`);
    process.handle(() => {
      void process.mokka
        .getDb()
        .getEntry()
        .get(index)
        .then(
          (entry) =>
            process.answer((completedAt) => {
              const what = (): string =>
                `node ${node} answers: index ${index} is ${entry?.log.value.value ?? 'not there'}`;
              cluster.trace.add(completedAt, 'got', node, entry === null ? 0 : index, what);
              this.history.gets.push({ index, node, invokedAt, completedAt, entry });
              done(entry);
            }),
          (thrown: unknown) => {
            const words = (): string =>
              `node ${node} fails to get index ${index}: ${toError(thrown).message}`;
            process.answer((at) => {
              cluster.trace.add(at, 'got', node, -1, words);
              if (!(thrown instanceof TrimmedError)) return;
              this.checkFloor(node, index, thrown.floor);
              done('trimmed');
            });
          },
        );
    });
  }

  /** What a node says is forgotten, a committed trim forgets. */
  private checkFloor(node: number, index: number, floor: number): void {
    if (index > floor || floor > this.cluster.checks.trimmedTo)
      this.cluster.violated(`node ${node} says that ${index} is forgotten, as all up to ${floor}`);
  }

  private attempt(plan: BegunPush, record: PushRecord, number: number, done: (index: number) => void): void {
    const node = plan.nodes[number];
    if (node === undefined || record.index !== null) return;
    const { cluster } = this;
    const process = cluster.processAt(node);
    let over = false;
    const next = (): void => {
      if (over) return;
      over = true;
      this.attempt(plan, record, number + 1, done);
    };
    cluster.at(cluster.now + plan.patience, next);
    if (process === null) return;
    cluster.trace.add(
      cluster.now,
      'push',
      node,
      number,
      () => `a client pushes ${plan.value} on node ${node}`,
    );
    const slot = record.attempts.push(null) - 1;
    process.handle(() => {
      const { named, value, deadline } = plan;
      if (named !== null && plan.bringsSince === true) plan.since ??= process.mokka.logApi.since;
      // Before its cluster has formed there is nothing to bring, and it is not pushed.
      if (named !== null && plan.bringsSince === true && plan.since === null) return;
      const options = {
        deadline,
        ...(named === null ? {} : { session: named.session }),
        ...(plan.since === null ? {} : { since: plan.since }),
        ...optionsOf(record),
      };
      const invokedAt = plan.triedSince.get(process) ?? cluster.now;
      plan.triedSince.set(process, invokedAt);
      const settled = (outcome: AttemptOutcome) =>
        process.answer((at) => {
          plan.triedSince.delete(process);
          this.answered(record, slot, outcome, { invokedAt, completedAt: at }, node);
          if (record.index !== null) done(record.index);
          else next();
        });
      void process.mokka.logApi
        .push(record.key, { value, ...(named === null ? {} : { nonce: named.nonce }) }, options)
        .then(
          (entry) => settled({ entry }),
          (thrown: unknown) => settled({ error: toError(thrown) }),
        );
    });
  }

  private answered(
    record: PushRecord,
    slot: number,
    outcome: AttemptOutcome,
    { invokedAt, completedAt: at }: { readonly invokedAt: number; readonly completedAt: number },
    node: number,
  ): void {
    record.attempts[slot] = outcome;
    const words = (): string => {
      if (outcome === null) return '';
      return 'entry' in outcome
        ? `node ${node} answers: ${record.value} is index ${outcome.entry.index}`
        : `node ${node} fails to push ${record.value}: ${outcome.error.message}`;
    };
    const entry = outcome !== null && 'entry' in outcome ? outcome.entry : null;
    this.cluster.trace.add(at, 'pushed', node, entry?.index ?? -1, words);
    if (outcome !== null && 'error' in outcome && outcome.error instanceof ConditionFailedError)
      record.failedConditions.push({ lastIndex: outcome.error.lastIndex, invokedAt, completedAt: at });
    if (entry === null) return;
    record.index = entry.index;
    record.completedAt = Math.min(record.completedAt, at);
  }
}

function optionsOf({ condition }: PushRecord): { ifLast?: number; ifKeyLast?: number } {
  if (condition === null) return {};
  return condition.ofKey ? { ifKeyLast: condition.wanted } : { ifLast: condition.wanted };
}
