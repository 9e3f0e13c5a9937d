import type { Mokka } from 'mokka';
import NodeStates from 'mokka/dist/consensus/constants/NodeStates';
import { buildPartialSignature, buildPublicKeysRootForTerm } from 'mokka/dist/consensus/utils/cryptoUtils';
import type { ElectionNode, Role } from './election/ElectionNode';

/** npm's Mokka as the rules of election see it. */
export class MokkaNode implements ElectionNode {
  constructor(
    private readonly mokka: Mokka,
    /** Begins work that can fail only later. */
    private readonly begin: (work: () => Promise<void>) => void,
  ) {}

  get publicKey(): string {
    return this.mokka.publicKey;
  }

  get peers(): readonly string[] {
    return [...this.mokka.nodes.keys()];
  }

  get role(): Role {
    if (this.mokka.state === NodeStates.LEADER) return 'leader';
    return this.mokka.state === NodeStates.CANDIDATE ? 'candidate' : 'follower';
  }

  get term(): number {
    return this.mokka.term;
  }

  get leader(): string | null {
    return this.mokka.leaderPublicKey === '' ? null : this.mokka.leaderPublicKey;
  }

  get proof(): string | null {
    return this.mokka.proof;
  }

  get candidacyNonce(): number {
    return this.mokka.vote.nonce;
  }

  becomeFollower(term: number): void {
    this.mokka.setState(NodeStates.FOLLOWER, term, '');
  }

  becomeCandidate(votesWithinMs: number): void {
    const { mokka } = this;
    if (mokka.nodes.size === 0) {
      // Mokka's quorum needs a peer (HAZARDS, mokka 10).
      mokka.setState(NodeStates.CANDIDATE, mokka.term + 1, '');
      mokka.setState(NodeStates.LEADER, mokka.term, mokka.publicKey);
      return;
    }
    mokka.electionTimeout = votesWithinMs;
    this.begin(() => mokka.nodeApi.promote());
  }

  signVote(candidate: string, term: number, nonce: number): string {
    const { publicKeysRoot, privateKey } = this.mokka;
    const root = buildPublicKeysRootForTerm(publicKeysRoot, term, nonce, candidate);
    return buildPartialSignature(privateKey, term, nonce, root);
  }

  send(to: string, type: number, data: object): void {
    const { messageApi } = this.mokka;
    this.begin(() => messageApi.message(messageApi.packet(type, data), to));
  }
}
