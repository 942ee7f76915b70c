import { readdirSync, readFileSync } from 'node:fs';

/** Whether processes can be looked at in `/proc`. */
export const canSeeProcesses: boolean = process.platform === 'linux';

/** One process, told apart from a later one of the same number by when it started. */
export interface SeenProcess {
  readonly pid: number;
  readonly parent: number;
  /** `R`, `S`, `Z`, … as in proc(5). */
  readonly state: string;
  readonly startTime: string;
  readonly command: string;
}

/** Variable that marks the processes of a test; children inherit it. */
export const MARK = 'OMNI_E2E_MARK';

/** Every living process that carries the mark. */
export function markedProcesses(mark: string): readonly SeenProcess[] {
  return allPids()
    .filter((pid) => read(`/proc/${pid}/environ`).split('\0').includes(`${MARK}=${mark}`))
    .flatMap((pid) => seen(pid) ?? []);
}

/** Children of a process, zombies included. */
export function childrenOf(parent: number): readonly SeenProcess[] {
  return allPids()
    .flatMap((pid) => seen(pid) ?? [])
    .filter((process) => process.parent === parent);
}

/** Which of these are still there, running or as zombies. */
export function remaining(processes: readonly SeenProcess[]): readonly SeenProcess[] {
  return processes.flatMap(({ pid, startTime }) => {
    const now = seen(pid);
    return now?.startTime === startTime ? [now] : [];
  });
}

/** How many file descriptors a process has open. */
export function descriptorsOf(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

function seen(pid: number): SeenProcess | undefined {
  const stat = read(`/proc/${pid}/stat`);
  const end = stat.lastIndexOf(')');
  if (end === -1) return undefined;
  const [state = '', parent = '0', ...rest] = stat.slice(end + 2).split(' ');
  // Fields 3 and 4 of proc_pid_stat(5) are state and parent, field 22 is the start time.
  return {
    pid,
    parent: Number(parent),
    state,
    startTime: rest[17] ?? '',
    command: read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim(),
  };
}

function allPids(): readonly number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && pid > 1);
}

/** A process may end between two looks. */
function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
