import { ChildCgroup } from './child-cgroup.ts';
import type { DescendantFollower, FollowedFamily } from './descendant-follower.ts';
import { readProcessStat } from './process-stat.ts';
import type { Reaper } from './reaper.ts';

const HAS_GROUPS = process.platform !== 'win32';

export interface ChildFamilyOptions {
  /** Pid of the child, the leader of a group and of a session of its own. */
  readonly leader: number;
  /** Stands in the environment of the child. */
  readonly mark: string;
  readonly follower: DescendantFollower;
  readonly reaper: Reaper;
  /** Where a cgroup for it can be made; nowhere when absent. */
  readonly cgroupParent: string | undefined;
}

/**
 * A child with everything that it starts, which never survives it: its group at once and without exception;
 * who has left the group as far as it was followed; where a cgroup can be had, everybody. While it runs the
 * reaper knows who they are.
 */
export class ChildFamily {
  readonly #leader: number;
  readonly #startTime: string;
  readonly #reaper: Reaper;
  readonly #followed: FollowedFamily;
  readonly #cgroup: ChildCgroup | undefined;

  constructor({ leader, mark, follower, reaper, cgroupParent }: ChildFamilyOptions) {
    this.#leader = leader;
    this.#startTime = readProcessStat(leader)?.startTime ?? '0';
    this.#reaper = reaper;
    reaper.addGroup(leader, this.#startTime);
    this.#followed = follower.follow(leader, mark, {
      onFound: (pid, startTime) => reaper.addProcess(pid, startTime),
      onLost: (pid, startTime) => reaper.removeProcess(pid, startTime),
    });
    this.#cgroup = ChildCgroup.create(cgroupParent, `omni-${process.pid}-${leader}`);
    if (this.#cgroup === undefined) return;
    reaper.addCgroup(this.#cgroup.path);
    this.#cgroup.add(leader);
  }

  signal(name: 'SIGTERM' | 'SIGKILL'): void {
    this.#signalGroup(name);
    this.#followed.signal(name);
  }

  /**
   * The child has exited: whoever is left is killed. At once, while the number of its group cannot belong to
   * anybody else.
   */
  end(): void {
    this.#signalGroup('SIGKILL');
    // guard: child/escaped
    this.#followed.end();
    const cgroup = this.#cgroup;
    cgroup?.end(() => this.#reaper.removeCgroup(cgroup.path));
    this.#reaper.removeGroup(this.#leader, this.#startTime);
  }

  #signalGroup(name: 'SIGTERM' | 'SIGKILL'): void {
    try {
      process.kill(/* guard: child/group */ HAS_GROUPS ? -this.#leader : this.#leader, name);
    } catch {
      // Nobody is left in the group.
    }
  }
}
