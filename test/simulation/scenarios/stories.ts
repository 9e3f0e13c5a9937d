import { QUIET_NETWORK, type NetworkSettings } from '../simulator/SimulatedNetwork';
import type { Plant } from '../simulator/Plant';
import type { LogLimits } from '../../../src/mokka/log/LogLimits';
import { judgedByALostTail, judgedByAnOldLeader, retryWithSince } from './conditions';
import { formedOnAnswersOfDifferentMoments } from './forming';
import { lateWords, standingFence, wipedVoter } from './readmissions';
import { lateAnswers, roundUnderWay, staleMiss } from './reads';
import { story, type Scenario } from './Scenario';

/** A named story that planted bugs are played against. */
interface NamedStory {
  readonly size: number;
  readonly limits?: Partial<LogLimits>;
  /** Returns whether it came to what it is about; what happens before is left to chance. */
  readonly tell: (it: Scenario) => boolean;
}

/** Links that are made at once, so that who comes back with an empty disk is met while the old leader still leads. */
const QUICK_LINKS: NetworkSettings = { ...QUIET_NETWORK, connectMax: 10_000, reorders: true };

const stories = {
  'wiped-voter': { size: 3, tell: wipedVoter },
  'late-words': { size: 3, tell: lateWords },
  'standing-fence': { size: 3, tell: standingFence },
  'stale-miss': { size: 3, tell: staleMiss },
  'late-answers': { size: 3, tell: lateAnswers },
  'round-under-way': { size: 3, tell: roundUnderWay },
  'judged-by-a-lost-tail': { size: 3, tell: judgedByALostTail },
  'judged-by-an-old-leader': { size: 3, tell: judgedByAnOldLeader },
  'retry-with-since': { size: 3, limits: { REMEMBERED_PUSHES_MAX: 4 }, tell: retryWithSince },
  forming: { size: 5, tell: formedOnAnswersOfDifferentMoments },
} satisfies Record<string, NamedStory>;

/** Their names, for tests and plants. */
export const storyNames = Object.keys(stories) as readonly (keyof typeof stories)[];

/**
 * Plays a named story; rejects with what must not have been.
 *
 * @returns whether it came to what it is about.
 */
export async function playStory(name: string, seed: number, plant?: Plant): Promise<boolean> {
  const named = storyNames.find((known) => known === name);
  if (named === undefined) throw new Error(`there is no story '${name}'`);
  const { size, limits = {}, tell }: NamedStory = stories[named];
  let came = false;
  const options = { seed, limits, network: QUICK_LINKS, ...(plant === undefined ? {} : { plant }) };
  await story(size, (it) => (came = tell(it)), options);
  return came;
}
