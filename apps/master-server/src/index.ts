export { configurationReport } from './configuration-report.ts';
export { type CrashPolicy, guardAgainstCrashes } from './crash-guard.ts';
export { exitCodeFor, failureText } from './failure-text.ts';
export { LOG_LEVELS, type LogLevel } from './arguments/log-level.ts';
export { type ProgramHost, thisProcess } from './program-host.ts';
export { outliveReader } from './lost-reader.ts';
export { runServe, type ServeOptions } from './serve.ts';
export { exitCodeOf, watchStopSignals } from './stop-signals.ts';
export { runStdio, type StdioOptions } from './stdio.ts';
