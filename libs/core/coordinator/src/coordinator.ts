import {
  LifecycleKeeper,
  type LifecycleKeeperOptions,
  type LifecycleSettings,
  type UpstreamCommand,
  type UpstreamEvent,
  type UpstreamRecord,
} from '@omni/model';
import type { Clock, Random, RolePort, RoleProgram, StateStore } from '@omni/ports';
import { clockWith } from './clock-with.ts';
import type { Change, CoordinatorData, FromCoordinator, ToCoordinator } from './messages.ts';
import { PauseWatch } from './pause-watch.ts';
import { BEAT_MS } from './role-monitor.ts';
import { StoreWork } from './store-work.ts';

export interface CoordinatorOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** @param store - What supervision was given for it. Absent: nothing is remembered over restarts. */
  readonly openStore?: (store: unknown) => Promise<StateStore>;
}

/** The program of the role that decides the life of upstreams and writes what is remembered of them. */
export function coordinatorProgram(options: CoordinatorOptions): RoleProgram {
  return (port) => {
    const coordinator = new Coordinator(options, port);
    port.onMessage(coordinator.take);
    return () => coordinator.end();
  };
}

/**
 * Owns the records of upstreams: every fact gets one decision, at once, and time is kept here. What is
 * written is what main has executed; deciding never waits for it.
 */
class Coordinator {
  readonly #port: RolePort;
  readonly #data: CoordinatorData;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #pause: PauseWatch;
  readonly #mark: Int32Array | undefined;
  readonly #store: StoreWork;
  readonly #upstreams = new Map<number, DecidedUpstream>();
  #decided = 0;
  #isOver = false;

  constructor({ clock, random, openStore }: CoordinatorOptions, port: RolePort) {
    this.#port = port;
    // Holds: both sides are this library.
    this.#data = port.data as CoordinatorData;
    this.#clock = clock;
    this.#random = random;
    this.#pause = new PauseWatch(clock, BEAT_MS);
    this.#mark = this.#data.mark === null ? undefined : new Int32Array(this.#data.mark);
    this.#store = new StoreWork({
      data: this.#data,
      clock,
      openStore,
      tell: (message) => this.#tell(message),
    });
    this.#tell({ kind: 'ready' });
    if (this.#data.mayOpenStore) this.#store.open();
  }

  readonly take = (message: unknown): void => {
    // Holds: both sides are this library.
    const told = message as ToCoordinator;
    switch (told.kind) {
      case 'adopt':
        return this.#adopt(told.id, told.record, told.settings);
      case 'configure':
        return this.#upstreams.get(told.id)?.lifecycle.configure(told.settings);
      case 'release':
        return this.#release(told.id);
      case 'fact':
        this.#lookAtClock();
        return this.#decide(told.id, told.sequence, told.event);
      case 'beat':
        this.#shift(this.#pause.tick());
        return this.#store.beat(told.number);
      case 'openStore':
        return this.#store.open();
      case 'write':
        return this.#store.write(told.batch);
      case 'published':
        return this.#store.published(told.sequence);
      case 'list':
        return this.#store.saveList(told.list);
      case 'call':
        return this.#store.call(told.number, told.ask);
      case 'configuration':
        return this.#store.configuration(told.number, told.ask);
    }
  };

  end(): void {
    this.#isOver = true;
    for (const id of [...this.#upstreams.keys()]) this.#release(id);
    this.#store.close();
  }

  #tell(message: FromCoordinator): void {
    this.#port.post(message);
  }

  #adopt(id: number, record: UpstreamRecord, settings: LifecycleSettings): void {
    this.#release(id);
    const clock = this.#lifecycleClock(id);
    const upstream = new DecidedUpstream({ record, settings, random: this.#random, clock });
    this.#upstreams.set(id, upstream);
    // Arms its time.
    upstream.lifecycle.configure(settings);
  }

  #release(id: number): void {
    this.#upstreams.get(id)?.lifecycle.release();
    this.#upstreams.delete(id);
  }

  /** Time of a life cycle: what it does when a timer fires is a decision like others. */
  #lifecycleClock(id: number): Clock {
    return clockWith(this.#clock, (action) => {
      this.#lookAtClock();
      this.#handle(id, null, action);
    });
  }

  #lookAtClock(): void {
    this.#shift(this.#pause.look());
  }

  #shift(byMs: number): void {
    if (byMs === 0) return;
    for (const id of this.#upstreams.keys()) this.#decide(id, null, { kind: 'shifted', byMs });
  }

  #decide(id: number, fact: number | null, event: UpstreamEvent): void {
    const upstream = this.#upstreams.get(id);
    // What is told of one that was released has crossed that on its way.
    const shiftedMs = event.kind === 'shifted' ? event.byMs : 0;
    this.#handle(id, fact, () => upstream?.lifecycle.report(event), shiftedMs);
  }

  #handle(id: number, fact: number | null, decide: () => void, shiftedMs = 0): void {
    if (this.#isOver) return;
    this.#markHandled(id);
    decide();
    const change = this.#upstreams.get(id)?.takeChange() ?? null;
    this.#markHandled(0);
    if (fact === null && change === null) return;
    const { epoch } = this.#data;
    this.#tell({ kind: 'decision', epoch, number: ++this.#decided, id, fact, change, shiftedMs });
  }

  #markHandled(id: number): void {
    if (this.#mark !== undefined) Atomics.store(this.#mark, 0, id);
  }
}

/** A record, and what the last event made of it. */
class DecidedUpstream {
  readonly lifecycle: LifecycleKeeper;
  #commands: UpstreamCommand[] = [];
  #change: Change | null = null;

  constructor(options: Omit<LifecycleKeeperOptions, 'executor'>) {
    this.lifecycle = new LifecycleKeeper({
      ...options,
      executor: {
        execute: (command) => void this.#commands.push(command),
        onChanged: (record, notes) => {
          this.#change = { record, notes, commands: this.#commands };
        },
      },
    });
  }

  takeChange(): Change | null {
    const change =
      this.#change ??
      (this.#commands.length === 0
        ? null
        : { record: this.lifecycle.record, notes: [], commands: this.#commands });
    this.#change = null;
    this.#commands = [];
    return change;
  }
}
