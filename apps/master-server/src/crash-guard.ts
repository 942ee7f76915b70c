import { GatewayError } from '@omni/ports';

/** Where a process tells of what nobody caught; fits `process`. */
export interface CrashSource {
  on(name: 'uncaughtException', listener: (error: unknown) => void): unknown;
  exit(code: number): void;
}

/**
 * Ends the process with exit code 1 when something is thrown that nobody catches, rejections included: its
 * state is then unknown, and a supervisor starts a clean one (requirement S003-ST-03).
 */
export function guardAgainstCrashes(source: CrashSource, writeErr: (text: string) => void): void {
  source.on('uncaughtException', (error) => {
    writeErr(crashText(error));
    source.exit(1);
  });
}

/**
 * What is said of a crash: where it happened, and the message only of errors that Omni wrote, for others may
 * quote secrets.
 */
export function crashText(error: unknown): string {
  const what =
    error instanceof GatewayError
      ? `${error.code}: ${error.message}`
      : error instanceof Error
        ? error.name
        : typeof error;
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const frames = stack.split('\n').filter((line) => /^\s+at /.test(line));
  return [`omni: crashed, uncaught ${what}`, ...frames, ''].join('\n');
}
