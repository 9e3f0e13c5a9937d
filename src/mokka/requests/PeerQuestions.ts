import type { CommitConfirmation, LogReads } from './LogReads';
import type { ReplicatedLog } from '../log/ReplicatedLog';
import type { QuestionMessage } from '../messages/LogMessage';
import type { Outbox } from '../messages/Outbox';
import type { LagQuestions } from '../status/LagQuestions';
import type { NodeView } from '../status/NodeView';
import type { TrimRequests } from './TrimRequests';

export interface PeerQuestionsParts {
  readonly log: ReplicatedLog;
  readonly reads: LogReads;
  readonly trims: TrimRequests;
  readonly lagQuestions: LagQuestions;
  readonly view: NodeView;
  readonly confirmation: CommitConfirmation;
  readonly outbox: Outbox;
}

/** What followers ask a leader beside replication: answered here on the leader, and brought to who asked on a follower. */
export class PeerQuestions {
  constructor(private readonly parts: PeerQuestionsParts) {}

  receive(from: string, message: QuestionMessage): void {
    const { log, reads, trims, lagQuestions, view, confirmation, outbox } = this.parts;
    switch (message.type) {
      case 'confirm':
        confirmation.confirmCommitIndex((commitIndex) =>
          outbox.send(from, { type: 'confirmed', id: message.id, commitIndex }),
        );
        break;
      case 'confirmed':
        if (from === log.leader) reads.answered(message.id, message.commitIndex);
        break;
      case 'askLags':
        if (log.leads) outbox.send(from, { type: 'lags', id: message.id, lags: view.lags });
        break;
      case 'lags':
        lagQuestions.answered(from, message.id, message.lags);
        break;
      case 'trim':
      case 'trimRefused':
        trims.receive(from, message);
        break;
    }
  }
}
