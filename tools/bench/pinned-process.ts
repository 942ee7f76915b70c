import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { processTree, statOf, type ProcessStat } from './process-tree.ts';

const STOP_GRACE_MS = 3_000;
const POLL_MS = 25;
const LOG_TAIL = 600;

/** The two cores of a run. */
export interface CorePlan {
  /** Load generator and upstream. */
  readonly load: number | undefined;
  /** The subject and everything it starts. */
  readonly subject: number | undefined;
}

/** How to start a process. */
export interface PinnedProcessOptions {
  readonly name: string;
  /** `undefined`: any core. */
  readonly core: number | undefined;
  readonly command: string;
  readonly args: readonly string[];
  /** Where its output goes, as `NAME.log`. */
  readonly logFolder: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Opens an IPC channel; the process must be Node. */
  readonly ipc?: boolean;
  /** Leaves its input and output to whoever started it; the log gets its errors alone. */
  readonly pipes?: boolean;
}

const running = new Set<PinnedProcess>();

/** A child process on one core, in a process group of its own, which dies with this process. */
export class PinnedProcess {
  readonly name: string;
  readonly child: ChildProcess;
  readonly #logPath: string;
  #lastTree: readonly ProcessStat[] = [];

  constructor(options: PinnedProcessOptions) {
    this.name = options.name;
    this.#logPath = join(options.logFolder, `${options.name}.log`);
    const log = openSync(this.#logPath, 'a');
    const [command = options.command, ...args] = [...pinning(options.core), options.command, ...options.args];
    this.child = spawn(command, args, {
      detached: true,
      stdio: [
        ...(options.pipes === true ? (['pipe', 'pipe'] as const) : (['ignore', log] as const)),
        log,
        ...(options.ipc === true ? (['ipc'] as const) : []),
      ],
      env: { ...process.env, ...options.env },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    closeSync(log);
    this.child.on('error', () => undefined);
    running.add(this);
  }

  get pid(): number {
    return this.child.pid ?? -1;
  }

  get isGone(): boolean {
    return this.child.pid === undefined || this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** The end of what it wrote, for messages. */
  logTail(): string {
    return readFileSync(this.#logPath, 'utf8').slice(-LOG_TAIL).trim();
  }

  /** Asks the whole tree to end and, after three seconds, kills what is left. */
  async stop(): Promise<void> {
    this.#lastTree = processTree(this.pid);
    this.#signal('SIGTERM');
    const deadline = performance.now() + STOP_GRACE_MS;
    while (this.#left().length > 0 && performance.now() < deadline) await delay(POLL_MS);
    this.kill();
  }

  /** Kills the whole tree at once. */
  kill(): void {
    const now = processTree(this.pid);
    if (now.length > 0) this.#lastTree = [...now, ...this.#lastTree];
    this.#signal('SIGKILL');
    running.delete(this);
  }

  #signal(signal: 'SIGTERM' | 'SIGKILL'): void {
    for (const { pid } of this.#left()) {
      try {
        process.kill(pid, signal);
      } catch {
        // It ended between the look and the signal.
      }
    }
  }

  #left(): readonly ProcessStat[] {
    return this.#lastTree.filter(
      ({ pid, startTicks }) => statOf(pid)?.startTicks === startTicks && !isZombie(pid),
    );
  }
}

/** Kills whatever still runs; for the end of the program, however it comes. */
export function killAllProcesses(): void {
  for (const process of [...running]) process.kill();
}

/**
 * Moves this process and all its threads to a core, so that it does not disturb what is measured on another.
 */
export function pinThisProcess(core: number | undefined): void {
  if (core !== undefined)
    spawnSync('taskset', ['-a', '-c', '-p', String(core), String(process.pid)], { stdio: 'ignore' });
}

/** Picks the first two cores that this process may use; one core or no `taskset` means no pinning. */
export function planCores(): CorePlan {
  const cores = allowedCores(readFileSync('/proc/self/status', 'utf8'));
  const [load, subject] = cores;
  return has('taskset') && subject !== undefined
    ? { load, subject }
    : { load: undefined, subject: undefined };
}

/** Cores named by the line `Cpus_allowed_list` of `/proc/self/status`, for example `0-1,4`. */
export function allowedCores(status: string): number[] {
  const ranges = /^Cpus_allowed_list:\s*(\S+)$/m.exec(status)?.[1]?.split(',') ?? [];
  return ranges.flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}

/** The command prefix that moves a program to a core; it replaces itself by the program, so the pid stays. */
export function onCore(core: number | undefined): string[] {
  return core === undefined ? [] : ['taskset', '-c', String(core)];
}

/** SIGTERM rather than SIGKILL for a parent that vanished: only then can the process end its own children. */
function pinning(core: number | undefined): string[] {
  return [...(has('setpriv') ? ['setpriv', '--pdeathsig', 'TERM'] : []), ...onCore(core)];
}

const found = new Map<string, boolean>();

function has(command: string): boolean {
  let known = found.get(command);
  if (known === undefined) {
    known = spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0;
    found.set(command, known);
  }
  return known;
}

function isZombie(pid: number): boolean {
  try {
    return /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return true;
  }
}
