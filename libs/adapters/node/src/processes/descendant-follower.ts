import { readdir } from 'node:fs/promises';
import { type CancelTimer, systemClock } from '@omni/ports';
import { listProcesses, markOf } from './orphan-sweep.ts';
import { isRunning, processIds, readProcessStat, type ProcessStat } from './process-stat.ts';

/** How often it is looked who is new. */
const LOOK_MS = 500;
/** A server that starts a browser often does so at once. */
const EAGER_LOOK_MS = 100;
const EAGER_MS = 2_000;
/** What is killed may have started something in that moment. */
const MAX_ROUNDS = 5;

/** Told of the descendants of one child; each is named by pid and start time. */
export interface FamilyObserver {
  onFound(pid: number, startTime: string): void;
  onLost(pid: number, startTime: string): void;
}

/** A child and everything that descends from it, as far as it was seen. */
export interface FollowedFamily {
  /** Sends a signal to each descendant that runs and has left the group of the child. */
  signal(name: 'SIGTERM' | 'SIGKILL'): void;
  /** Kills each of them, also who started meanwhile, and follows nobody any more. */
  end(): void;
}

interface Family {
  readonly mark: string;
  readonly leader: number;
  readonly observer: FamilyObserver;
  /** Start times by pid, the leader's among them. */
  readonly members: Map<number, string>;
}

/**
 * Follows the descendants of children by parent id while they run, so that one that leaves its group or its
 * session, as browsers do, is still known when its ancestors are gone. Looks at `/proc`, at processes that
 * were not there before only. Linux; elsewhere it follows nobody.
 *
 * What nobody sees: a process whose parent came and went between two looks and that carries neither the
 * session nor the environment of its family.
 */
export class DescendantFollower {
  readonly #families = new Set<Family>();
  readonly #familyOf = new Map<number, Family>();
  /** Processes of others, as of the last look. */
  #strangers: ReadonlySet<number> = new Set();
  #startTime: number | undefined;
  #cancelLook: CancelTimer | undefined;
  #eagerUntil = 0;

  /**
   * @param leader - The child, which has just started.
   * @param mark - Stands in the environment of the child.
   */
  follow(leader: number, mark: string, observer: FamilyObserver): FollowedFamily {
    const family: Family = { mark, leader, observer, members: new Map() };
    const startTime = readProcessStat(leader)?.startTime;
    if (process.platform === 'linux' && startTime !== undefined) {
      family.members.set(leader, startTime);
      this.#familyOf.set(leader, family);
      this.#families.add(family);
      this.#eagerUntil = systemClock.monotonicMs() + EAGER_MS;
      this.#lookLater();
    }
    return {
      signal: (name) => void this.#signal(family, name),
      end: () => this.#end(family),
    };
  }

  #lookLater(): void {
    if (this.#families.size === 0 || this.#cancelLook !== undefined) return;
    const isEager = systemClock.monotonicMs() < this.#eagerUntil;
    this.#cancelLook = systemClock.after(isEager ? EAGER_LOOK_MS : LOOK_MS, () => {
      readdir('/proc')
        .then((names) => this.#look(processIds(names)))
        .catch(() => {})
        .finally(() => {
          this.#cancelLook = undefined;
          this.#lookLater();
        });
    });
  }

  #look(running: readonly number[]): void {
    const fresh = new Map<number, ProcessStat>();
    const strangers = new Set<number>();
    for (const pid of running) {
      if (this.#familyOf.has(pid)) continue;
      // A number that is used again between two looks would need all the others to be used up in that time.
      const stat = this.#strangers.has(pid) ? undefined : readProcessStat(pid);
      if (stat === undefined || Number(stat.startTime) < this.#ownStart()) strangers.add(pid);
      else fresh.set(pid, stat);
    }
    for (const pid of fresh.keys()) if (this.#attribute(pid, fresh) === undefined) strangers.add(pid);
    this.#strangers = strangers;
    this.#forgetEnded(new Set(running));
  }

  /** Who is older does not descend from a child of this process: at the first look nearly everybody. */
  #ownStart(): number {
    return (this.#startTime ??= Number(readProcessStat('self')?.startTime ?? 0));
  }

  /** @returns The family of a process that was not there before. */
  #attribute(pid: number, fresh: ReadonlyMap<number, ProcessStat>): Family | undefined {
    const known = this.#familyOf.get(pid);
    const stat = fresh.get(pid);
    if (known !== undefined || stat === undefined || pid === process.pid) return known;
    const family =
      this.#trusted(stat.parent) ??
      (fresh.has(stat.parent) && stat.parent !== pid ? this.#attribute(stat.parent, fresh) : undefined) ??
      this.#trusted(stat.session) ??
      this.#byMark(pid);
    if (family === undefined) return undefined;
    family.members.set(pid, stat.startTime);
    this.#familyOf.set(pid, family);
    family.observer.onFound(pid, stat.startTime);
    return family;
  }

  /**
   * The family of a process that is still the one that was seen: its number may belong to a stranger by now.
   */
  #trusted(pid: number): Family | undefined {
    const family = this.#familyOf.get(pid);
    const startTime = family?.members.get(pid);
    const stat = startTime === undefined ? undefined : readProcessStat(pid);
    // One that has just ended has left its number to nobody yet.
    return stat === undefined || stat.startTime === startTime ? family : undefined;
  }

  /** Whoever was left by its parent before anybody looked. */
  #byMark(pid: number): Family | undefined {
    const mark = markOf(pid);
    if (mark === undefined) return undefined;
    for (const family of this.#families) if (family.mark === mark) return family;
    return undefined;
  }

  #forgetEnded(running: ReadonlySet<number>): void {
    for (const family of this.#families)
      for (const pid of family.members.keys()) if (!running.has(pid)) this.#forget(family, pid);
  }

  #forget(family: Family, pid: number): void {
    const startTime = family.members.get(pid);
    if (startTime === undefined || !family.members.delete(pid)) return;
    this.#familyOf.delete(pid);
    if (pid !== family.leader) family.observer.onLost(pid, startTime);
  }

  /** @returns How many were sent it. */
  #signal(family: Family, name: 'SIGTERM' | 'SIGKILL'): number {
    let sent = 0;
    for (const [pid, startTime] of family.members) {
      // Who is still in the group is sent the signals of the group.
      if (readProcessStat(pid)?.group === family.leader || !isRunning(pid, startTime)) continue;
      try {
        process.kill(pid, name);
        sent += 1;
      } catch {
        // It has ended meanwhile, or runs as another user.
      }
    }
    return sent;
  }

  #end(family: Family): void {
    if (!this.#families.has(family)) return;
    for (let round = 0; round < MAX_ROUNDS; round++) {
      this.#look(listProcesses());
      if (this.#signal(family, 'SIGKILL') === 0) break;
    }
    for (const pid of [...family.members.keys()]) this.#forget(family, pid);
    this.#families.delete(family);
  }
}
