import { FORWARD_PUSHES_MAX } from '../../limits';
import { payloadId, type Entry, type PushId } from '../../entry/Entry';
import {
  committedPush,
  type CommittedAnswer,
  type ForwardedPush,
  type PushAnswer,
  type RefusedAnswer,
  type Refusal,
} from '../messages/pushes';
import type { Proposal } from '../log/ReplicatedLog';

/** Answers to the pushes of one node that go in one message. */
export interface NodeAnswers {
  readonly committed: readonly CommittedAnswer[];
  readonly refused: readonly RefusedAnswer[];
}

/** What the pushes of other nodes need of the leader's own log and node. */
export interface ForwardedPushesOptions {
  /** Whether an entry is under way to a voter, or with it: the node's own log then answers its pushes. */
  readonly wasSent: (peer: string, position: number) => boolean;
  /** Asks for the answers to be sent soon, once for many. */
  readonly wantFlush: () => void;
}

/**
 * The leader's half for pushes of other nodes: makes proposals of them and collects the answers, a message a node. The
 * few answers: most pushes become entries that the node finds in its own log.
 */
export class ForwardedPushes {
  private readonly answers = new Map<string, PushAnswer[]>();

  constructor(private readonly options: ForwardedPushesOptions) {}

  /**
   * A push that came from a peer, as a proposal to the own log.
   *
   * @throws MalformedEntryError when its payload is none.
   */
  proposalOf(peer: string, { since, payload }: ForwardedPush): Proposal {
    return new ForwardedProposal(this, peer, payloadId(payload), since, payload);
  }

  /** A push of a peer is committed. */
  committed(peer: string, id: PushId, entry: Entry): void {
    if (!this.options.wasSent(peer, entry.position))
      this.answer(peer, { ...id, committed: committedPush(entry) });
  }

  /** Takes the answer to a push of a peer. */
  answer(peer: string, answer: PushAnswer): void {
    const answers = this.answers.get(peer);
    if (answers === undefined) this.answers.set(peer, [answer]);
    else answers.push(answer);
    this.options.wantFlush();
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
    readonly pusher: string,
    readonly id: PushId,
    readonly since: number | null,
    readonly payload: Buffer,
  ) {}

  found(entry: Entry): void {
    this.forwarded.answer(this.pusher, { ...this.id, committed: committedPush(entry) });
  }

  committed(entry: Entry): void {
    this.forwarded.committed(this.pusher, this.id, entry);
  }

  refused(refused: Refusal): void {
    this.forwarded.answer(this.pusher, { ...this.id, refused, since: this.since });
  }
}
