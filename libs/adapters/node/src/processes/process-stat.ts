import { readFileSync } from 'node:fs';

/** What Linux tells of a process in `/proc/<pid>/stat`. */
export interface ProcessStat {
  /** `Z` and `X` are dead. */
  readonly state: string;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** Ticks since boot; with the pid it names a process for ever, although pids are used again. */
  readonly startTime: string;
}

/** @returns `undefined` when there is no such process, or the system has no `/proc`. */
export function readProcessStat(pid: number | 'self'): ProcessStat | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined;
  }
  // The second field is the name in brackets and may hold anything, brackets too.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, parent, group, session] = fields;
  const startTime = fields[19];
  return state === undefined || startTime === undefined
    ? undefined
    : { state, parent: Number(parent), group: Number(group), session: Number(session), startTime };
}

/** Whether a process runs, and is the one that had this start time. */
export function isRunning(pid: number, startTime: string): boolean {
  const stat = readProcessStat(pid);
  return (
    stat !== undefined &&
    stat.state !== 'Z' &&
    stat.state !== 'X' &&
    /* guard: orphan/start-time */ stat.startTime === startTime
  );
}

/** @returns The ids of all processes in a listing of `/proc`. */
export function processIds(names: readonly string[]): readonly number[] {
  return names.map(Number).filter((pid) => Number.isInteger(pid) && pid > 0);
}
