import {
  type AdoptedUpstream,
  type LifecycleExecutor,
  type LifecycleHandle,
  LifecycleKeeper,
  type LifecycleNote,
  type LifecycleSettings,
  type UpstreamEvent,
  type UpstreamRecord,
} from '@omni/model';
import type { Clock, Millis, Random } from '@omni/ports';
import type { Decision } from './messages.ts';
import { isLeap } from './pause-watch.ts';
import { type RestoredRecord, withRestored } from './restorable.ts';

/** The way from an upstream on main to whoever decides about it. */
export interface Decider {
  /** Whether a coordinator decides; while none does, the upstream does so itself. */
  readonly isThere: boolean;
  /** Before something is decided on main: time that nobody has seen must not count. */
  lookAtClock(): void;
  adopt(upstream: SupervisedUpstream): void;
  configure(upstream: SupervisedUpstream): void;
  release(upstream: SupervisedUpstream): void;
  /** @returns Number of the fact. */
  ask(upstream: SupervisedUpstream, event: UpstreamEvent): number;
  onExecuted(upstream: SupervisedUpstream, before: UpstreamRecord, notes: readonly LifecycleNote[]): void;
}

export interface SupervisedUpstreamOptions {
  readonly id: number;
  readonly adopted: AdoptedUpstream;
  /** What counts from before this run. */
  readonly restored: RestoredRecord | undefined;
  readonly executor: LifecycleExecutor;
  readonly decider: Decider;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * One upstream on main. Its record is what was executed last, and that is what counts: what a coordinator has
 * decided and was not executed here has not happened.
 *
 * All that is to be done about it is done in order: what comes while a command is executed waits.
 */
export class SupervisedUpstream implements LifecycleHandle {
  readonly id: number;
  readonly name: string;
  readonly definition: string;
  readonly #options: SupervisedUpstreamOptions;
  #record: UpstreamRecord;
  #settings: LifecycleSettings;
  /** Decides while no coordinator does. */
  #lifecycle: LifecycleKeeper | undefined;
  /** Facts without a decision, oldest first. */
  readonly #undecided: { readonly sequence: number; readonly event: UpstreamEvent }[] = [];
  readonly #tasks: (() => void)[] = [];
  #isBusy = false;
  #isReleased = false;
  #hasMoved = false;
  /** Of the leaps of the clock that main has seen, what the coordinator has not taken out yet. */
  #leapMs: Millis = 0;
  /** Whether what was restored is still to be told, since its executor had no handle. */
  #isRestoredUntold: boolean;

  constructor(options: SupervisedUpstreamOptions) {
    const { id, adopted, restored, decider } = options;
    this.id = id;
    this.name = adopted.name;
    this.definition = adopted.definition;
    this.#options = options;
    this.#record = restored === undefined ? adopted.record : withRestored(adopted.record, restored);
    this.#isRestoredUntold = restored !== undefined;
    this.#settings = adopted.settings;
    if (decider.isThere) decider.adopt(this);
    else this.#keep();
  }

  get record(): UpstreamRecord {
    return this.#record;
  }

  get settings(): LifecycleSettings {
    return this.#settings;
  }

  /** Number of the oldest fact that nobody has decided. */
  get undecidedSince(): number | undefined {
    return this.#undecided[0]?.sequence;
  }

  report(event: UpstreamEvent): void {
    this.#options.decider.lookAtClock();
    this.#report(event);
  }

  /** The times of its record are later, or earlier. */
  shift(byMs: Millis): void {
    this.#report({ kind: 'shifted', byMs });
  }

  /** The clock has leapt while a coordinator decides, which sees that for itself if it lives. */
  onLeap(byMs: Millis): void {
    this.#leapMs += byMs;
  }

  #report(event: UpstreamEvent): void {
    // guard: coordinator/restored-first
    if (this.#isRestoredUntold) {
      this.#isRestoredUntold = false;
      this.#report({ kind: 'restored' });
    }
    this.#do(() => {
      if (this.#lifecycle !== undefined) return this.#lifecycle.report(event);
      this.#undecided.push({ sequence: this.#options.decider.ask(this, event), event });
    });
  }

  configure(settings: LifecycleSettings): void {
    this.#settings = settings;
    this.#do(() => {
      if (this.#lifecycle === undefined) this.#options.decider.configure(this);
      else this.#lifecycle.configure(settings);
    });
  }

  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#lifecycle?.release();
    this.#options.decider.release(this);
  }

  /**
   * Takes what counts from before this run, where nothing has been made of the present record yet.
   *
   * @returns Whether it was.
   */
  restore(restored: RestoredRecord): boolean {
    if (this.#hasMoved || this.#undecided.length > 0) return false;
    this.#do(() => {
      this.#record = withRestored(this.#record, restored);
      if (this.#lifecycle === undefined) {
        this.#options.decider.adopt(this);
        return this.#report({ kind: 'restored' });
      }
      this.#lifecycle.release();
      this.#keep().report({ kind: 'restored' });
    });
    return true;
  }

  decided({ fact, change, shiftedMs }: Decision): void {
    this.#do(() => {
      // Somebody else has decided about it meanwhile.
      if (this.#lifecycle !== undefined) return;
      if (fact !== null) this.#undecided.shift();
      this.#leapMs -= shiftedMs;
      if (change === null) return;
      const before = this.#record;
      const { executor } = this.#options;
      this.#record = change.record;
      for (const command of change.commands) executor.execute(command);
      this.#executed(before, change.notes);
    });
  }

  /** From now on it is decided here: first about what nobody has decided. */
  takeOver(): void {
    this.#do(() => {
      if (this.#lifecycle !== undefined) return;
      const lifecycle = this.#keep();
      const byMs = this.#leapMs;
      this.#leapMs = 0;
      // guard: coordinator/unseen-leap
      if (isLeap(byMs)) lifecycle.report({ kind: 'shifted', byMs });
      for (const { event } of this.#undecided.splice(0)) lifecycle.report(event);
    });
  }

  /** From now on a coordinator decides. */
  handOver(): void {
    this.#do(() => {
      if (this.#lifecycle === undefined) return;
      this.#lifecycle.release();
      this.#lifecycle = undefined;
      this.#leapMs = 0;
      this.#options.decider.adopt(this);
    });
  }

  #keep(): LifecycleKeeper {
    const { clock, random, executor } = this.#options;
    const settings = this.#settings;
    this.#lifecycle = new LifecycleKeeper({
      record: this.#record,
      settings,
      clock,
      random,
      executor: {
        execute: (command) => executor.execute(command),
        onChanged: (record, notes) => {
          const before = this.#record;
          this.#record = record;
          this.#executed(before, notes);
        },
      },
    });
    // Arms its time.
    this.#lifecycle.configure(settings);
    return this.#lifecycle;
  }

  #executed(before: UpstreamRecord, notes: readonly LifecycleNote[]): void {
    this.#hasMoved = true;
    this.#options.decider.onExecuted(this, before, notes);
    this.#options.executor.onChanged(this.#record, notes);
  }

  #do(task: () => void): void {
    this.#tasks.push(task);
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      for (let next = this.#tasks.shift(); next !== undefined; next = this.#tasks.shift())
        if (!this.#isReleased) next();
    } finally {
      this.#isBusy = false;
    }
  }
}
