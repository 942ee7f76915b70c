import type { Clock } from '@omni/ports';

/**
 * The same clock, whose timers run by `run`.
 *
 * @param run - Given what a timer is to do, which does nothing when the timer has been cancelled by then.
 */
export function clockWith(clock: Clock, run: (action: () => void) => void): Clock {
  return {
    now: () => clock.now(),
    monotonicMs: () => clock.monotonicMs(),
    after: (delayMs, action) => {
      let isCancelled = false;
      const cancel = clock.after(delayMs, () => {
        if (isCancelled) return;
        run(() => {
          if (!isCancelled) action();
        });
      });
      return () => {
        isCancelled = true;
        cancel();
      };
    },
  };
}
