import type { ComponentStatus } from './component-status.ts';

/** Facts of one log line. Values are already free of secrets; ids use `requestId`, `sessionId`, `traceId`. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Where log lines go. Never throws, never blocks. */
export interface Logger {
  /** Whether debug lines go anywhere; asked before fields are put together on busy paths. */
  readonly debugging: boolean;
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  /** Whether what is logged can be stored; absent where nobody knows. */
  getStatus?(): ComponentStatus;
}

/** A logger that forgets everything: the default of libraries embedded without one. */
export const silentLogger: Logger = { debugging: false, debug() {}, info() {}, warn() {}, error() {} };
