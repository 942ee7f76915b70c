import { type ChildProcess, spawn } from 'node:child_process';
import { Socket } from 'node:net';
import { type Logger, silentLogger } from '@omni/ports';

/**
 * Keeps the list of groups in a variable, one command a line: `+group`, `-group`. At the end of its input, which comes
 * when Omni ends in whatever way, it kills what is listed and ends too. It waits in `read`, so it costs nothing.
 */
const SCRIPT = `
trap '' HUP INT QUIT TERM PIPE
groups=' '
while IFS= read -r line; do
  case $line in
    +*) groups="$groups\${line#+} " ;;
    -*) id=\${line#-}
        case $groups in *" $id "*) groups="\${groups%% $id *} \${groups#* $id }" ;; esac ;;
  esac
done
alive=
for id in $groups; do kill -s TERM -- "-$id" 2>/dev/null && alive=1; done
[ -n "$alive" ] || exit 0
sleep 0.3 2>/dev/null || sleep 1
for id in $groups; do kill -s KILL -- "-$id" 2>/dev/null; done
exit 0
`;

/** A reaper that ends more often than this is not started again. */
const MAX_STARTS = 5;

/**
 * One tiny shell process that outlives Omni by a moment and takes the children with it, so that not even `kill -9` of
 * Omni leaves any. It has a session of its own: signals of the terminal do not reach it. POSIX only.
 */
export class Reaper {
  readonly #logger: Logger;
  readonly #groups = new Set<number>();
  #process: ChildProcess | undefined;
  #starts = 0;
  #isClosed = false;

  constructor(logger: Logger = silentLogger) {
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
    for (const group of this.#groups) this.#say(`+${group}`);
  }

  add(group: number): void {
    this.#groups.add(group);
    if (this.#process === undefined) this.start();
    else this.#say(`+${group}`);
  }

  remove(group: number): void {
    if (this.#groups.delete(group)) this.#say(`-${group}`);
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

  #say(line: string): void {
    this.#process?.stdin?.write(`${line}\n`);
  }

  #lost(child: ChildProcess): void {
    if (this.#process !== child) return;
    this.#process = undefined;
    if (this.#groups.size > 0) this.start();
  }
}
