import type { Readable, Writable } from 'node:stream';
import { terminalText } from '@omni/ports';
import type { CrashPolicy } from './crash-guard.ts';
import type { SignalSource } from './stop-signals.ts';

/** What the program needs of the process that it runs in. */
export interface ProgramHost {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The working directory. */
  readonly folder: string;
  readonly signals: SignalSource;
  readonly pid: number;
  /** Pid of the process that started this one. */
  readonly parent: number;
  /** The standard streams, for the protocol. */
  readonly input: Readable;
  readonly output: Writable;
  /** What a crash of the process may do. */
  readonly crashes: CrashPolicy;
  /** Ends the process at once. */
  exit(code: number): void;
  /** Ends the process without any of its own code. */
  kill(): void;
  /** Results. What would act on a terminal is replaced, here and in {@link writeErr}. */
  writeOut(text: string): void;
  /** Everything that is said to people. */
  writeErr(text: string): void;
}

/** The process itself. */
export const thisProcess: ProgramHost = {
  environment: process.env,
  folder: process.cwd(),
  signals: process,
  pid: process.pid,
  parent: process.ppid,
  input: process.stdin,
  output: process.stdout,
  crashes: { onRejection: 'crash', stop: undefined },
  exit: (code) => process.exit(code),
  kill: () => process.kill(process.pid, 'SIGKILL'),
  writeOut: (text) => void process.stdout.write(terminalText(text)),
  writeErr: (text) => void process.stderr.write(terminalText(text)),
};
