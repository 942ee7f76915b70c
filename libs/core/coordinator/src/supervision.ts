import {
  type AdoptedUpstream,
  type LifecycleExecutor,
  type LifecycleHandle,
  type LifecycleNote,
  type LifecycleOwner,
  project,
  type UpstreamEvent,
  type UpstreamRecord,
} from '@omni/model';
import type {
  CancelTimer,
  Clock,
  ComponentStatus,
  Logger,
  Millis,
  OutsideDefinition,
  Random,
  RoleHost,
  StoredList,
  StoredUpstream,
} from '@omni/ports';
import type { CallMemory, ConfigurationMemory, SupervisionObserver, UpstreamNote } from './collaborators.ts';
import { clockWith } from './clock-with.ts';
import { Journal } from './journal.ts';
import { KeptCalls } from './kept-calls.ts';
import { KeptConfiguration } from './kept-configuration.ts';
import { ListShelf } from './list-shelf.ts';
import type { CoordinatorData, Decision, FromCoordinator, StoreFailure, ToCoordinator } from './messages.ts';
import { PauseWatch } from './pause-watch.ts';
import { BEAT_MS, RoleMonitor } from './role-monitor.ts';
import { restorable, type RestoredRecord } from './restorable.ts';
import { stateRowOf } from './stored-forms.ts';
import { type Decider, SupervisedUpstream } from './supervised-upstream.ts';

export interface SupervisionOptions {
  readonly host: RoleHost;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly observer: Partial<SupervisionObserver>;
  /** Of this run of Omni, unique among all; at most 60 characters. */
  readonly run: string;
  /** What the program of the host opens its store by: plain data. Absent: nothing is remembered. */
  readonly store?: unknown;
  /** From one look at what is defined in the store to the next. Default: 30 s. */
  readonly scanMs?: Millis;
  /** How long the health log goes back. Default: 90 days. */
  readonly retentionMs?: Millis;
}

/** How long a start waits for what was stored. */
const STORE_WAIT_MS = 2_500;
/** How long the end of the coordinator may take. */
const END_MS = 5_000;
/** Most facts that wait for their decision. */
const MAX_UNDECIDED = 10_000;
/** Deaths during which an upstream was handled that are no chance any more. */
const MOST_DEATHS = 2;
const SCAN_MS = 30_000;
const RETENTION_MS = 90 * 86_400_000;

/**
 * Owns the records of upstreams on behalf of a coordinator that may die: facts go to it, its decisions are
 * executed here, in order. While there is none, main decides by the same rules, and keeps a journal for the
 * next one. No call waits for any of this.
 */
export class Supervision implements LifecycleOwner {
  readonly #options: SupervisionOptions;
  readonly #monitor: RoleMonitor;
  readonly #journal: Journal | undefined;
  readonly #lists: ListShelf;
  readonly #keptCalls: KeptCalls;
  readonly #keptConfiguration: KeptConfiguration;
  readonly #upstreams = new Map<number, SupervisedUpstream>();
  /** Who has the place of a name. */
  readonly #byName = new Map<string, SupervisedUpstream>();
  readonly #mark: SharedArrayBuffer | null;
  readonly #deaths = new Map<number, number>();
  readonly #pause: PauseWatch;
  #isCoordinated = false;
  #lastId = 0;
  #facts = 0;
  #undecided = 0;
  #decisions = 0;
  #refused = 0;
  #noted = 0;
  /** What earlier runs have stored of upstreams that have not come yet. */
  readonly #stored = new Map<string, StoredUpstream>();
  #hasRead = false;
  /** Code of why the store could not be opened last. */
  #storeFailure: string | undefined;
  /** What was stored in an earlier run has been taken, or is not waited for. */
  #isRestored: boolean;
  #tellRestored: (() => void) | undefined;
  #awaySince: { readonly ms: Millis; readonly reason: string } | undefined;
  #since: Millis;
  #isStopping = false;

  constructor(options: SupervisionOptions) {
    const { host, clock, run, store } = options;
    const hasStore = store !== undefined;
    this.#options = options;
    this.#mark = host.sharesMemory ? new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT) : null;
    this.#isRestored = !hasStore;
    this.#pause = new PauseWatch(clock, BEAT_MS);
    this.#since = clock.now();
    this.#lists = new ListShelf((list) => this.#post({ kind: 'list', list }));
    this.#keptCalls = new KeptCalls({
      hasStore,
      send: (number, ask) => this.#post({ kind: 'call', number, ask }),
    });
    this.#keptConfiguration = new KeptConfiguration({
      hasStore,
      send: (number, ask) => this.#post({ kind: 'configuration', number, ask }),
    });
    this.#journal = hasStore
      ? new Journal({
          run,
          clock,
          send: (batch) => this.#post({ kind: 'write', batch }),
          tell: (note, isPersisted) => options.observer.onNote?.(note, isPersisted),
          acknowledge: (sequence) => this.#post({ kind: 'published', sequence }),
        })
      : undefined;
    this.#monitor = new RoleMonitor({
      host,
      clock,
      dataFor: (epoch, mayOpenStore) => this.#dataFor(epoch, mayOpenStore),
      onMessage: (message, epoch) => this.#onMessage(message, epoch),
      onLost: (reason) => this.#onLost(reason),
      onPredecessorGone: () => this.#post({ kind: 'openStore' }),
      onTick: () => this.#onTick(),
    });
  }

  /**
   * Starts the coordinator. Upstreams that have been adopted by now get what was stored of them.
   *
   * @returns Resolves when that has been done, or takes too long.
   */
  async start(): Promise<void> {
    this.#monitor.start();
    if (this.#isRestored) return;
    await new Promise<void>((resolve) => {
      const cancel = this.#options.clock.after(STORE_WAIT_MS, () => this.#restored());
      this.#tellRestored = () => {
        cancel();
        resolve();
      };
    });
  }

  /** From now on main decides: whatever ends with the gateway waits for nobody. */
  hold(): void {
    this.#isStopping = true;
    this.#takeOver();
  }

  /**
   * Writes what is not written, as long as that may take, and ends the coordinator.
   *
   * @returns Resolves a few seconds after the deadline at the latest: a thread may be inside a system call.
   */
  async stop(deadlineMs: Millis): Promise<void> {
    this.hold();
    await this.#within(deadlineMs, this.#written());
    this.#journal?.stop();
    // Requests may have had all of the time: an orderly end needs some, too.
    // guard: coordinator/end-grace
    await this.#within(END_MS, this.#monitor.stop());
  }

  async #within(ms: Millis, work: Promise<void>): Promise<void> {
    let cancel: CancelTimer | undefined;
    const over = new Promise<void>((resolve) => (cancel = this.#options.clock.after(ms, resolve)));
    await Promise.race([work, over]);
    cancel?.();
  }

  async #written(): Promise<void> {
    if (this.#journal === undefined) return;
    await this.#journal.whenStored();
    await this.#keptCalls.whenStored();
    await this.#keptConfiguration.whenStored();
    // Also that it was told.
    if (this.#monitor.isReady) await this.#monitor.whenAnswered();
  }

  /** Threads that could not be ended: the process cannot end by itself then. */
  get isStuck(): boolean {
    return this.#monitor.ending > 0;
  }

  adopt(adopted: AdoptedUpstream, executor: LifecycleExecutor): LifecycleHandle {
    const { random } = this.#options;
    const id = ++this.#lastId;
    const clock = clockWith(this.#options.clock, (action) => {
      this.#lookAtClock();
      action();
    });
    const decider = this.#decider;
    // Defined in the store, for example: it comes when that has been read.
    const restored = this.#takeStored(adopted);
    const upstream = new SupervisedUpstream({ id, adopted, restored, executor, clock, random, decider });
    this.#upstreams.set(id, upstream);
    this.#byName.set(upstream.name, upstream);
    return upstream;
  }

  /**
   * Upstreams that are defined outside of the store have rows there from now on, before anything else is
   * written of them.
   *
   * @param removed - Names of those that are not defined any more.
   */
  define(definitions: readonly OutsideDefinition[], removed: readonly string[]): void {
    this.#journal?.define(definitions, removed);
  }

  /** Where calls are remembered that must not be made twice. */
  get keptCalls(): CallMemory {
    return this.#keptCalls;
  }

  /** Where configurations and overrides are kept. */
  get configurationMemory(): ConfigurationMemory {
    return this.#keptConfiguration;
  }

  /** Keeps a list for the next start; nothing where there is no store. */
  saveList(list: StoredList): void {
    if (this.#journal !== undefined) this.#lists.put(list);
  }

  getStatus(): ComponentStatus {
    const { epoch, replacements, ending, isReady } = this.#monitor;
    const store = this.#journal?.status ?? 'none';
    // Main does for the first one what it does at any time: nothing is amiss before it is there.
    const isThere = isReady || (epoch <= 1 && this.#awaySince === undefined);
    const isWell = isThere && ending === 0 && (store === 'none' || store === 'open');
    return {
      level: isWell ? 'ok' : 'warn',
      details: {
        epoch,
        decides: this.#isCoordinated ? 'coordinator' : 'main',
        replacements,
        ending,
        refusedDecisions: this.#refused,
        store,
        unwrittenNotes: this.#journal?.waiting ?? 0,
      },
      since: this.#since,
    };
  }

  readonly #decider: Decider = this.#makeDecider();

  #makeDecider(): Decider {
    const isCoordinated = (): boolean => this.#isCoordinated;
    return {
      get isThere() {
        return isCoordinated();
      },
      lookAtClock: () => this.#lookAtClock(),
      adopt: ({ id, record, settings }) => this.#post({ kind: 'adopt', id, record, settings }),
      configure: ({ id, settings }) => this.#post({ kind: 'configure', id, settings }),
      release: (upstream) => this.#release(upstream),
      ask: (upstream, event) => this.#ask(upstream, event),
      onExecuted: (upstream, before, notes) => this.#onExecuted(upstream, before, notes),
    };
  }

  #dataFor(epoch: number, mayOpenStore: boolean): CoordinatorData {
    const { store = null, scanMs = SCAN_MS, retentionMs = RETENTION_MS } = this.#options;
    this.#decisions = 0;
    return { epoch, mark: this.#mark, store, mayOpenStore, scanMs, retentionMs };
  }

  #post(message: ToCoordinator): void {
    this.#monitor.post(message);
  }

  #release(upstream: SupervisedUpstream): void {
    this.#upstreams.delete(upstream.id);
    this.#deaths.delete(upstream.id);
    if (this.#byName.get(upstream.name) === upstream) this.#byName.delete(upstream.name);
    this.#post({ kind: 'release', id: upstream.id });
  }

  #ask({ id }: SupervisedUpstream, event: UpstreamEvent): number {
    const sequence = ++this.#facts;
    // Main is about to decide by itself.
    if (!this.#isCoordinated) return sequence;
    this.#undecided++;
    this.#post({ kind: 'fact', id, sequence, event });
    if (this.#undecided > MAX_UNDECIDED) this.#monitor.lose('has fallen behind');
    return sequence;
  }

  #onExecuted(upstream: SupervisedUpstream, before: UpstreamRecord, notes: readonly LifecycleNote[]): void {
    const { clock, run, observer } = this.#options;
    const { name, record } = upstream;
    const at = clock.now();
    const { healthStatus: status, circuitState } = project(record);
    const facts = {
      at,
      upstream: name,
      status,
      previousStatus: project(before).healthStatus,
      circuitState,
      lastedMs: Math.max(0, record.state.since - before.state.since),
      lastErrorCode: record.history.lastError?.code ?? null,
    };
    const told = notes.map((note): UpstreamNote => ({ id: `${run}-${++this.#noted}`, ...facts, note }));
    if (this.#journal === undefined) for (const note of told) observer.onNote?.(note, false);
    // The row of a name is that of whoever has its place.
    else this.#journal.add(this.#byName.get(name) === upstream ? stateRowOf(upstream) : undefined, told);
  }

  #onTick(): void {
    this.#onLeap(this.#pause.tick());
  }

  #onLeap(byMs: Millis): void {
    if (!this.#isCoordinated) this.#shift(byMs);
    else if (byMs !== 0) for (const upstream of this.#upstreams.values()) upstream.onLeap(byMs);
  }

  #lookAtClock(): void {
    if (!this.#isCoordinated) this.#shift(this.#pause.look());
  }

  #shift(byMs: Millis): void {
    if (byMs === 0) return;
    for (const upstream of this.#upstreams.values()) upstream.shift(byMs);
  }

  #onMessage(message: unknown, epoch: number): void {
    // Holds: both sides are this library.
    const told = message as FromCoordinator;
    switch (told.kind) {
      case 'ready':
        return this.#onReady(epoch);
      case 'decision':
        return this.#onDecision(told);
      case 'beat':
        return this.#monitor.answered(told.number);
      case 'storeOpened':
        return this.#onStoreOpened(told.upstreams, told.lists);
      case 'storeFailed':
        this.#onOpenFailed(told.failure);
        this.#journal?.openFailed(told.failure);
        return this.#restored();
      case 'written':
        return this.#onWritten(told.key, told.failure);
      case 'listSaved':
        return this.#lists.answered(told.failure === null);
      case 'callDone':
        return this.#keptCalls.answered(told.number, told.result);
      case 'configurationDone':
        return this.#keptConfiguration.answered(told.number, told.answer);
      case 'events':
        return this.#journal?.relayed(told.events);
      case 'definitions':
        return this.#options.observer.onDefinitions?.(told.definitions);
      case 'failed':
        return this.#monitor.lose(`has failed: ${told.reason}`);
    }
  }

  #onOpenFailed(failure: StoreFailure): void {
    if (this.#storeFailure === failure.code) return;
    this.#storeFailure = failure.code;
    this.#options.logger.error({ ...failure }, 'the store cannot be opened; nothing is remembered for now');
  }

  #onReady(epoch: number): void {
    const { observer, logger, clock } = this.#options;
    this.#monitor.ready();
    this.#since = clock.now();
    const away = this.#awaySince;
    this.#awaySince = undefined;
    if (away !== undefined) {
      const awayMs = Math.round(clock.monotonicMs() - away.ms);
      const { reason } = away;
      logger.error({ critical: true, epoch, reason, awayMs }, 'the coordinator was restarted');
      observer.onRestarted?.({ epoch, reason, awayMs });
    }
    if (this.#isRestored) this.#handOver();
  }

  #onDecision(decision: Decision): void {
    const { epoch, number, id, fact } = decision;
    // guard: coordinator/stale
    if (epoch !== this.#monitor.epoch || !this.#isCoordinated) return void this.#refused++;
    if (number !== ++this.#decisions) return this.#monitor.lose('has lost a decision');
    if (fact !== null) this.#undecided--;
    this.#upstreams.get(id)?.decided(decision);
  }

  #onStoreOpened(stored: readonly StoredUpstream[], lists: readonly StoredList[]): void {
    this.#storeFailure = undefined;
    if (!this.#hasRead) {
      this.#hasRead = true;
      for (const row of stored) this.#stored.set(row.name, row);
      for (const upstream of [...this.#byName.values()]) this.#restore(upstream);
      this.#options.observer.onLists?.(this.#ofKnown(lists, stored));
    }
    this.#journal?.opened();
    this.#lists.opened();
    this.#keptCalls.opened();
    this.#keptConfiguration.opened();
    this.#restored();
  }

  /** Lists of servers that there are, or that are about to come from the store. */
  #ofKnown(lists: readonly StoredList[], stored: readonly StoredUpstream[]): readonly StoredList[] {
    const inStore = new Set(
      stored.filter(({ source }) => source === 'db' || source === 'api').map(({ name }) => name),
    );
    return lists.filter(({ upstream }) => this.#byName.has(upstream) || inStore.has(upstream));
  }

  #restore(upstream: SupervisedUpstream): void {
    const restored = this.#takeStored(upstream);
    if (restored === undefined || upstream.restore(restored)) return;
    // It has begun without: who was switched off is so again.
    const { state } = restored;
    if (state?.phase !== 'disabled') return;
    const until = this.#options.clock.now();
    upstream.report({ kind: 'disabled', by: state.by, reason: state.reason, until });
  }

  /** Once for each name: what is stored later is what happened since. */
  #takeStored({ name, definition, settings }: Omit<AdoptedUpstream, 'record'>): RestoredRecord | undefined {
    const stored = this.#stored.get(name);
    if (stored === undefined) return undefined;
    this.#stored.delete(name);
    return restorable({ stored, definition, now: this.#options.clock.now(), settings });
  }

  #restored(): void {
    if (this.#isRestored) return;
    this.#isRestored = true;
    if (this.#monitor.isReady) this.#handOver();
    this.#tellRestored?.();
  }

  #onWritten(key: string, failure: StoreFailure | null): void {
    const before = this.#journal?.failure ?? null;
    this.#journal?.written(key, failure);
    const { logger } = this.#options;
    if (failure !== null && before === null)
      logger.error({ ...failure }, 'the store cannot be written; what happens is not remembered for now');
    if (failure !== null) return;
    this.#lists.retry();
    this.#keptCalls.retry();
    if (before !== null) logger.info({}, 'the store can be written again');
  }

  #handOver(): void {
    if (this.#isStopping || this.#isCoordinated) return;
    this.#isCoordinated = true;
    for (const upstream of [...this.#upstreams.values()]) upstream.handOver();
  }

  #takeOver(): void {
    if (!this.#isCoordinated) return;
    this.#onLeap(this.#pause.look());
    this.#isCoordinated = false;
    this.#undecided = 0;
    for (const upstream of [...this.#upstreams.values()]) {
      this.#post({ kind: 'release', id: upstream.id });
      upstream.takeOver();
    }
  }

  #onLost(reason: string): void {
    const { clock, logger } = this.#options;
    const suspect = this.#handled();
    this.#awaySince ??= { ms: clock.monotonicMs(), reason };
    this.#since = clock.now();
    logger.error({ critical: true, reason }, 'the coordinator is gone; main decides until there is another');
    this.#journal?.lost();
    this.#lists.lost();
    this.#keptCalls.lost();
    this.#keptConfiguration.lost();
    this.#takeOver();
    if (suspect !== undefined) this.#suspect(suspect);
  }

  /** Whose turn it was when the coordinator died. */
  #handled(): SupervisedUpstream | undefined {
    if (this.#mark !== null) {
      const marked = Atomics.exchange(new Int32Array(this.#mark), 0, 0);
      return this.#upstreams.get(marked);
    }
    let oldest: SupervisedUpstream | undefined;
    for (const upstream of this.#upstreams.values()) {
      const { undecidedSince = Infinity } = upstream;
      if (undecidedSince < (oldest?.undecidedSince ?? Infinity)) oldest = upstream;
    }
    return oldest;
  }

  #suspect(upstream: SupervisedUpstream): void {
    const { clock, logger } = this.#options;
    const deaths = (this.#deaths.get(upstream.id) ?? 0) + 1;
    this.#deaths.set(upstream.id, deaths);
    logger.warn({ upstream: upstream.name, deaths }, 'the coordinator died while it handled this server');
    if (/* guard: coordinator/quarantine */ deaths < MOST_DEATHS) return;
    this.#deaths.delete(upstream.id);
    upstream.report({
      kind: 'disabled',
      by: 'quarantine',
      reason: `the coordinator died ${deaths} times while it handled this server`,
      until: clock.now(),
    });
  }
}
