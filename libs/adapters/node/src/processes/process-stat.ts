import { readFileSync } from 'node:fs';

/** What Linux tells of a process in `/proc/<pid>/stat`. */
export interface ProcessStat {
  /** `Z` and `X` are dead. */
  readonly state: string;
  readonly group: number;
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
  const [state, , group] = fields;
  const startTime = fields[19];
  return state === undefined || group === undefined || startTime === undefined
    ? undefined
    : { state, group: Number(group), startTime };
}
