import { readFileSync, writeFileSync } from 'node:fs';

/** Resident memory of a process in MiB, as Linux counts it. */
export function residentMib(pid: number): number {
  return statusMib(pid, 'VmRSS');
}

/** Watches for the most resident memory that a process has from now on. @returns Tells it, in MiB. */
export function watchPeakMib(pid: number): () => number {
  // 5 sets the high-water mark back, proc(5).
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
  return () => statusMib(pid, 'VmHWM');
}

function statusMib(pid: number, field: string): number {
  const found = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(
    readFileSync(`/proc/${pid}/status`, 'utf8'),
  )?.[1];
  if (found === undefined) throw new Error(`no ${field} of ${pid}`);
  return Number(found) / 1024;
}
