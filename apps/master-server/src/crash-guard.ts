import { GatewayError } from '@omni/ports';

/** Where a process tells of what nobody caught; fits `process`. */
export interface CrashSource {
  on(name: 'uncaughtException' | 'unhandledRejection', listener: (error: unknown) => void): unknown;
  exit(code: number): void;
}

/** What a crash of a process does: what runs in it may change it. */
export interface CrashPolicy {
  /**
   * What a rejection does that nobody waits for; those inside of a request never come here. Default:
   * `crash`.
   */
  onRejection: 'crash' | 'isolate';
  /** Ends in order what runs; the process ends after {@link CRASH_MS} in any case. Default: nothing runs. */
  stop: (() => Promise<unknown>) | undefined;
}

/** How long the process goes on after a crash, for what can still be finished. */
export const CRASH_MS = 2_000;

/**
 * Ends the process with exit code 1 when something is thrown that nobody catches: its state is then unknown,
 * and a supervisor starts a clean one (requirement S003-ST-03).
 */
export function guardAgainstCrashes(
  source: CrashSource,
  writeErr: (text: string) => void,
  policy: CrashPolicy,
): void {
  let hasCrashed = false;
  const crash = (error: unknown): void => {
    writeErr(crashText(error));
    const { stop } = policy;
    if (hasCrashed || stop === undefined) return source.exit(1);
    hasCrashed = true;
    const end = (): void => source.exit(1);
    setTimeout(end, CRASH_MS);
    // What it fails with says nothing more.
    stop().then(end, end);
  };
  source.on('uncaughtException', crash);
  source.on('unhandledRejection', (error) => {
    if (policy.onRejection === 'crash') crash(error);
    else writeErr(crashText(error, 'goes on, a rejection that nobody waits for:'));
  });
}

/**
 * What is said of a crash: where it happened, and the message only of errors that Omni wrote, for others may
 * quote secrets.
 */
export function crashText(error: unknown, verdict = 'crashed, uncaught'): string {
  const what =
    error instanceof GatewayError
      ? `${error.code}: ${error.message}`
      : error instanceof Error
        ? error.name
        : typeof error;
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const frames = stack.split('\n').filter((line) => /^\s+at /.test(line));
  return [`omni: ${verdict} ${what}`, ...frames, ''].join('\n');
}
