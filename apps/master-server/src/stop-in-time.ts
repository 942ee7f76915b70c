import type { CrashPolicy } from './crash-guard.ts';
import type { ProgramHost } from './program-host.ts';
import type { StopSignals } from './stop-signals.ts';

/** A gateway as far as its end goes. */
export interface Stoppable {
  stop(options?: { readonly deadlineMs?: number }): Promise<void>;
  forceStop(): void;
  /** Whether something runs that nobody can end. */
  readonly isStuck: boolean;
}

export interface StopInTimeOptions {
  readonly signals: Pick<StopSignals, 'forceStop'>;
  readonly host: Pick<ProgramHost, 'writeErr' | 'exit' | 'kill'>;
  /** How long running requests may take. */
  readonly drainMs: number;
}

/**
 * Beside that: children get 5 s to see the end of their input, and 5 s to heed SIGTERM, then the coordinator
 * gets 5 s to end; the rest takes a little more.
 */
export const STOP_GRACE_MS = 20_000;
/** And once somebody does not want to wait. */
const FORCED_MS = 2_500;
/** How long requests may take after a crash: what is left of its time is for the rest. */
const CRASH_DRAIN_MS = 1_500;

/**
 * Stops a gateway in order. From its begin to the end of the process there is one deadline: when it is over,
 * or a moment after a second signal, the process ends itself, and what watches over it ends the children.
 *
 * @returns The exit code: 0, or 1 when somebody did not want to wait.
 */
export async function stopInTime(
  gateway: Stoppable,
  { signals, host, drainMs }: StopInTimeOptions,
): Promise<number> {
  let exitCode = 0;
  const cancels: (() => void)[] = [];
  // A thread inside a call of the system would hold an orderly exit up, too.
  const endAtOnce = (): void => (gateway.isStuck ? host.kill() : host.exit(1));
  const endAfter = (ms: number): void => {
    const timer = setTimeout(() => {
      host.writeErr(`omni: it did not stop within ${ms / 1_000} s, and ends at once\n`);
      endAtOnce();
    }, ms);
    cancels.push(() => clearTimeout(timer));
  };
  endAfter(drainMs + STOP_GRACE_MS);
  void signals.forceStop.then(() => {
    exitCode = 1;
    gateway.forceStop();
    endAfter(FORCED_MS);
  });
  try {
    await gateway.stop();
  } finally {
    for (const cancel of cancels) cancel();
  }
  if (gateway.isStuck) host.kill();
  return exitCode;
}

/** From now on a crash stops the gateway in order. */
export function protect(gateway: Stoppable, crashes: CrashPolicy): void {
  crashes.stop = () => gateway.stop({ deadlineMs: CRASH_DRAIN_MS });
}
