import {
  type ChannelListener,
  type ChildChannel,
  type ChildLauncher,
  type ChildSpec,
  GatewayError,
} from '@omni/ports';
import type { ChannelServer } from './channel-server.ts';
import type { World } from './world.ts';

/** How long a process may take for each step of its end, as with the real launcher. */
const GRACE_MS = 5_000;
/** A process that reads the end of its input needs a moment. */
const EXIT_MS = 5;

/** Why a command cannot be started. */
const SPAWN_FAULTS = [
  ['missing-command', 'ENOENT', 'the command was not found on the PATH'],
  ['not-executable', 'EACCES', 'the command may not be executed'],
  ['missing-folder', 'ENOENT', 'its working folder does not exist'],
  ['too-many-processes', 'EAGAIN', 'too many processes'],
  ['no-memory', 'ENOMEM', 'not enough memory'],
] as const;

/** Those that are looked at again without an attempt. */
const MISCONFIGURED = ['missing-command', 'not-executable', 'missing-folder'] as const;

/** Processes that end as real ones do: unasked, at the end of their input, or by signals. */
export class SimulatedLauncher implements ChildLauncher {
  readonly #world: World;
  readonly #running = new Map<number, SimulatedChild>();
  #pids = 100;
  #isClosed = false;

  constructor(world: World) {
    this.#world = world;
  }

  /** Processes that run, of one server or of all. */
  running(host?: string): number {
    let count = 0;
    for (const child of this.#running.values()) if (host === undefined || child.upstream === host) count++;
    return count;
  }

  launch(spec: ChildSpec, listener: ChannelListener): ChildChannel {
    const { upstream } = spec;
    const host = this.#world.host(upstream);
    this.#world.onAttempt(host);
    const refusal = SPAWN_FAULTS.find(([kind]) => host.has(kind));
    if (refusal !== undefined || this.#isClosed) {
      if (MISCONFIGURED.some((kind) => host.has(kind))) this.#world.onRefused(host, 'it cannot be started');
      const [, reason, why] = refusal ?? ['', 'ECLOSED', 'Omni is stopping'];
      const error = new GatewayError('OMNI_UPSTREAM_SPAWN_FAILED', `Cannot start "${upstream}": ${why}`, {
        data: { upstream, reason },
      });
      this.#world.time.after(0, () => listener.onClose(error));
      return { pid: undefined, isOpen: false, send: () => false, close: () => Promise.resolve() };
    }
    const pid = ++this.#pids;
    this.#world.trace.note(`${upstream} starts as ${pid}`);
    const child = new SimulatedChild(this.#world, { pid, upstream, listener }, () =>
      this.#running.delete(pid),
    );
    this.#running.set(pid, child);
    this.#world.checkProcesses(upstream, this.running(upstream));
    return child;
  }

  startable({ command }: Pick<ChildSpec, 'command'>): Promise<string | undefined> {
    const host = this.#world.host(command);
    return Promise.resolve(MISCONFIGURED.some((kind) => host.has(kind)) ? undefined : command);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#running.values()].map((child) => child.close()));
  }
}

class SimulatedChild implements ChildChannel {
  readonly pid: number;
  readonly upstream: string;
  readonly #world: World;
  readonly #listener: ChannelListener;
  readonly #server: ChannelServer;
  readonly #leave: () => void;
  readonly #onGone: () => void;
  readonly #gone: Promise<void>;
  #resolveGone: () => void = () => {};
  #stopping: 'no' | 'eof' | 'term' | 'kill' = 'no';
  #isGone = false;

  constructor(
    world: World,
    {
      pid,
      upstream,
      listener,
    }: { readonly pid: number; readonly upstream: string; readonly listener: ChannelListener },
    onGone: () => void,
  ) {
    this.pid = pid;
    this.upstream = upstream;
    this.#world = world;
    this.#listener = listener;
    this.#onGone = onGone;
    this.#gone = new Promise((resolve) => (this.#resolveGone = resolve));
    const host = world.host(upstream);
    const { time } = world;
    this.#server = world.channelServer(host, listener, (how) => this.#exit(how));
    this.#leave = world.attach(host, this.#server, (how) => this.#exit(how));
    const isDoomed = host.has('exit-at-spawn') || host.isAway;
    time.after(isDoomed ? EXIT_MS : host.plan.startMs, () => {
      if (isDoomed) this.#exit('exited with code 1');
      else this.#server.begin();
    });
  }

  get isOpen(): boolean {
    return !this.#isGone && this.#stopping === 'no';
  }

  send(text: string): boolean {
    return this.isOpen && this.#server.receive(text);
  }

  close(): Promise<void> {
    if (this.#isGone) return this.#gone;
    if (this.#stopping === 'no') {
      this.#stopping = 'eof';
      this.#server.close();
      this.#step('ignores-end-of-input');
    } else this.#escalate();
    return this.#gone;
  }

  /** The next signal follows where this one is ignored. */
  #step(ignored: 'ignores-end-of-input' | 'ignores-signals'): void {
    const { time } = this.#world;
    const host = this.#world.host(this.upstream);
    // Who stands still does not read the end of its input either.
    if (host.has(ignored) || host.has('hang-then-late')) time.after(GRACE_MS, () => this.#escalate());
    else time.after(EXIT_MS, () => this.#exit('exited with code 0'));
  }

  #escalate(): void {
    if (this.#isGone || this.#stopping === 'kill') return;
    if (this.#stopping === 'eof') {
      this.#stopping = 'term';
      this.#step('ignores-signals');
    } else {
      this.#stopping = 'kill';
      this.#world.time.after(EXIT_MS, () => this.#exit('was ended by SIGKILL'));
    }
  }

  #exit(how: string): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#leave();
    this.#server.close();
    this.#onGone();
    this.#world.trace.note(`${this.upstream} ${this.pid} ${how}`);
    const wasAsked = this.#stopping !== 'no';
    const exitCode = Number(/code (\d+)/.exec(how)?.[1] ?? -1);
    this.#listener.onClose(
      wasAsked
        ? undefined
        : new GatewayError('OMNI_UPSTREAM_EXITED', `"${this.upstream}" ${how}; it wrote nothing on stderr`, {
            data: { upstream: this.upstream, exitCode: exitCode < 0 ? null : exitCode },
          }),
    );
    this.#resolveGone();
  }
}
