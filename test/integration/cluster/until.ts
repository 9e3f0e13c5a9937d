import { setTimeout as delay } from 'node:timers/promises';
import { AwakeTime } from '../../AwakeTime';

const LOOK_EVERY_MS = 25;

/**
 * Looks again and again until `look` gives something; fails after `timeoutMs` in which this process got to run, saying
 * what it waited for and, where `seen` is given, what was there instead.
 */
export async function until<T>(
  timeoutMs: number,
  what: string,
  look: () => Promise<T | undefined> | T | undefined,
  seen: () => string = () => '',
): Promise<T> {
  const waited = new AwakeTime();
  try {
    for (;;) {
      const found = await look();
      if (found !== undefined) return found;
      if (waited.ms > timeoutMs) throw new Error(`not within ${timeoutMs} ms: ${what} ${seen()}`);
      await delay(LOOK_EVERY_MS);
    }
  } finally {
    waited.end();
  }
}
