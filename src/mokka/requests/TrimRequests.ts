import { RequestError } from '../../errors';
import { READ_CONFIRM_RETRY_MS, TRIMS_WAITING_MAX } from '../../limits';
import type { TrimApi, Trimmed } from '../../api';
import type { Clock } from '../log/Clock';
import type { LogLimits } from '../log/LogLimits';
import type { ReplicatedLog } from '../log/ReplicatedLog';
import type { TrimMessage, TrimRefusedMessage } from '../messages/LogMessage';
import type { Outbox } from '../messages/Outbox';
import type { FlushRequests } from '../pushes/FlushRequests';
import type { Gate } from '../pushes/LogApiParts';

interface WaitingTrim {
  readonly logNumber: number;
  readonly deadlineAt: number;
  readonly resolve: (trimmed: Trimmed) => void;
  readonly reject: (error: RequestError) => void;
  /** When the leader was last asked; -Infinity: never. */
  askedAt: number;
}

/**
 * Trims that users of this node ask for. The leader proposes them; to ask twice does no harm, so that each is asked again
 * until the own log has forgotten as much.
 */
export class TrimRequests implements TrimApi {
  private waiting: WaitingTrim[] = [];

  constructor(
    private readonly log: ReplicatedLog,
    private readonly gate: Gate,
    private readonly outbox: Outbox,
    private readonly flushes: FlushRequests,
    private readonly clock: Clock,
    private readonly limits: LogLimits,
  ) {}

  trim(index: number): Promise<Trimmed> {
    return new Promise((resolve, reject) => {
      if (!Number.isSafeInteger(index) || index < 1)
        throw new RequestError('BAD_ARGUMENT', `a trim needs the index of a log, not ${String(index)}`);
      const refusal = this.gate.refusal();
      if (refusal !== null) throw refusal;
      if (this.waiting.length >= TRIMS_WAITING_MAX)
        throw new RequestError('BUSY', `${TRIMS_WAITING_MAX} trims wait for the leader: ask again later`);
      const deadlineAt = this.clock.now() + this.limits.READ_DEADLINE_MS;
      this.waiting.push({ logNumber: index, deadlineAt, resolve, reject, askedAt: -Infinity });
      this.tick(this.clock.now());
    });
  }

  /** A follower's user asks this node, which leads perhaps; or its leader has no such log. */
  receive(from: string, { type, logNumber }: TrimMessage | TrimRefusedMessage): void {
    if (type === 'trimRefused') {
      if (from === this.log.agreedLeader) this.refused(logNumber);
    } else if (!this.propose(logNumber)) this.outbox.send(from, { type: 'trimRefused', logNumber });
  }

  /** Called every few ms: answers what is done, ends what is overdue, and asks the leader again. */
  tick(now: number): void {
    if (this.waiting.length === 0) return;
    const floor = this.log.log.floor.logNumber;
    this.end(
      ({ logNumber }) => logNumber <= floor,
      ({ resolve }) => resolve({ floor }),
    );
    this.end(
      ({ deadlineAt }) => now >= deadlineAt,
      ({ askedAt, reject }) => reject(askedAt === -Infinity ? neverAsked() : notSeen()),
    );
    for (const trim of this.waiting) if (now - trim.askedAt >= READ_CONFIRM_RETRY_MS) this.ask(trim, now);
  }

  /** Ends all: the node stops. */
  close(): void {
    this.end(
      () => true,
      ({ reject }) => reject(notSeen()),
    );
  }

  /**
   * On the leader: proposes to forget the logs up to this one; false where there is no such log yet. What is forgotten
   * already, and what is on its way, is not proposed again.
   */
  private propose(logNumber: number): boolean {
    const { log, readIndex, takesPushes } = this.log;
    if (readIndex === null || !takesPushes || logNumber <= log.floor.logNumber) return true;
    if (logNumber > log.committedLogNumber) return false;
    this.log.proposeTrim(log.indexOfCommitted(logNumber));
    this.flushes.want();
    return true;
  }

  private refused(logNumber: number): void {
    this.end(
      (trim) => trim.logNumber === logNumber,
      (trim) => trim.reject(noSuchLog(logNumber)),
    );
  }

  private ask(trim: WaitingTrim, now: number): void {
    const { agreedLeader, takesPushes } = this.log;
    if (agreedLeader === null && !takesPushes) return;
    trim.askedAt = now;
    if (agreedLeader !== null) this.outbox.send(agreedLeader, { type: 'trim', logNumber: trim.logNumber });
    else if (!this.propose(trim.logNumber)) this.refused(trim.logNumber);
  }

  private end(ends: (trim: WaitingTrim) => boolean, tell: (trim: WaitingTrim) => void): void {
    const ended = this.waiting.filter(ends);
    if (ended.length === 0) return;
    this.waiting = this.waiting.filter((trim) => !ended.includes(trim));
    for (const trim of ended) tell(trim);
  }
}

function noSuchLog(logNumber: number): RequestError {
  return new RequestError(
    'NOT_FOUND',
    `there is no log ${logNumber} yet, and nothing was trimmed: info shows the last index`,
  );
}

function neverAsked(): RequestError {
  return new RequestError('NO_LEADER', 'no leader was there to trim the log; nothing was trimmed: try again');
}

function notSeen(): RequestError {
  return new RequestError(
    'UNKNOWN_OUTCOME',
    'this node has not seen the log trimmed in time; it may be yet: ask again, which does no harm',
  );
}
