import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '@omni/ports';

/** Names without what a shell would take for more than a letter: the reaper reads them. */
const PLAIN_PATH = /^[\w./:@-]+$/;
const REMOVE_EVERY_MS = 50;
const REMOVE_ATTEMPTS = 20;

/** A cgroup (version 2) of one child: whoever is born in it cannot leave it, and it is killed as a whole. */
export class ChildCgroup {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /**
   * @param parent - Folder of the cgroup that this process is in; {@link ownCgroup} finds it.
   * @returns `undefined` where this user may make none.
   */
  static create(parent: string | undefined, name: string): ChildCgroup | undefined {
    if (parent === undefined) return undefined;
    const path = join(parent, name);
    try {
      mkdirSync(path);
      // Linux 5.14; without it a cgroup is no help.
      readFileSync(join(path, 'cgroup.events'));
      writeFileSync(join(path, 'cgroup.kill'), '1', { flag: 'r+' });
      return new ChildCgroup(path);
    } catch {
      removeFolder(path);
      return undefined;
    }
  }

  /**
   * Moves a process that has just started. To do it takes the kernel milliseconds; whoever it starts until
   * then is left out.
   */
  add(pid: number): void {
    writeFile(join(this.path, 'cgroup.procs'), String(pid), { flag: 'r+' }).catch(() => {});
  }

  /** Kills whoever is in it. @param onRemoved - Called when it is empty and removed. */
  end(onRemoved: () => void, attempts = REMOVE_ATTEMPTS): void {
    if (attempts === REMOVE_ATTEMPTS) this.#kill();
    if (removeFolder(this.path)) onRemoved();
    else if (attempts > 0) systemClock.after(REMOVE_EVERY_MS, () => this.end(onRemoved, attempts - 1));
  }

  #kill(): void {
    try {
      writeFileSync(join(this.path, 'cgroup.kill'), '1', { flag: 'r+' });
    } catch {
      // It is gone.
    }
  }
}

/** @returns The folder of the cgroup that this process is in; `undefined` without version 2. */
export function ownCgroup(): string | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    const name = /^0::(\/.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1];
    // Fields: id, parent, device, root, mount point, options, -, type (proc(5), mountinfo).
    const mount = /^\d+ \d+ \S+ \S+ (\S+) .* - cgroup2 /m.exec(
      readFileSync('/proc/self/mountinfo', 'utf8'),
    )?.[1];
    if (name === undefined || mount === undefined) return undefined;
    const path = join(mount, name);
    return PLAIN_PATH.test(path) ? path : undefined;
  } catch {
    return undefined;
  }
}

function removeFolder(path: string): boolean {
  try {
    rmdirSync(path);
    return true;
  } catch {
    return false;
  }
}
