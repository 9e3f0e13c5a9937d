import type { LogLimits } from '../log/LogLimits';
import type { AddCounts } from '../../counts/AddCounts';
import type { RequestError } from '../../errors';
import type { Clock } from '../log/Clock';
import type { ReadableLog } from '../log/LocalLog';
import type { ReplicatedLog } from '../log/ReplicatedLog';
import type { Outbox } from '../messages/Outbox';
import type { AnsweredLogs } from './AnsweredLogs';
import type { FlushRequests } from './FlushRequests';

/** Says whether a node takes requests. */
export interface Gate {
  /** Why it takes none now, or null. */
  refusal(): RequestError | null;
}

/** What LogApi asks of the replicated log. */
export type PushLog = Pick<
  ReplicatedLog,
  | 'leads'
  | 'agreedLeader'
  | 'agreesWithLeader'
  | 'takesPushes'
  | 'clusterCommitIndex'
  | 'canPropose'
  | 'foresee'
  | 'propose'
> & { readonly log: Pick<ReadableLog, 'commitIndex' | 'entryAt' | 'floor' | 'identity'> };

/** The parts of a node that LogApi works with. */
export interface LogApiParts {
  readonly limits: LogLimits;
  readonly log: PushLog;
  readonly gate: Gate;
  /** Hears of each log that a push is answered with. */
  readonly answered: Pick<AnsweredLogs, 'answered'>;
  readonly counts: AddCounts;
  readonly outbox: Outbox;
  readonly flushes: FlushRequests;
  readonly clock: Clock;
  /** Time for nonces that the caller left out. */
  readonly wallClock: Clock;
}
