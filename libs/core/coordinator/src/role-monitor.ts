import type { CancelTimer, Clock, Millis, Role, RoleHost } from '@omni/ports';
import { ReplacementPace } from './replacement-pace.ts';

/** From one beat to the next. */
export const BEAT_MS = 500;
/** A role that has not answered for this long is stuck. */
const STUCK_MS = 3_000;
/** How long a role may take until it is ready: long, since a busy machine may be slow to load it. */
const START_MS = 30_000;

/** An orderly end may take this long; a role that takes longer is stuck. */
const ENDING_MS = 2_000;

export interface RoleMonitorOptions {
  readonly host: RoleHost;
  readonly clock: Clock;
  /** @param mayOpenStore - Whether nothing of a predecessor runs any more. */
  readonly dataFor: (epoch: number, mayOpenStore: boolean) => unknown;
  readonly onMessage: (message: unknown, epoch: number) => void;
  /** It is gone, or as good as that; another one follows, unless the monitor is stopped. */
  readonly onLost: (reason: string) => void;
  /** Nothing of any predecessor runs any more. */
  readonly onPredecessorGone: () => void;
  /** Called every {@link BEAT_MS} while there is anything to watch or to wait for. */
  readonly onTick: () => void;
}

interface LiveRole {
  readonly epoch: number;
  readonly role: Role;
  readonly startedMs: Millis;
  isReady: boolean;
  answeredMs: Millis;
  beat: number;
}

/**
 * Keeps one role alive: looks whether it answers, ends one that does not, and starts the next.
 *
 * Time that this side was itself not running is not held against the role.
 */
export class RoleMonitor {
  readonly #options: RoleMonitorOptions;
  readonly #pace = new ReplacementPace();
  #live: LiveRole | undefined;
  #epoch = 0;
  #replacements = 0;
  /** Roles that were told to end and have not. */
  #ending = 0;
  #tickedMs: Millis = 0;
  #cancelTick: CancelTimer | undefined;
  #cancelStart: CancelTimer | undefined;
  #tellAnswered: (() => void) | undefined;
  #isOver = false;

  constructor(options: RoleMonitorOptions) {
    this.#options = options;
  }

  get epoch(): number {
    return this.#epoch;
  }

  /** How often one role has followed another. */
  get replacements(): number {
    return this.#replacements;
  }

  get isReady(): boolean {
    return this.#live?.isReady === true;
  }

  /** Roles that cannot be ended: threads inside a system call. */
  get ending(): number {
    return this.#ending;
  }

  start(): void {
    this.#tickedMs = this.#options.clock.monotonicMs();
    this.#tick();
    this.#startRole();
  }

  post(message: unknown): void {
    this.#live?.role.post(message);
  }

  /** To be called for each message that says so. */
  ready(): void {
    if (this.#live === undefined) return;
    this.#live.isReady = true;
    this.#live.answeredMs = this.#options.clock.monotonicMs();
  }

  answered(number: number): void {
    if (this.#live === undefined) return;
    this.#live.answeredMs = this.#options.clock.monotonicMs();
    if (number >= this.#live.beat) this.#tellAnswered?.();
  }

  /** Resolves when the role has done what it was asked for by now; never, when there is none. */
  async whenAnswered(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#tellAnswered = resolve;
      if (this.#live !== undefined) this.#beat(this.#live);
    });
  }

  /** What it says or does shows that it cannot go on. */
  lose(reason: string): void {
    const live = this.#live;
    if (live === undefined) return;
    this.#live = undefined;
    this.#end(live);
    this.#onLost(live, reason);
  }

  /** @returns Resolves when the role is gone, which may be never. */
  async stop(): Promise<void> {
    this.#isOver = true;
    this.#cancelTick?.();
    this.#cancelStart?.();
    const live = this.#live;
    this.#live = undefined;
    if (live === undefined) return;
    let isStuck = false;
    const cancel = this.#options.clock.after(/* guard: coordinator/orderly-end */ ENDING_MS, () => {
      isStuck = true;
      this.#ending++;
    });
    await live.role.terminate();
    cancel();
    if (isStuck) this.#ending--;
  }

  #startRole(): void {
    const { host, clock, dataFor, onMessage } = this.#options;
    const epoch = ++this.#epoch;
    const startedMs = clock.monotonicMs();
    // A role in this loop may speak, or end, before it is known here.
    const slot: { live?: LiveRole } = {};
    const early: (() => void)[] = [];
    const whenLive = (action: (live: LiveRole) => void): void => {
      const { live } = slot;
      if (live === undefined) early.push(() => whenLive(action));
      else if (/* guard: coordinator/old-role */ this.#live === live) action(live);
    };
    const role = host.start(dataFor(epoch, this.#ending === 0), {
      onMessage: (message) => whenLive(() => onMessage(message, epoch)),
      onExit: (reason) => whenLive((live) => this.#onLost(live, reason)),
    });
    slot.live = { epoch, role, startedMs, isReady: false, answeredMs: startedMs, beat: 0 };
    this.#live = slot.live;
    for (const action of early) action();
  }

  #tick(): void {
    const { clock, onTick } = this.#options;
    const now = clock.monotonicMs();
    const lateMs = now - this.#tickedMs - BEAT_MS;
    this.#tickedMs = now;
    const live = this.#live;
    if (live !== undefined) {
      // guard: coordinator/own-pause
      if (lateMs > BEAT_MS) live.answeredMs += lateMs;
      this.#watch(live, now);
    }
    onTick();
    this.#cancelTick = clock.after(BEAT_MS, () => this.#tick());
  }

  #watch(live: LiveRole, now: Millis): void {
    const silentMs = now - live.answeredMs;
    if (!live.isReady) {
      if (silentMs >= START_MS) this.lose(`was not ready after ${START_MS / 1_000} s`);
      return;
    }
    if (silentMs >= STUCK_MS) return this.lose(`has not answered for ${STUCK_MS / 1_000} s`);
    this.#beat(live);
  }

  #beat(live: LiveRole): void {
    live.beat++;
    live.role.post({ kind: 'beat', number: live.beat });
  }

  #end({ role }: LiveRole): void {
    this.#ending++;
    void role.terminate().then(() => {
      this.#ending--;
      if (this.#ending === 0 && this.#live !== undefined) this.#options.onPredecessorGone();
    });
  }

  #onLost(live: LiveRole, reason: string): void {
    const { clock, onLost } = this.#options;
    const now = clock.monotonicMs();
    this.#live = undefined;
    onLost(reason);
    if (this.#isOver) return;
    this.#pace.lived(now - live.startedMs);
    this.#cancelStart = clock.after(this.#pace.next(now), () => {
      this.#replacements++;
      this.#startRole();
    });
  }
}
