import { ConditionFailedError, RequestError, TrimmedError } from '../../errors';

/** Too many pushes wait on this node, or too large ones. */
export function tooManyWait(): RequestError {
  return new RequestError(
    'BUSY',
    'too many pushes wait for their answers on this node; nothing was stored: push again when some have theirs',
  );
}

/** The push did not leave this node before its deadline. */
export function neverSent(hasLeader: boolean): RequestError {
  if (hasLeader)
    return new RequestError(
      'BUSY',
      'the leader did not get round to this push in time; nothing was stored: try again, with fewer at once',
    );
  return new RequestError(
    'NO_LEADER',
    'no leader could be reached in time; nothing was committed, try again',
  );
}

/** The push was sent, and its deadline passed. */
export function neverAnswered(): RequestError {
  return new RequestError(
    'UNKNOWN_OUTCOME',
    'no answer came in time; it may or may not be committed: look with get_log before you try again',
  );
}

/** The node stops, with a push that it has or has not sent. */
export function stoppedBefore(sent: boolean): RequestError {
  if (sent)
    return new RequestError(
      'UNKNOWN_OUTCOME',
      'this node stopped before the answer; it may or may not be committed: look with get_log before you try again',
    );
  return new RequestError('NODE_UNREACHABLE', 'this node has stopped; nothing was stored: push at another');
}

/** The leader does not append the push. */
export function refusalError(refusal: 'STALE_NONCE' | 'NONCE_REUSED'): RequestError {
  if (refusal === 'NONCE_REUSED')
    return new RequestError(
      'NONCE_REUSED',
      'this session used this nonce for another log: give each log its own',
    );
  return new RequestError(
    'STALE_NONCE',
    'this nonce is older than what is remembered of its session: it may be in the log; give a higher nonce for another log',
  );
}

/** Too much was appended since the mark that the push came with. */
export function staleSince(): RequestError {
  return new RequestError(
    'STALE_NONCE',
    'more was appended after this `since` than is remembered: the push may be in the log; look for it before you make it anew, with a later `since`',
  );
}

/** The mark that the push came with is of other data. */
export function foreignSince(): RequestError {
  return new RequestError(
    'STALE_NONCE',
    'this `since` is of another cluster, or of data that were replaced: whether the push was stored there is not known here',
  );
}

/** The node does not know yet which cluster it is of. */
export function clusterUnknown(): RequestError {
  return new RequestError(
    'NO_LEADER',
    'this node has not met its cluster yet; nothing was stored: try again, or at another node',
  );
}

/** A condition that does not hold. */
interface Unfulfilled {
  /** The number that the last log was to have. */
  readonly wanted: number;
  /** The number that it has, 0 for none. */
  readonly lastLogNumber: number;
  /** Whether the last log of the push's key is meant. */
  readonly ofKey: boolean;
}

/** The log, or the key's, does not end where the push wants it to. */
export function conditionFailed({ wanted, lastLogNumber, ofKey }: Unfulfilled): RequestError {
  return new ConditionFailedError(
    lastLogNumber,
    `the last log${ofKey ? ' of this key' : ''} is ${lastLogNumber}, not ${wanted}; nothing was stored: read what came, then try again behind it`,
  );
}

/** As {@link conditionFailed}, but an earlier try of the push may still be under way to a leader of before. */
export function perhapsUnderWay({ wanted, lastLogNumber, ofKey }: Unfulfilled): RequestError {
  return new RequestError(
    'UNKNOWN_OUTCOME',
    `the last log${ofKey ? ' of this key' : ''} is ${lastLogNumber}, not yet ${wanted}, but an earlier try may still be under way: look with get_log before you try again`,
  );
}

/**
 * What the last log of a push's key was is forgotten with all up to the floor; an earlier try may still be under way to a
 * leader of before.
 */
export function keyForgotten(floor: number, mayBeStored: boolean): RequestError {
  const what = `the log was trimmed: from ${floor + 1} on there is no log of this key, and what its last one was is not known`;
  return mayBeStored
    ? new RequestError(
        'UNKNOWN_OUTCOME',
        `${what}; an earlier try may still be under way: look before you try again`,
      )
    : new TrimmedError(
        floor,
        `${what}; nothing was stored: with ${floor} for that one’s index it is stored while this is so`,
      );
}

/** No quorum of the members has room for more; an earlier try may have been stored yet. */
export function storeFull(mayBeStored: boolean): RequestError {
  const what = 'the disks of the cluster have no room for more logs (see info)';
  return mayBeStored
    ? new RequestError(
        'UNKNOWN_OUTCOME',
        `${what}; an earlier try may still be under way: look before you try again`,
      )
    : new RequestError(
        'STORE_FULL',
        `${what}; nothing was stored: trim the log, or make room on the disks, and try again`,
      );
}

/** A push of a session that is this node's own, and that the leader has forgotten too much to know. */
export function forgottenPush(): RequestError {
  return new RequestError(
    'UNKNOWN_OUTCOME',
    'too much was appended since this push was first sent to know its outcome',
  );
}
