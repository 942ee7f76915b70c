import {
  type ChannelListener,
  type ChildChannel,
  type ChildLauncher,
  type ChildSpec,
  GatewayError,
  type Logger,
  silentLogger,
} from '@omni/ports';
import { childEnvironment } from './child-environment.ts';
import { ChildProcessChannel } from './child-process-channel.ts';
import { childMark, createOwnerMark, endEscaped } from './orphan-sweep.ts';
import { ownCgroup } from './child-cgroup.ts';
import { ChildFamily } from './child-family.ts';
import { DescendantFollower } from './descendant-follower.ts';
import { Reaper } from './reaper.ts';
import { startable } from './startable.ts';

/** Settings of {@link NodeChildLauncher}. */
export interface NodeChildLauncherOptions {
  /** How long a child may take to end after the end of its input, and again after SIGTERM. Default 2,000. */
  readonly graceMs?: number;
  /** Bytes that may wait for one child to read them. Default 16 MiB. */
  readonly maxBacklogBytes?: number;
  /** Whether each child gets a cgroup where one can be had. Default `true`. */
  readonly cgroups?: boolean;
  readonly logger?: Logger;
}

/** Starts children with Node's `child_process`, watched by a {@link Reaper}. */
export class NodeChildLauncher implements ChildLauncher {
  readonly #graceMs: number;
  readonly #maxBacklogBytes: number;
  readonly #owner = createOwnerMark();
  readonly #reaper: Reaper;
  readonly #follower = new DescendantFollower();
  readonly #cgroupParent: string | undefined;
  #lastSerial = 0;
  readonly #channels = new Set<ChildChannel>();
  #isClosed = false;

  constructor(options: NodeChildLauncherOptions = {}) {
    this.#graceMs = options.graceMs ?? 2_000;
    this.#maxBacklogBytes = options.maxBacklogBytes ?? 16 * 1_048_576;
    this.#reaper = new Reaper(this.#owner, options.logger ?? silentLogger);
    this.#cgroupParent = options.cgroups === false ? undefined : ownCgroup();
  }

  /** The process that ends the children when Omni dies; `undefined` before the first child. */
  get reaperPid(): number | undefined {
    return this.#reaper.pid;
  }

  launch(spec: ChildSpec, listener: ChannelListener): ChildChannel {
    // guard: child/after-close
    if (this.#isClosed) return refuse(spec, listener);
    this.#reaper.start();
    const mark = childMark(this.#owner, (this.#lastSerial += 1));
    const channel: ChildChannel = new ChildProcessChannel(spec, listener, {
      environment: environmentOf(spec.env, mark),
      graceMs: this.#graceMs,
      maxBacklogBytes: this.#maxBacklogBytes,
      familyOf: (leader) =>
        new ChildFamily({
          leader,
          mark,
          follower: this.#follower,
          reaper: this.#reaper,
          cgroupParent: this.#cgroupParent,
        }),
      onGone: () => this.#channels.delete(channel),
    });
    this.#channels.add(channel);
    return channel;
  }

  startable({
    command,
    cwd,
    env,
  }: Parameters<NonNullable<ChildLauncher['startable']>>[0]): Promise<string | undefined> {
    const environment = environmentOf(env, this.#owner);
    return startable({ command, environment, ...(cwd !== undefined && { cwd }) });
  }

  /** A second call goes to the next, harder step at once. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#channels].map((channel) => channel.close()));
    await this.#reaper.close();
    // guard: child/escaped-at-close
    endEscaped(this.#owner);
  }
}

function environmentOf(added: Readonly<Record<string, string>>, owner: string): Record<string, string> {
  return childEnvironment({ own: process.env, added, owner, ignoresCase: process.platform === 'win32' });
}

/** A channel that was never open: a child started now would outlive the launcher. */
function refuse(spec: ChildSpec, listener: ChannelListener): ChildChannel {
  queueMicrotask(() =>
    listener.onClose(
      new GatewayError('OMNI_UPSTREAM_SPAWN_FAILED', `Cannot start "${spec.upstream}": Omni is stopping`),
    ),
  );
  return { pid: undefined, send: () => false, close: () => Promise.resolve() };
}
