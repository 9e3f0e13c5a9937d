import { planOf } from './plan';
import { runSchedule, type ScheduleOptions } from './Schedule';

/** How many schedules a shrinking may run: below half a minute. */
const TRIES_MAX = 400;

/**
 * Cuts a failing schedule to a shorter one that fails as well, whatever its failure: leaves out faults and client
 * steps, first many at once, then one at a time.
 *
 * @returns the numbers of the faults and steps that are left.
 */
export async function shrink(options: ScheduleOptions): Promise<number[]> {
  const { faults, clientSteps } = planOf(options.seed, options.size);
  let left =
    options.only === null ? [...Array(faults.length + clientSteps.length).keys()] : [...options.only];
  let tries = 0;
  for (let chunk = Math.ceil(left.length / 2); chunk >= 1; chunk = chunk === 1 ? 0 : Math.ceil(chunk / 2)) {
    let at = 0;
    while (at < left.length && tries++ < TRIES_MAX) {
      const without = [...left.slice(0, at), ...left.slice(at + chunk)];
      const { failure } = await runSchedule({ ...options, only: new Set(without), words: false });
      if (failure !== null) left = without;
      else at += chunk;
    }
  }
  return left;
}
