import type { Election } from './election/Election';
import type { ElectionLogger } from './election/ElectionNode';
import type { HandoverView } from './election/Handover';
import type { ReplicatedLog } from './log/ReplicatedLog';
import type { LogApi } from './pushes/LogApi';
import type { LinkState, NodeView } from './status/NodeView';

/** A leader that stops, as its {@link Handover} sees it. */
export class StoppingLeader implements HandoverView {
  constructor(
    private readonly log: ReplicatedLog,
    private readonly logApi: LogApi,
    private readonly election: Election,
    private readonly links: { linkState(publicKey: string): LinkState },
    private readonly view: NodeView,
    private readonly logger: ElectionLogger,
  ) {}

  leads(): boolean {
    return this.log.leads;
  }

  done(): boolean {
    return this.log.leader !== null && this.logApi.idle;
  }

  successor(): string | null {
    const voters = this.log.upToDateVoters.filter((peer) => this.links.linkState(peer).connected);
    const heardAt = (peer: string): number => this.election.followerHeardAt(peer);
    return voters.sort((a, b) => heardAt(b) - heardAt(a))[0] ?? null;
  }

  ask(publicKey: string): void {
    this.logger.info({ event: 'handover' }, `asking node ${this.view.memberIndex(publicKey)} to lead`);
    this.election.handOver(publicKey);
  }
}
