import { FORWARD_PUSHES_MAX } from '../limits';
import { payloadId, type Entry, type PushId } from '../storage/Entry';
import { committedPush, type ForwardedPush, type PushAnswer, type Refusal } from './messages/LogMessage';
import type { Proposal } from './ReplicatedLog';

/** The leader's half for pushes of other nodes: makes proposals of them and collects the answers, a message a node. */
export class ForwardedPushes {
  private readonly answers = new Map<string, PushAnswer[]>();

  constructor(private readonly wantFlush: () => void) {}

  /**
   * A push that came from a peer, as a proposal to the own log.
   *
   * @throws MalformedEntryError when its payload is none.
   */
  proposalOf(peer: string, { since, payload }: ForwardedPush): Proposal {
    return new ForwardedProposal(payloadId(payload), since, payload, (answer) => this.add(peer, answer));
  }

  /** The answers that came together since the last call, by node. */
  takeAnswers(): [peer: string, answers: PushAnswer[]][] {
    const taken: [string, PushAnswer[]][] = [];
    for (const [peer, answers] of this.answers)
      for (let at = 0; at < answers.length; at += FORWARD_PUSHES_MAX)
        taken.push([peer, answers.slice(at, at + FORWARD_PUSHES_MAX)]);
    this.answers.clear();
    return taken;
  }

  /** Forgets the answers: this node leads no more. */
  clear(): void {
    this.answers.clear();
  }

  private add(peer: string, answer: PushAnswer): void {
    const answers = this.answers.get(peer);
    if (answers === undefined) this.answers.set(peer, [answer]);
    else answers.push(answer);
    this.wantFlush();
  }
}

class ForwardedProposal implements Proposal {
  constructor(
    readonly id: PushId,
    readonly since: number | null,
    readonly payload: Buffer,
    private readonly answer: (answer: PushAnswer) => void,
  ) {}

  committed(entry: Entry): void {
    this.answer({ ...this.id, committed: committedPush(entry) });
  }

  refused(refusal: Refusal): void {
    this.answer({ ...this.id, refused: refusal, since: this.since });
  }
}
