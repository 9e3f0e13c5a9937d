import { isFailedCondition } from '../../../src/mokka/log/Replication';
import type { Plant } from '../simulator/Plant';
import { localLogOf, plantInLeaders } from './inside';

export const conditionBeforeCommit: Plant = {
  name: 'condition-before-commit',
  story:
    'A leader refuses a push by where its own log ends, before that is committed: the next leader may have another.',
  scenario: 'judged-by-a-lost-tail',
  onStart(mokka) {
    const log = mokka['replicatedLog'];
    const propose = log.propose.bind(log);
    log.propose = (push, pusher) => {
      const result = propose(push, pusher);
      return typeof result !== 'string' && isFailedCondition(result) ? { ...result, judgedAt: 0 } : result;
    };
  },
};

export const conditionOfOldLeader: Plant = {
  name: 'condition-of-old-leader',
  story: 'A leader that was replaced says that its log is not as long yet as a push wants it.',
  scenario: 'judged-by-an-old-leader',
  onStart(mokka) {
    plantInLeaders(mokka, (replication) => {
      replication['failedCondition'] = () => {
        const { lastLogNumber, commitIndex } = localLogOf(mokka);
        return { lastLogNumber, judgedAt: commitIndex };
      };
    });
  },
};

export const conditionBeforeRetry: Plant = {
  name: 'condition-before-retry',
  story: 'The retry of a push that was appended is refused, since the log now ends with that push itself.',
  onStart(mokka) {
    plantInLeaders(mokka, (replication) => {
      const propose = replication.propose.bind(replication);
      replication.propose = (push, pusher) =>
        push.ifLast === null || push.ifLast === localLogOf(mokka).lastLogNumber
          ? propose(push, pusher)
          : replication['failedCondition'](push.ifLast, localLogOf(mokka).lastLogNumber);
    });
  },
};

export const keyBeforeTail: Plant = {
  name: 'key-before-tail',
  story:
    'A push that names the last log of its key is judged by the store alone, without what came since the search began.',
  onStart(mokka) {
    localLogOf(mokka).watchedKeys.staged = () => undefined;
  },
};

export const sinceRises: Plant = {
  name: 'since-rises',
  story:
    'A node that was refused a push as too old tries it with a later `since`, though its caller named one.',
  scenario: 'retry-with-since',
  onStart(mokka) {
    const { logApi } = mokka;
    const refuse = logApi['refuse'].bind(logApi);
    logApi['refuse'] = (push, refusal, leaderCommitIndex) => {
      const { content } = push;
      const asOwn = { ...content, named: false };
      Object.assign(push, { content: asOwn });
      refuse(push, refusal, leaderCommitIndex);
      Object.assign(push, { content });
    };
  },
};
