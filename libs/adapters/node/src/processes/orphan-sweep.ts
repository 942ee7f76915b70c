import { readFileSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { OWNER_VARIABLE } from './child-environment.ts';
import { readProcessStat } from './process-stat.ts';

/** @returns A mark that names this very process: `pid:start time:token`. */
export function createOwnerMark(): string {
  return `${process.pid}:${readProcessStat('self')?.startTime ?? '0'}:${randomBytes(9).toString('base64url')}`;
}

/**
 * Kills what earlier instances of Omni left behind: process groups that carry the mark of an owner that is dead.
 * Only processes of this user and this pid namespace are looked at. Linux only; elsewhere it does nothing.
 *
 * @returns How many groups were killed.
 */
export function orphanSweep(): number {
  return killGroupsOf(/* guard: orphan/living-owner */ (owner) => !isAlive(owner));
}

/**
 * Kills what carries the mark of a living owner: at its end these are descendants that made a session of their own to get away
 * from the group of the child that started them. The same limits as for {@link orphanSweep}.
 *
 * @returns How many groups were killed.
 */
export function endEscaped(mark: string): number {
  return killGroupsOf((owner) => owner === mark);
}

function killGroupsOf(isWanted: (owner: string) => boolean): number {
  const own = readProcessStat('self');
  if (process.platform !== 'linux' || own === undefined) return 0;
  const groups = new Set<number>();
  for (const name of listProcesses()) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    const owner = ownerOf(pid);
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

function listProcesses(): readonly string[] {
  try {
    return readdirSync('/proc');
  } catch {
    return [];
  }
}

/** The owner's mark in the environment of a process that this one may judge. */
function ownerOf(pid: number): string | undefined {
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
  const match = /^(\d+):(\d+):[\w-]+$/.exec(owner);
  if (match === null) return /* guard: orphan/foreign-mark */ true;
  const stat = readProcessStat(Number(match[1]));
  return (
    stat !== undefined &&
    stat.state !== 'Z' &&
    stat.state !== 'X' &&
    /* guard: orphan/start-time */ stat.startTime === match[2]
  );
}
