import { LOG_LIMITS, type LogLimits } from '../../../src/mokka/log/LogLimits';
import NodeStates from 'mokka/dist/consensus/constants/NodeStates';
import type { LinkState } from '../../../src/mokka/status/NodeView';
import { ReplicatedMokka, type ReplicatedMokkaSettings } from '../../../src/mokka/ReplicatedMokka';
import type { Entry } from '../../../src/entry/Entry';

/** Where the packets of a simulated node go. */
export interface SimulatedLinks {
  send(address: string, packet: Buffer): void;
  isLinked(publicKey: string): boolean;
}

/** The shipped node on simulated links; nothing else of it is changed. It can be looked into for the checks. */
export class SimulatedMokka extends ReplicatedMokka {
  constructor(
    settings: ReplicatedMokkaSettings,
    private readonly links: SimulatedLinks,
    limits: LogLimits = LOG_LIMITS,
  ) {
    super(settings, limits);
  }

  override write(address: string, packet: Buffer): void {
    this.links.send(address, packet);
  }

  override linkState(publicKey: string): LinkState {
    return { connected: this.links.isLinked(publicKey) };
  }

  get leads(): boolean {
    return this.state === NodeStates.LEADER;
  }

  /** Whether it leads, and knows of room for logs on the disks of a quorum. */
  get hasRoom(): boolean {
    return this.leads && this['replicatedLog'].fullness === null;
  }

  /** Index up to which this node knows that entries are committed. */
  get commitIndex(): number {
    return this['replicatedLog'].log.commitIndex;
  }

  /** Index of the last log that this node knows to be committed. */
  get committedIndex(): number {
    return this['replicatedLog'].log.committedLogNumber;
  }

  entryAt(index: number): Entry | null {
    return this['replicatedLog'].log.entryAt(index);
  }
}
