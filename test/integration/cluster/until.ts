import { setTimeout as delay } from 'node:timers/promises';

const LOOK_EVERY_MS = 25;

/**
 * Looks again and again until `look` gives something; fails after `timeoutMs`, saying what it waited for and, where
 * `seen` is given, what was there instead.
 */
export async function until<T>(
  timeoutMs: number,
  what: string,
  look: () => Promise<T | undefined> | T | undefined,
  seen: () => string = () => '',
): Promise<T> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > end) throw new Error(`not within ${timeoutMs} ms: ${what} ${seen()}`);
    await delay(LOOK_EVERY_MS);
  }
}
