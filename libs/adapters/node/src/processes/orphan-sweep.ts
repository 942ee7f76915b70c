import { readFileSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { OWNER_VARIABLE } from './child-environment.ts';
import { isRunning, processIds, readProcessStat } from './process-stat.ts';

/** @returns A mark that names this very process: `pid:start time:token`. */
export function createOwnerMark(): string {
  return `${process.pid}:${readProcessStat('self')?.startTime ?? '0'}:${randomBytes(9).toString('base64url')}`;
}

/**
 * Kills what earlier instances of Omni left behind: process groups that carry the mark of an owner that is
 * dead. Only processes of this user and this pid namespace are looked at. Linux only; elsewhere it does
 * nothing.
 *
 * @returns How many groups were killed.
 */
export function orphanSweep(): number {
  return killGroupsOf(/* guard: orphan/living-owner */ (owner) => !isAlive(owner));
}

/** @returns The mark of one child of the process with this mark. */
export function childMark(owner: string, serial: number): string {
  return `${owner}.${serial}`;
}

/**
 * Kills what carries the mark of a living owner, or of one of its children: at its end these are descendants
 * that made a session of their own to get away from the group of the child that started them. The same limits
 * as for {@link orphanSweep}.
 *
 * @returns How many groups were killed.
 */
export function endEscaped(owner: string): number {
  return killGroupsOf((mark) => mark === owner || mark.startsWith(`${owner}.`));
}

function killGroupsOf(isWanted: (owner: string) => boolean): number {
  const own = readProcessStat('self');
  if (process.platform !== 'linux' || own === undefined) return 0;
  const groups = new Set<number>();
  for (const pid of listProcesses()) {
    if (pid === process.pid) continue;
    const owner = markOf(pid);
    if (owner === undefined || !isWanted(owner)) continue;
    const stat = readProcessStat(pid);
    // Omni itself may have been started by a child of another Omni and so carry that one's mark.
    if (stat !== undefined && stat.group > 1 && stat.group !== own.group && stat.state !== 'Z')
      groups.add(stat.group);
  }
  let killed = 0;
  for (const group of groups) {
    try {
      process.kill(-group, 'SIGKILL');
      killed += 1;
    } catch {
      // It ended meanwhile.
    }
  }
  return killed;
}

/** @returns The ids of all processes; none where the system has no `/proc`. */
export function listProcesses(): readonly number[] {
  try {
    return processIds(readdirSync('/proc'));
  } catch {
    return [];
  }
}

/** @returns The mark in the environment of a process that this one may judge. */
export function markOf(pid: number): string | undefined {
  try {
    const environment = `\0${readFileSync(`/proc/${pid}/environ`, 'latin1')}`;
    const at = environment.indexOf(`\0${OWNER_VARIABLE}=`);
    if (at === -1) return undefined;
    if (statSync(`/proc/${pid}`).uid !== process.getuid?.()) return undefined;
    // In another container the same pid is another process: its owner would look dead from here.
    if (readlinkSync(`/proc/${pid}/ns/pid`) !== readlinkSync('/proc/self/ns/pid')) return undefined;
    const start = at + OWNER_VARIABLE.length + 2;
    const end = environment.indexOf('\0', start);
    return environment.slice(start, end === -1 ? undefined : end);
  } catch {
    return undefined;
  }
}

/** A mark that cannot be read counts as alive, since its writer is unknown. */
function isAlive(owner: string): boolean {
  const match = /^(\d+):(\d+):[\w.-]+$/.exec(owner);
  if (match?.[1] === undefined || match[2] === undefined) return /* guard: orphan/foreign-mark */ true;
  return isRunning(Number(match[1]), match[2]);
}
