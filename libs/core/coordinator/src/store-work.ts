import {
  type CancelTimer,
  type Clock,
  GatewayError,
  type Millis,
  type StateStore,
  type StoreBatch,
  type StoredList,
} from '@omni/ports';
import type {
  ConfigurationAnswers,
  ConfigurationAsk,
  CoordinatorData,
  FromCoordinator,
  KeptCallAsk,
  KeptCallResult,
  StoreFailure,
} from './messages.ts';
import { WorkQueue } from './work-queue.ts';

/** Forgets a part of what is too old. @returns How many are gone. */
type Pruning = (store: StateStore, most: number) => Promise<number>;

export interface StoreWorkOptions {
  readonly data: CoordinatorData;
  readonly clock: Clock;
  readonly openStore: ((store: unknown) => Promise<StateStore>) | undefined;
  readonly tell: (message: FromCoordinator) => void;
}

/** Before a store that could not be opened is tried again. */
const OPEN_AGAIN_MS = 5_000;
const DAY_MS = 86_400_000;
/** Rows that are forgotten at a time: what is written meanwhile waits for no more. */
const PRUNED_AT_ONCE = /* guard: coordinator/pruned-in-parts */ 2_000;
/** Most events of the outbox that are told at a time. */
const EVENTS_AT_ONCE = 200;

/**
 * What the coordinator does with the store, one after the other, and never while deciding. The beat is
 * answered in the same order, so that work that is stuck shows.
 */
export class StoreWork {
  readonly #options: StoreWorkOptions;
  readonly #queue: WorkQueue;
  #store: StateStore | undefined;
  #knownDefinitions = '[]';
  #prunedAt: Millis | undefined;
  #cancelScan: CancelTimer | undefined;
  #cancelOpen: CancelTimer | undefined;
  #isPruning = false;
  #isOpening = false;
  #isOver = false;

  constructor(options: StoreWorkOptions) {
    this.#options = options;
    this.#queue = new WorkQueue((error) =>
      options.tell({ kind: 'failed', reason: failureOf(error).message }),
    );
    this.#scanLater();
  }

  open(): void {
    const { openStore, data } = this.#options;
    if (openStore === undefined || data.store === null) return;
    // Beside the queue: a database may take its time to be reached, and to be brought to this version.
    void this.#open(() => openStore(data.store));
  }

  beat(number: number): void {
    this.#queue.add(() => this.#options.tell({ kind: 'beat', number }));
  }

  write(batch: StoreBatch): void {
    this.#queue.add(async () => {
      const failure = await this.#attempt((store) => store.write(batch));
      this.#options.tell({ kind: 'written', key: batch.key, failure });
      if (failure === null && (batch.events?.length ?? 0) > 0) await this.#relay();
    });
  }

  /** Whoever was told of them has told everybody; the next ones may go. */
  published(sequence: number): void {
    this.#queue.add(async () => {
      const failure = await this.#attempt((store) => store.markPublished(sequence));
      if (failure === null) await this.#relay();
    });
  }

  saveList(list: StoredList): void {
    this.#queue.add(async () => {
      const failure = await this.#attempt((store) => store.saveList(list));
      this.#options.tell({ kind: 'listSaved', failure });
    });
  }

  call(number: number, ask: KeptCallAsk): void {
    this.#queue.add(async () => {
      const tell = (result: KeptCallResult | StoreFailure): void =>
        this.#options.tell({ kind: 'callDone', number, result });
      const failure = await this.#attempt(async (store) => tell(await doneWith(store, ask)));
      if (failure !== null) tell(failure);
    });
  }

  configuration(number: number, ask: ConfigurationAsk): void {
    this.#queue.add(async () => {
      const { tell } = this.#options;
      const failure = await this.#attempt(async (store) => {
        const value = await answerOf(store, ask);
        tell({ kind: 'configurationDone', number, answer: { value } });
      });
      if (failure !== null) tell({ kind: 'configurationDone', number, answer: failure });
    });
  }

  close(): void {
    this.#isOver = true;
    this.#cancelScan?.();
    this.#cancelOpen?.();
    this.#queue.add(async () => await this.#store?.close());
  }

  async #open(openStore: () => Promise<StateStore>): Promise<void> {
    if (this.#store !== undefined || this.#isOpening || this.#isOver) return;
    const { tell, clock } = this.#options;
    let opened: StateStore | undefined;
    this.#isOpening = true;
    try {
      opened = await openStore();
      if (this.#isOver) return await opened.close();
      const upstreams = await opened.load();
      const lists = await opened.loadLists();
      this.#store = opened;
      tell({ kind: 'storeOpened', upstreams, lists });
    } catch (error) {
      await opened?.close().catch(() => {});
      tell({ kind: 'storeFailed', failure: failureOf(error) });
      if (!this.#isOver) this.#cancelOpen = clock.after(OPEN_AGAIN_MS, () => this.open());
      return;
    } finally {
      this.#isOpening = false;
    }
    this.#queue.add(async () => {
      await this.#relay();
      await this.#scanDefinitions();
    });
  }

  /** What is in the outbox goes to main, again until it is marked. */
  async #relay(): Promise<void> {
    await this.#attempt(async (store) => {
      const events = await store.pendingEvents(EVENTS_AT_ONCE);
      if (events.length > 0) this.#options.tell({ kind: 'events', events });
    });
  }

  #scanLater(): void {
    const { clock, data } = this.#options;
    this.#cancelScan = clock.after(data.scanMs, () => {
      this.#queue.add(async () => {
        await this.#scanDefinitions();
        this.#pruneDaily();
        if (!this.#isOver) this.#scanLater();
      });
    });
  }

  async #scanDefinitions(): Promise<void> {
    await this.#attempt(async (store) => {
      const definitions = await store.definitions();
      const known = JSON.stringify(definitions);
      if (known === this.#knownDefinitions) return;
      this.#knownDefinitions = known;
      this.#options.tell({ kind: 'definitions', definitions });
    });
  }

  #pruneDaily(): void {
    const { clock, data } = this.#options;
    const now = clock.now();
    if (this.#isPruning || (this.#prunedAt !== undefined && now - this.#prunedAt < DAY_MS)) return;
    this.#isPruning = true;
    this.#prune(
      [
        (store, most) => store.prune(now - data.retentionMs, most),
        /* guard: coordinator/pruned-calls */ (store, most) => store.pruneCalls(now, most),
      ],
      now,
    );
  }

  /** A part is one piece of work: what has been asked for meanwhile comes before the next part. */
  #prune([first, ...others]: readonly Pruning[], startedAt: Millis): void {
    this.#queue.add(async () => {
      let gone = 0;
      const failure = await this.#attempt(async (store) => {
        gone = (await first?.(store, PRUNED_AT_ONCE)) ?? 0;
      });
      const left = first !== undefined && gone >= PRUNED_AT_ONCE ? [first, ...others] : others;
      if (failure === null && left.length > 0) return this.#prune(left, startedAt);
      this.#isPruning = false;
      if (failure === null) this.#prunedAt = startedAt;
    });
  }

  async #attempt(work: (store: StateStore) => Promise<void>): Promise<StoreFailure | null> {
    if (this.#store === undefined)
      return { code: 'OMNI_STORE_UNAVAILABLE', message: 'The store is not open' };
    try {
      await work(this.#store);
      return null;
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      return failureOf(error);
    }
  }
}

async function doneWith(store: StateStore, ask: KeptCallAsk): Promise<KeptCallResult> {
  switch (ask.kind) {
    case 'begin':
      return await store.beginCall(ask.call, ask.limits);
    case 'end':
      return { kind: 'kept', isKept: await store.endCall(ask.id, ask.end, ask.limits) };
    case 'find':
      return { kind: 'found', call: (await store.findCall(ask.id, ask.now)) ?? null };
    case 'forget':
      await store.forgetCall(ask.id);
      return { kind: 'kept', isKept: true };
  }
}

async function answerOf(
  store: StateStore,
  ask: ConfigurationAsk,
): Promise<ConfigurationAnswers[ConfigurationAsk['kind']]> {
  switch (ask.kind) {
    case 'addRevision':
      return await store.addRevision(ask.revision);
    case 'revisions':
      return await store.revisions(ask.limit);
    case 'findRevision':
      return (await store.findRevision(ask.number)) ?? null;
    case 'keepOverride':
      await store.keepOverride(ask.override);
      return null;
    case 'forgetOverride':
      await store.forgetOverride(ask.id);
      return null;
    case 'overrides':
      return await store.overrides(ask.now);
  }
}

function failureOf(error: unknown): StoreFailure {
  if (error instanceof GatewayError) return { code: error.code, message: error.message };
  return { code: 'OMNI_INTERNAL', message: error instanceof Error ? error.message : String(error) };
}
