import type { GatewayUpstream, MasterServer } from '@omni/container';
import type { Conditions } from './checks/conditions.ts';
import type { SimulatedTime } from './engine/simulated-time.ts';
import type { Trace } from './engine/trace.ts';
import { type Fault, type FaultKind, MOMENTARY, WORLD_FAULT_KINDS } from './world/fault-kinds.ts';
import type { CoordinatorHost } from './world/coordinator-host.ts';
import type { VirtualDisk } from './world/virtual-disk.ts';
import type { World } from './world/world.ts';

/** How long the process stands still. */
const FREEZE_MS = 7_000;
const HOUR_MS = 3_600_000;
/** How long the machine sleeps. */
const SLEEP_MS = 600_000;
/** A coordinator that stands still for less than this may not be found to. */
const STUCK_MS = 4_500;
/** A coordinator looks at the clock twice a second. */
const SEES_LEAP_MS = 1_000;
/** By when one that hangs is replaced. */
const TAKEN_OVER_MS = 12_000;

export interface FaultPlayerOptions {
  readonly time: SimulatedTime;
  readonly trace: Trace;
  readonly conditions: Conditions;
  readonly world: World;
  readonly server: MasterServer;
  readonly definitions: readonly GatewayUpstream[];
  readonly coordinator: CoordinatorHost;
  readonly disk: VirtualDisk;
  readonly onPowerCut: () => void;
  /** An admin switches a server off, or on again. */
  readonly onAdmin: (host: string, isOff: boolean) => void;
}

/** Lets the faults of a scenario happen. */
export class FaultPlayer {
  readonly #options: FaultPlayerOptions;
  readonly #off = new Map<string, number>();
  readonly #offByAdmin = new Map<string, number>();
  readonly #removed = new Map<string, number>();
  readonly #revisions = new Map<string, number>();
  /** When there was no coordinator that could have seen anything. */
  readonly #absences: { readonly fromMs: number; readonly untilMs: number }[] = [];
  #full = 0;
  #failing = 0;
  #frozenMs = 0;
  #appliedMs = -1;
  #isOver = false;

  constructor(options: FaultPlayerOptions) {
    this.#options = options;
  }

  /** When definitions were changed last. */
  get appliedMs(): number {
    return this.#appliedMs;
  }

  /** For how long the process has stood still. */
  get frozenMs(): number {
    return this.#frozenMs;
  }

  /** Whether a coordinator has had the time to see that the clock leapt then, or main has taken over. */
  isLeapSeen(atMs: number): boolean {
    const { nowMs } = this.#options.time;
    return this.#absences.every(
      ({ fromMs, untilMs }) =>
        atMs + SEES_LEAP_MS < fromMs || atMs > untilMs || nowMs > fromMs + TAKEN_OVER_MS,
    );
  }

  play(faults: readonly Fault[]): void {
    const { time } = this.#options;
    for (const fault of faults) time.after(fault.atMs - time.nowMs, () => this.#begin(fault));
  }

  /** Nothing is wrong from now on but what lasts for good. */
  async end(core: readonly string[], forGood: (host: string) => FaultKind): Promise<void> {
    this.#isOver = true;
    this.#off.clear();
    this.#removed.clear();
    for (const host of this.#options.world.hosts) host.heal();
    this.#options.coordinator.release();
    this.#options.disk.isFull = false;
    this.#options.disk.failsEach = 0;
    // Whoever was given up comes back when somebody changes its definition.
    const givenUp = this.#options.server.upstreams().filter(({ state }) => state === 'disabled');
    await this.#apply();
    // What an admin has switched off stays so until an admin switches it on.
    for (const name of this.#offByAdmin.keys()) if (core.includes(name)) this.#options.onAdmin(name, false);
    await this.#apply(Object.fromEntries(givenUp.map(({ name }) => [name, 1])));
    for (const host of this.#options.world.hosts) {
      if (core.includes(host.name)) continue;
      host.begin(forGood(host.name));
      host.endAll('exited with code 9');
    }
    this.#catchUp();
  }

  #begin(fault: Fault): void {
    if (this.#isOver) return;
    const { kind, host: name, forMs } = fault;
    const { trace, conditions, world } = this.#options;
    const host = world.host(name);
    trace.note(`fault ${kind} at ${name} for ${forMs} ms`);
    if (isOfWorld(kind)) {
      conditions.reach(`fault:${kind}`);
      return this.#beginOfWorld(kind, fault);
    }
    conditions.reach(`fault:${kind} ${host.plan.transport}`);
    switch (kind) {
      case 'exit-code':
        return host.endAll('exited with code 2');
      case 'exit-zero':
        return host.endAll('exited with code 0');
      case 'exit-signal':
        return host.endAll('was ended by SIGSEGV');
      case 'closed-by-peer':
        return host.endAll('closed in good order');
      case 'forgets-sessions':
        return void host.sessionsSince++;
      case 'list-changes':
        host.changeList();
        for (const channel of world.channels(name)) channel.announceList();
        return;
      default:
        this.#beginLasting(kind, fault);
    }
  }

  #beginLasting(kind: FaultKind, { host: name, forMs }: Fault): void {
    const { world, time } = this.#options;
    const host = world.host(name);
    host.begin(kind);
    if (ENDS_WHAT_RUNS.has(kind)) host.endAll('exited with code 1');
    if (kind === 'list-storm') for (const channel of world.channels(name)) channel.beginStorm();
    if (kind === 'flapping') this.#flap(name);
    time.after(forMs, () => {
      if (this.#isOver) return;
      host.end(kind);
      for (const channel of world.channels(name)) channel.catchUp();
    });
  }

  /** Its connections break whenever it goes away. */
  #flap(name: string): void {
    const { world, time } = this.#options;
    const host = world.host(name);
    if (!host.has('flapping')) return;
    if (host.isAway) host.endAll('exited with code 6');
    time.after(10_000, () => this.#flap(name));
  }

  #beginOfWorld(kind: Fault['kind'], fault: Fault): void {
    const { host, forMs, atMs } = fault;
    const { time, coordinator, disk } = this.#options;
    switch (kind) {
      case 'coordinator-dies':
        this.#absences.push({ fromMs: time.nowMs, untilMs: time.nowMs });
        return coordinator.die();
      case 'coordinator-hangs': {
        const hangsMs = Math.max(forMs, STUCK_MS);
        this.#absences.push({ fromMs: time.nowMs, untilMs: time.nowMs + hangsMs });
        coordinator.hang();
        time.after(hangsMs, () => coordinator.release());
        return;
      }
      case 'disk-full':
        return this.#meanwhile(forMs, (by) => (disk.isFull = (this.#full += by) > 0));
      case 'disk-fails':
        // Every write, every second one, or now and then.
        return this.#meanwhile(
          forMs,
          (by) => (disk.failsEach = (this.#failing += by) > 0 ? 1 + (atMs % 4) : 0),
        );
      case 'power-cut':
        return this.#options.onPowerCut();
      case 'freeze':
        this.#frozenMs += FREEZE_MS;
        return time.freeze(FREEZE_MS);
      case 'clock-forward':
        return time.shiftWallClock(HOUR_MS);
      case 'clock-back':
        return time.shiftWallClock(-HOUR_MS);
      case 'suspend':
        return time.shiftWallClock(SLEEP_MS);
      case 'switched-off':
        return this.#during(this.#off, fault, () => this.#apply());
      case 'admin-off':
        // What the definition says meanwhile does not count.
        time.after(forMs / 3, () => {
          if (!this.#isOver) this.#during(this.#off, { host, forMs: forMs / 3 }, () => this.#apply());
        });
        return this.#during(this.#offByAdmin, fault, () =>
          this.#options.onAdmin(host, this.#offByAdmin.has(host)),
        );
      case 'removed':
        return this.#during(this.#removed, fault, () => this.#apply());
      case 'redefined':
        this.#revisions.set(host, (this.#revisions.get(host) ?? 0) + 1);
        return void this.#apply();
      default:
        return void this.#apply({ [host]: 1 });
    }
  }

  #meanwhile(forMs: number, change: (by: number) => void): void {
    change(1);
    this.#options.time.after(forMs, () => {
      if (!this.#isOver) change(-1);
    });
  }

  #during(
    state: Map<string, number>,
    { host, forMs }: Pick<Fault, 'host' | 'forMs'>,
    apply: () => unknown,
  ): void {
    state.set(host, (state.get(host) ?? 0) + 1);
    apply();
    this.#options.time.after(forMs, () => {
      if (this.#isOver) return;
      const left = (state.get(host) ?? 1) - 1;
      if (left > 0) state.set(host, left);
      else state.delete(host);
      apply();
    });
  }

  /** @param changed - Servers whose settings change without a new connection. */
  async #apply(changed: Readonly<Record<string, number>> = {}): Promise<void> {
    const { server, definitions, time } = this.#options;
    this.#appliedMs = time.nowMs;
    await server.apply(
      definitions
        .filter(({ name }) => !this.#removed.has(name))
        .map((definition) => ({
          ...definition,
          transport: this.#transportOf(definition),
          ...(definition.name in changed && { callTimeoutMs: definition.callTimeoutMs + 1 }),
          ...(this.#off.has(definition.name) && { enabled: false, disabledReason: 'by the simulation' }),
        })),
    );
  }

  /** A server whose transport differs is another one. */
  #transportOf({ name, transport }: GatewayUpstream): GatewayUpstream['transport'] {
    const revision = this.#revisions.get(name);
    if (revision === undefined) return transport;
    switch (transport.kind) {
      case 'stdio':
        return { ...transport, args: [`revision ${revision}`] };
      case 'http':
        return { ...transport, url: `${transport.url}?revision=${revision}` };
      case 'websocket':
        return { ...transport, url: `${transport.url}?revision=${revision}` };
      default:
        return transport;
    }
  }

  #catchUp(): void {
    const { world } = this.#options;
    for (const { name } of world.hosts) for (const channel of world.channels(name)) channel.catchUp();
  }
}

/** Of these nothing that ran before goes on. */
const ENDS_WHAT_RUNS: ReadonlySet<FaultKind> = new Set<FaultKind>([
  'exit-at-spawn',
  'exit-at-handshake',
  'missing-command',
  'not-executable',
  'missing-folder',
  'too-many-processes',
  'no-memory',
  'refuse',
  'throws-in-open',
  'refuses-handshake',
  'hang-at-handshake',
]);

const OF_WORLD: ReadonlySet<string> = new Set(WORLD_FAULT_KINDS);

function isOfWorld(kind: Fault['kind']): kind is (typeof WORLD_FAULT_KINDS)[number] {
  return OF_WORLD.has(kind);
}

/** Whether a fault lasts. */
export function lasts({ kind }: Fault): boolean {
  return !MOMENTARY.has(kind);
}
