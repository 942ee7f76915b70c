import type { VirtualClock } from '@omni/testing';

/** Lets time pass, and what the store does meanwhile: it answers on real turns of the loop. */
export async function passWithStore(clock: VirtualClock, ms: number): Promise<void> {
  await clock.advanceAsync(ms);
  for (let turn = 0; turn < 5; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
    await clock.advanceAsync(0);
  }
}
