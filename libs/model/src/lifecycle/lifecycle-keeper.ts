import type { CancelTimer, Clock, LifecycleSettings, Random } from '@omni/ports';
import { dueAt } from './due-at.ts';
import type { LifecycleExecutor, LifecycleHandle } from './lifecycle-owner.ts';
import { transition } from './transition.ts';
import type { UpstreamEvent, UpstreamRecord } from './upstream-state.ts';

export interface LifecycleKeeperOptions {
  readonly record: UpstreamRecord;
  readonly settings: LifecycleSettings;
  readonly clock: Clock;
  readonly random: Random;
  readonly executor: LifecycleExecutor;
}

/** Keeps the record of one upstream: applies the life cycle to it, and its time. */
export class LifecycleKeeper implements LifecycleHandle {
  readonly #options: LifecycleKeeperOptions;
  #settings: LifecycleSettings;
  #record: UpstreamRecord;
  #cancelTimer: CancelTimer | undefined;
  readonly #queue: UpstreamEvent[] = [];
  #isBusy = false;
  #isReleased = false;

  constructor(options: LifecycleKeeperOptions) {
    this.#options = options;
    this.#settings = options.settings;
    this.#record = options.record;
  }

  get record(): UpstreamRecord {
    return this.#record;
  }

  /** What commands report while they are executed comes after what they were commanded by. */
  report(event: UpstreamEvent): void {
    this.#queue.push(event);
    if (/* guard: lifecycle/one-at-a-time */ this.#isBusy) return;
    this.#isBusy = true;
    try {
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) this.#apply(next);
    } finally {
      this.#isBusy = false;
    }
  }

  configure(settings: LifecycleSettings): void {
    this.#settings = settings;
    this.#arm();
  }

  release(): void {
    this.#isReleased = true;
    this.#cancelTimer?.();
  }

  #apply(event: UpstreamEvent): void {
    // guard: lifecycle/released
    if (this.#isReleased) return;
    const { clock, random, executor } = this.#options;
    const before = this.#record;
    const at = { now: clock.now(), random: random(), settings: this.#settings };
    const { record, commands, notes } = transition(before, event, at);
    this.#record = record;
    this.#arm();
    for (const command of commands) executor.execute(command);
    if (record !== before || notes.length > 0) executor.onChanged(record, notes);
  }

  #arm(): void {
    this.#cancelTimer?.();
    const at = dueAt(this.#record, this.#settings);
    if (at === null || this.#isReleased) return;
    const { clock } = this.#options;
    this.#cancelTimer = clock.after(Math.max(0, at - clock.now()), () => this.report({ kind: 'due' }));
  }
}
