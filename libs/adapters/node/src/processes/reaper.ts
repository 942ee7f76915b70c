import { type ChildProcess, spawn } from 'node:child_process';
import { Socket } from 'node:net';
import { type Logger, silentLogger } from '@omni/ports';

/**
 * Keeps the list of what Omni has started in a variable, one command a line: `+item` and `-item`, and `m`
 * with the mark of Omni. At the end of its input, which comes when Omni ends in whatever way, it kills what
 * is listed and ends too. It waits in `read`, so it costs nothing.
 *
 * Items are `g:pid:start` (a group), `p:pid:start` (a process) and `c:folder` (a cgroup). `start` is the
 * start time that Linux tells in `/proc`, or 0 where there is none: a number that belongs to another process
 * by now is left alone.
 */
const SCRIPT = `
trap '' HUP INT QUIT TERM PIPE
set -f
listed=' '
mark=
while IFS= read -r line; do
  case $line in
    m*) mark=\${line#m} ;;
    +*) listed="$listed\${line#+} " ;;
    -*) item=\${line#-}
        case $listed in *" $item "*) listed="\${listed%%" $item "*} \${listed#*" $item "}" ;; esac ;;
  esac
done
[ "$listed" = ' ' ] && exit 0

# 0: it runs; 1: it has ended; 2: its number belongs to another process.
state_of() {
  [ "$2" = 0 ] && return 0
  [ -e "/proc/$1/stat" ] || return 1
  text=
  while IFS= read -r part || [ -n "$part" ]; do text="$text $part"; done < "/proc/$1/stat"
  [ -n "$text" ] || return 1
  # Behind the name, which may hold anything.
  set -- "$2" \${text##*) }
  [ "\${21}" = "$1" ] || return 2
}

send() {
  for item in $listed; do
    rest=\${item#*:}
    pid=\${rest%%:*}
    case $item in
      g:*) state_of "$pid" "\${rest#*:}"
           [ $? -eq 2 ] || kill -s "$1" -- "-$pid" ;;
      p:*) state_of "$pid" "\${rest#*:}" && kill -s "$1" "$pid" ;;
    esac
  done
}

send TERM
sleep 0.3 || sleep 1
send KILL
for item in $listed; do
  case $item in c:*) echo 1 > "\${item#c:}/cgroup.kill" ;; esac
done
# Who was started in the last moment.
set +f
for path in $(grep -slF "OMNI_OWNER=$mark." /proc/[0-9]*/environ); do
  pid=\${path#/proc/}
  kill -s KILL "\${pid%/environ}"
done
set -f
for item in $listed; do
  case $item in c:*) rmdir "\${item#c:}" || { sleep 0.2; rmdir "\${item#c:}"; } ;; esac
done
exit 0
`;

/** A reaper that ends more often than this is not started again. */
const MAX_STARTS = 5;

/**
 * One tiny shell process that outlives Omni by a moment and takes the children with it, so that not even
 * `kill -9` of Omni leaves any. It has a session of its own: signals of the terminal do not reach it. POSIX
 * only.
 */
export class Reaper {
  readonly #mark: string;
  readonly #logger: Logger;
  readonly #items = new Set<string>();
  #process: ChildProcess | undefined;
  #starts = 0;
  #isClosed = false;

  /** @param mark - Stands before a dot in the environment of every child. */
  constructor(mark: string, logger: Logger = silentLogger) {
    this.#mark = mark;
    this.#logger = logger;
  }

  /** `undefined` while it does not run. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Makes sure that it runs; called before the first child starts so that none is ever unwatched. */
  start(): void {
    if (
      this.#process !== undefined ||
      this.#isClosed ||
      this.#starts >= MAX_STARTS ||
      process.platform === 'win32'
    )
      return;
    this.#starts += 1;
    let child: ChildProcess;
    try {
      child = spawn('/bin/sh', ['-c', SCRIPT, 'omni-reaper'], {
        cwd: '/',
        detached: true,
        env: { PATH: '/usr/bin:/bin' },
        stdio: ['pipe', 'ignore', 'ignore'],
      });
    } catch (error) {
      this.#logger.warn({ error }, 'cannot start the reaper: children may survive a kill of Omni');
      return;
    }
    this.#process = child;
    child.on('error', (error) => {
      this.#logger.warn({ error }, 'cannot start the reaper: children may survive a kill of Omni');
      this.#lost(child);
    });
    child.on('exit', () => this.#lost(child));
    child.unref();
    // Out of descriptors there is no stream, whatever the type says; the error event follows.
    const stdin: unknown = child.stdin;
    if (!(stdin instanceof Socket)) return;
    stdin.on('error', () => {});
    stdin.unref();
    this.#say(`m${this.#mark}`);
    for (const item of this.#items) this.#say(`+${item}`);
  }

  /** @param startTime - `0` where the system tells none. */
  addGroup(leader: number, startTime: string): void {
    this.#add(`g:${leader}:${startTime}`);
  }

  removeGroup(leader: number, startTime: string): void {
    this.#remove(`g:${leader}:${startTime}`);
  }

  addProcess(pid: number, startTime: string): void {
    this.#add(`p:${pid}:${startTime}`);
  }

  removeProcess(pid: number, startTime: string): void {
    this.#remove(`p:${pid}:${startTime}`);
  }

  /** @param folder - Without blanks. */
  addCgroup(folder: string): void {
    this.#add(`c:${folder}`);
  }

  removeCgroup(folder: string): void {
    this.#remove(`c:${folder}`);
  }

  /** Lets it end; whatever is still listed is killed. Resolves when it is gone. */
  close(): Promise<void> {
    this.#isClosed = true;
    const child = this.#process;
    if (child?.pid === undefined) return Promise.resolve();
    return new Promise((resolve) => {
      child.ref();
      child.on('exit', () => resolve());
      child.stdin?.end();
    });
  }

  #add(item: string): void {
    this.#items.add(item);
    if (this.#process === undefined) this.start();
    else this.#say(`+${item}`);
  }

  #remove(item: string): void {
    if (this.#items.delete(item)) this.#say(`-${item}`);
  }

  #say(line: string): void {
    // guard: process/reaper
    this.#process?.stdin?.write(`${line}\n`);
  }

  #lost(child: ChildProcess): void {
    if (this.#process !== child) return;
    this.#process = undefined;
    if (this.#items.size > 0) this.start();
  }
}
