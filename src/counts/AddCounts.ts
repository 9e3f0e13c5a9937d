import { RequestError, type RequestErrorCode } from '../errors';
import { DurationCounts } from './DurationCounts';

/** What became of the adds of this node's users. An add that several callers wait for counts for each. */
export class AddCounts {
  /** Of those that are committed: from push to answer. */
  readonly committed = new DurationCounts();
  private readonly refusals = new Map<RequestErrorCode, number>();

  /** An add is not committed, or nobody knows. */
  refused(error: Error): void {
    const code = error instanceof RequestError ? error.code : 'INTERNAL';
    this.refusals.set(code, this.refusedWith(code) + 1);
  }

  /** How many had this answer. */
  refusedWith(code: RequestErrorCode): number {
    return this.refusals.get(code) ?? 0;
  }

  /** The codes that adds were answered with. */
  get codes(): RequestErrorCode[] {
    return [...this.refusals.keys()];
  }
}
