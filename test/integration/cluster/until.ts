import { setTimeout as delay } from 'node:timers/promises';

const LOOK_EVERY_MS = 25;

/** Looks again and again until `look` gives something; fails after `timeoutMs`, saying what it waited for. */
export async function until<T>(
  timeoutMs: number,
  what: string,
  look: () => Promise<T | undefined> | T | undefined,
): Promise<T> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > end) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await delay(LOOK_EVERY_MS);
  }
}
