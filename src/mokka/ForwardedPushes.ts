import { FORWARD_PUSHES_MAX } from '../limits';
import { payloadId, type Entry, type PushId } from '../storage/Entry';
import {
  committedPush,
  type CommittedAnswer,
  type ForwardedPush,
  type PushAnswer,
  type RefusedAnswer,
  type Refusal,
} from './messages/pushes';
import type { Proposal } from './ReplicatedLog';

/** Answers to the pushes of one node that go in one message. */
export interface NodeAnswers {
  readonly committed: readonly CommittedAnswer[];
  readonly refused: readonly RefusedAnswer[];
}

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
    return new ForwardedProposal(this, peer, payloadId(payload), since, payload);
  }

  /** Takes the answer to a push of a peer. */
  add(peer: string, answer: PushAnswer): void {
    const answers = this.answers.get(peer);
    if (answers === undefined) this.answers.set(peer, [answer]);
    else answers.push(answer);
    this.wantFlush();
  }

  /** The answers that came together since the last call, by node. */
  takeAnswers(): [peer: string, answers: NodeAnswers][] {
    const taken: [string, NodeAnswers][] = [];
    for (const [peer, answers] of this.answers)
      for (let at = 0; at < answers.length; at += FORWARD_PUSHES_MAX)
        taken.push([peer, sorted(answers.slice(at, at + FORWARD_PUSHES_MAX))]);
    this.answers.clear();
    return taken;
  }

  /** Forgets the answers: this node leads no more. */
  clear(): void {
    this.answers.clear();
  }
}

function sorted(answers: readonly PushAnswer[]): NodeAnswers {
  const committed: CommittedAnswer[] = [];
  const refused: RefusedAnswer[] = [];
  for (const answer of answers)
    if ('refused' in answer) refused.push(answer);
    else committed.push(answer);
  return { committed, refused };
}

class ForwardedProposal implements Proposal {
  constructor(
    private readonly forwarded: ForwardedPushes,
    private readonly peer: string,
    readonly id: PushId,
    readonly since: number | null,
    readonly payload: Buffer,
  ) {}

  committed(entry: Entry): void {
    const { session, nonce } = this.id;
    this.forwarded.add(this.peer, { session, nonce, committed: committedPush(entry) });
  }

  refused(refused: Refusal): void {
    const { session, nonce } = this.id;
    this.forwarded.add(this.peer, { session, nonce, refused, since: this.since });
  }
}
