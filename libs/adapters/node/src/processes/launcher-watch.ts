import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { type CancelTimer, systemClock } from '@omni/ports';
import { isRunning, readProcessStat } from './process-stat.ts';

/**
 * By which Omni's own wrapper (`bin/omni.mjs`, `tools/workspace/run.mjs`) tells its pid to the Omni that it
 * starts.
 */
const WRAPPER_VARIABLE = 'OMNI_WRAPPER';
const LOOK_MS = 500;
/** npm in npm in npm: nobody nests deeper. */
const MAX_LAUNCHERS = 16;
const SHELL = /^(?:sh|dash|bash|ash|zsh|busybox)$/;
/** npm and npx call themselves so in the list of processes; one that may not is run by name. */
const NPM = /^(?:npm|npx)(?: |$)/;
const NPM_SCRIPT = /^(?:npm|npx)(?:-cli\.js)?$/;

interface Launcher {
  readonly pid: number;
  readonly startTime: string;
}

/** What {@link watchLaunchers} needs to know of this process. */
export interface LaunchedProcess {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Pid of the process that started this one. */
  readonly parent: number;
}

/**
 * Watches whoever runs Omni on behalf of somebody: Omni's own wrapper, npm, npx, and the shells that these
 * put in between. Whoever ends one of them, by `kill -9` too, means Omni. Any other parent, such as the shell
 * of a user, may go: it is not asked about. Without `/proc`, Omni's own wrapper only.
 *
 * @param onGone - Called once, when one of them has ended.
 * @returns Ends the watch.
 */
export function watchLaunchers(self: LaunchedProcess, onGone: () => void): () => void {
  const { launchers, isWrapperLost } = launchersOf(self);
  let cancel: CancelTimer = () => {};
  const look = (): void => {
    if (isWrapperLost || launchers.some(({ pid, startTime }) => !runs(pid, startTime))) onGone();
    else cancel = systemClock.after(LOOK_MS, look);
  };
  if (isWrapperLost || launchers.length > 0) cancel = systemClock.after(0, look);
  return () => cancel();
}

function launchersOf({ environment, parent }: LaunchedProcess): {
  readonly launchers: readonly Launcher[];
  /** Whether the wrapper has ended before anybody looked. */
  readonly isWrapperLost: boolean;
} {
  const launchers: Launcher[] = [];
  let pid = parent;
  const take = (): void => {
    const stat = readProcessStat(pid);
    launchers.push({ pid, startTime: stat?.startTime ?? '' });
    pid = stat?.parent ?? 0;
  };
  const wrapper = Number(environment[WRAPPER_VARIABLE] ?? 0);
  if (wrapper > 0 && wrapper !== parent) return { launchers, isWrapperLost: !exists(wrapper) };
  if (wrapper > 0) take();
  while (launchers.length < MAX_LAUNCHERS) {
    if (isNpm(pid)) take();
    else if (isShellOfNpm(pid)) {
      take();
      take();
    } else break;
  }
  return { launchers, isWrapperLost: false };
}

function runs(pid: number, startTime: string): boolean {
  return startTime === '' ? exists(pid) && process.ppid === pid : isRunning(pid, startTime);
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function isNpm(pid: number): boolean {
  const [first = '', second = ''] = commandOf(pid);
  return NPM.test(first) || NPM_SCRIPT.test(basename(second));
}

function isShellOfNpm(pid: number): boolean {
  const [shell = '', option] = commandOf(pid);
  return option === '-c' && SHELL.test(basename(shell)) && isNpm(readProcessStat(pid)?.parent ?? 0);
}

/** The words of its command line; none where it cannot be read. */
function commandOf(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}
