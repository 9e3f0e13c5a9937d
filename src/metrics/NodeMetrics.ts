import type { RequestErrorCode } from '../errors';
import type { MemberStatus } from '../api';
import type { AddCounts } from '../counts/AddCounts';
import type { NodeVitals } from '../mokka/status/NodeVitals';
import { packageVersion } from '../packageVersion';
import { diskUse, type DiskUse } from './diskUse';
import { EventLoopDelay } from './EventLoopDelay';
import { type Labelled, LookMetrics } from './LookMetrics';

/** A node that can be measured: a TCPMokka is one. */
export interface MeasuredNode {
  /** @throws RequestError NODE_UNREACHABLE when it has stopped */
  vitals(): NodeVitals;
}

export interface NodeMetricsOptions {
  /** The node's own, as NodeConfig has it; null for a node whose store is in memory. */
  readonly dataDirectory: string | null;
}

/** Errors of adds that are told from the start, as 0: a rate needs a number before the first. */
const ADD_ERRORS: readonly RequestErrorCode[] = [
  'NO_LEADER',
  'BUSY',
  'NODE_UNREACHABLE',
  'UNKNOWN_OUTCOME',
  'TOO_LARGE',
  'BAD_ARGUMENT',
  'STALE_NONCE',
  'NONCE_REUSED',
  'CONDITION_FAILED',
  'HISTORIES_DIFFER',
  'INTERNAL',
];

const MS_PER_S = 1000;

type Look = NodeVitals & DiskUse;

/**
 * The metrics of one node, for Prometheus; the README beside has the list. Between two looks nothing is done for them but
 * to watch the event loop: adds and writes the node counts by itself. A look asks no other node, so it is answered
 * whatever the cluster does.
 */
export class NodeMetrics {
  private readonly metrics = new LookMetrics<Look>();
  private readonly eventLoopDelay = new EventLoopDelay();

  constructor(
    private readonly node: MeasuredNode,
    private readonly options: NodeMetricsOptions,
  ) {
    this.measureElection();
    this.measureLog();
    this.measurePeers();
    this.measureProcess();
  }

  /** Of {@link text}. */
  get contentType(): string {
    return this.metrics.contentType;
  }

  /**
   * All metrics as they are now, in Prometheus' text format.
   *
   * @throws RequestError NODE_UNREACHABLE when the node has stopped
   */
  async text(): Promise<string> {
    const disk = await diskUse(this.options.dataDirectory);
    return this.metrics.text({ ...this.node.vitals(), ...disk });
  }

  /** Watches nothing any more. No text is asked for after it. */
  close(): void {
    this.eventLoopDelay.close();
    this.metrics.clear();
  }

  private measureElection(): void {
    const { metrics } = this;
    metrics.gauge(
      { name: 'mokka_has_leader', help: 'Whether this node knows a leader.' },
      ({ info }) => info.leader !== null,
    );
    metrics.gauge(
      { name: 'mokka_is_leader', help: 'Whether this node leads.' },
      ({ info }) => info.state === 'leader',
    );
    metrics.counters(
      {
        name: 'mokka_leader_changes_total',
        help: 'Leaders that this node came to know, one in two terms twice.',
        labelNames: [],
      },
      ({ leaderChanges }) => [{ labels: {}, value: leaderChanges }],
    );
    metrics.gauge({ name: 'mokka_term', help: 'The term of this node.' }, ({ info }) => info.currentTerm);
    metrics.gauge(
      { name: 'mokka_problem', help: 'Whether info tells of a problem of this node or its cluster.' },
      ({ info }) => info.problem !== null,
    );
  }

  private measureLog(): void {
    const { metrics } = this;
    metrics.gauge(
      { name: 'mokka_committed_index', help: 'Index of the last log that this node knows to be committed.' },
      ({ info }) => info.committedIndex,
    );
    metrics.counters(
      {
        name: 'mokka_adds_total',
        help: "Adds at this node that were answered, by ok or the error's code.",
        labelNames: ['result'],
      },
      ({ adds }) => addsByResult(adds),
    );
    metrics.durations(
      {
        name: 'mokka_add_duration_seconds',
        help: 'Adds at this node that were committed, until the answer.',
      },
      ({ adds }) => adds.committed,
    );
    metrics.gauge(
      { name: 'mokka_pending_adds', help: 'Adds at this node that wait for their answers.' },
      ({ pendingAdds }) => pendingAdds,
    );
    metrics.durations(
      {
        name: 'mokka_journal_sync_duration_seconds',
        help: 'Writes of entries at this node, each until it was on disk.',
      },
      ({ writes }) => writes,
    );
    metrics.gauge(
      { name: 'mokka_followers', help: 'Readers that follow the log of this node.' },
      ({ followers }) => followers,
    );
  }

  private measurePeers(): void {
    this.peerGauge(
      'mokka_peer_connected',
      'Whether this node has a link to the peer.',
      ({ reachable }) => +reachable,
    );
    this.peerGauge(
      'mokka_peer_behind_entries',
      "Entries of the leader's log that the peer does not hold yet, as the leader knows.",
      ({ behind }) => behind,
    );
    this.peerGauge(
      'mokka_peer_clock_offset_seconds',
      "The peer's wall clock less this node's, to within a packet's way.",
      ({ clockOffset }) => (clockOffset === null ? null : clockOffset / MS_PER_S),
    );
  }

  private measureProcess(): void {
    const { metrics, eventLoopDelay } = this;
    metrics.gauge(
      { name: 'mokka_store_bytes', help: 'Length of the all files in the data directory.' },
      ({ storeBytes }) => storeBytes,
    );
    metrics.gauge(
      {
        name: 'mokka_store_fill_ratio',
        help: 'Which part of what it may take of its disk the store takes: at 1 it takes no more adds.',
      },
      ({ storeFill }) => storeFill,
    );
    metrics.gauge(
      { name: 'mokka_disk_free_bytes', help: 'What this node may still write to the disk of the log.' },
      ({ freeBytes }) => freeBytes,
    );
    metrics.summary(
      {
        name: 'mokka_event_loop_delay_seconds',
        help: 'How late the event loop came to what was due; quantiles since the look before.',
      },
      () => eventLoopDelay.samples(),
    );
    const build: Labelled = { labels: { version: packageVersion(), node: process.version }, value: 1 };
    metrics.gauges(
      {
        name: 'mokka_build_info',
        help: 'Always 1: the versions of this package and of Node.js.',
        labelNames: ['version', 'node'],
      },
      () => [build],
    );
  }

  /** A gauge for each other member; none for one of which `read` gives null. */
  private peerGauge(name: string, help: string, read: (peer: MemberStatus) => number | null): void {
    this.metrics.gauges({ name, help, labelNames: ['peer'] }, ({ info, members }) =>
      members
        .filter(({ node }) => node !== info.node)
        .flatMap((peer) => {
          const value = read(peer);
          return value === null ? [] : [{ labels: { peer: String(peer.node) }, value }];
        }),
    );
  }
}

function addsByResult(adds: AddCounts): Labelled[] {
  const codes = new Set([...ADD_ERRORS, ...adds.codes]);
  return [
    { labels: { result: 'ok' }, value: adds.committed.cumulative.at(-1) ?? 0 },
    ...[...codes].map((code) => ({ labels: { result: code }, value: adds.refusedWith(code) })),
  ];
}
