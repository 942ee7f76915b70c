import { readdirSync, readFileSync } from 'node:fs';

const CLOCK_TICKS_PER_SECOND = 100;

/** The part of `/proc/PID/stat` that the benchmark reads (proc_pid_stat(5)). */
export interface ProcessStat {
  readonly pid: number;
  readonly parentPid: number;
  /** User and system time of the process and of the children it has waited for. */
  readonly cpuSeconds: number;
  /** Start in clock ticks since boot: together with the pid it names a process for good. */
  readonly startTicks: number;
}

/** Memory of a set of processes. Shared pages count once per process, as `ps` shows them. */
export interface MemoryUse {
  readonly rssBytes: number;
  readonly peakRssBytes: number;
}

/** Reads one line of `/proc/PID/stat`; the command in it may hold spaces and parentheses. */
export function parseProcessStat(line: string): ProcessStat {
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  const field = (number: number): number => Number(fields[number - 3]);
  return {
    pid: Number.parseInt(line, 10),
    parentPid: field(4),
    cpuSeconds: (field(14) + field(15) + field(16) + field(17)) / CLOCK_TICKS_PER_SECOND,
    startTicks: field(22),
  };
}

/** The process and all its descendants that live now; empty when it is gone. */
export function processTree(rootPid: number): ProcessStat[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => statOf(Number(name)) ?? []);
  const tree = all.filter(({ pid }) => pid === rootPid);
  for (const parent of tree)
    tree.push(...all.filter(({ parentPid, pid }) => parentPid === parent.pid && pid !== rootPid));
  return tree;
}

/** The statistics of one process; `undefined` when it is gone. */
export function statOf(pid: number): ProcessStat | undefined {
  const line = readProc(pid, 'stat');
  return line === undefined ? undefined : parseProcessStat(line);
}

/** Whether the command line of a process holds a text. */
export function commandIncludes(pid: number, text: string): boolean {
  return readProc(pid, 'cmdline')?.includes(text) ?? false;
}

/** Resident memory now and at its highest, summed over the processes. */
export function memoryOf(pids: readonly number[]): MemoryUse {
  const statuses = pids.map((pid) => readProc(pid, 'status') ?? '');
  const sum = (key: string): number =>
    statuses.reduce(
      (total, status) =>
        total + Number(new RegExp(`^${key}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? 0) * 1_024,
      0,
    );
  return { rssBytes: sum('VmRSS'), peakRssBytes: sum('VmHWM') };
}

function readProc(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return undefined;
  }
}
