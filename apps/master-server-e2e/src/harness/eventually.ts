import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 20;

/**
 * Looks again and again until there is something.
 *
 * @param look - Gives `undefined` or `false` as long as it is not there.
 * @throws `Error` naming `what` when it is not there in time.
 */
export async function eventually<T>(
  what: string,
  look: () => T | Promise<T>,
  withinMs = 15_000,
): Promise<Exclude<T, undefined | false>> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const found = await look();
    // The two values that mean "not yet" are gone here.
    if (found !== undefined && found !== false) return found as Exclude<T, undefined | false>;
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`);
    await delay(POLL_MS);
  }
}
