import {
  type ClientContext,
  LIST_KINDS,
  type ListSource,
  type ListSources,
  type UpstreamConnection,
} from '@omni/model';
import { type CancelTimer, type Clock, GatewayError, type Logger } from '@omni/ports';
import { ageOf, FRESH_WAIT_MS } from '../reading/list-age.ts';
import type { UpstreamCatalogue } from '../reading/upstream-catalogue.ts';

/** Pause between two readings. */
const MIN_INTERVAL_MS = 1_000;
/**
 * Pause before another attempt when an upstream could not be read, or not all of its lists; doubled each time
 * up to the longest.
 */
const RETRY_MS = 5_000;
const MAX_RETRY_MS = 300_000;
/** So many attempts in a row are made without a client that asks. */
const MAX_UNASKED = 6;
/** So many instances in a row that end before they have been read are not ended by their clients. */
const MAX_LOST = 3;

export interface VariantReadingOptions {
  readonly upstream: string;
  readonly read: (source: ListSource) => Promise<UpstreamCatalogue>;
  /**
   * @param catalogue - `undefined`: what all clients see.
   *
   * @param isNews - Whether some have been shown something else.
   */
  readonly publish: (catalogue: UpstreamCatalogue | undefined, isNews: boolean) => void;
  /**
   * Told when it becomes known, or unknown again, what is listed to these clients; at first it is unknown.
   */
  readonly onKnown: (isKnown: boolean) => void;
  /** How old the lists may become, where the upstream does not say it; `undefined` for the default. */
  readonly listAgeMs: () => number | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A client that asks. */
export interface Demand {
  readonly client: ClientContext;
  readonly sources: ListSources;
  /** A call fails if it does not wait; a list that does not is told what it has missed. */
  readonly purpose: 'list' | 'call';
  /** Longest wait for the first reading, from its beginning, in milliseconds. */
  readonly waitMs: number;
  /** Called back when it is known what is listed to the client, or the wait is over. */
  readonly listener: () => void;
}

/** A client whose list or call waits. */
interface Waiter {
  readonly demand: Demand;
  /** Whether it was its instance that could not be read. */
  wasTried: boolean;
  readonly cancelTimer: CancelTimer;
}

/**
 * What one upstream lists to clients of one variant: read when the first of them asks, and again when the
 * instance that it was read from declares a change, or when somebody asks for what is too old.
 */
export class VariantReading {
  readonly #options: VariantReadingOptions;
  #isKnown = false;
  /** Where it was read last, until it closes. */
  #source: ListSource | undefined;
  #isBusy = false;
  #isOutdated = false;
  /** Whether some clients have been shown what all see, since it was not known what is theirs. */
  #wasMissed = false;
  /** Lists do not wait for it a second time. */
  #isSlow = false;
  #beganAtMs = 0;
  /** When what is known was asked for last, and for how long that is good. */
  #readAtMs = 0;
  #ageMs = Number.POSITIVE_INFINITY;
  #retryAtMs = 0;
  /** Attempts in a row that have read nothing, or not all lists. */
  #failures = 0;
  /** Who has asked last for what could not be read. */
  #lastDemand: Demand | undefined;
  #lost = 0;
  readonly #waiting = new Set<Waiter>();
  #cancelNext: CancelTimer | undefined;
  #cancelRetry: CancelTimer | undefined;
  #isStopped = false;

  constructor(options: VariantReadingOptions) {
    this.#options = options;
  }

  get upstream(): string {
    return this.#options.upstream;
  }

  /** Whether it is known what is listed to these clients. */
  get isKnown(): boolean {
    return this.#isKnown;
  }

  /**
   * @returns What ends the wait; `undefined` when there is nothing to wait for. Either way the listener is
   * not called then.
   */
  demand(demand: Demand): (() => void) | undefined {
    const { clock } = this.#options;
    const isDue = !this.#isBusy && clock.monotonicMs() >= this.#retryAtMs;
    const begins = isDue && (!this.#isKnown || this.#failures > 0);
    if (begins) {
      this.#beganAtMs = clock.monotonicMs();
      if (this.#source?.isOpen() === true) this.#read(this.#source);
      else this.#open(demand);
    } else if (this.#isKnown) this.#adopt(demand);
    if (this.#isKnown) return demand.purpose === 'list' ? this.#whenFresh(demand) : undefined;
    const leftMs = this.#beganAtMs + demand.waitMs - clock.monotonicMs();
    const mayWait = demand.purpose === 'call' || !this.#isSlow;
    if (!this.#isBusy || leftMs <= 0 || !mayWait) {
      this.#wasMissed = true;
      return undefined;
    }
    const cancelTimer = clock.after(leftMs, () => {
      this.#wasMissed = true;
      this.#isSlow = true;
      this.#wake(waiter);
    });
    const waiter: Waiter = { demand, wasTried: begins, cancelTimer };
    return this.#wait(waiter);
  }

  /** @returns What ends the wait; `undefined` when what is known is young enough, or cannot be read now. */
  #whenFresh(demand: Demand): (() => void) | undefined {
    const { clock } = this.#options;
    const isAged = clock.monotonicMs() - this.#readAtMs >= this.#ageMs;
    // Those who ask while it is being read again wait, too.
    if ((!isAged && this.#waiting.size === 0) || this.#failures > 0) return undefined;
    if (!this.#isBusy) this.#refresh();
    if (!this.#isBusy) return undefined;
    // guard: variant/fresh-wait
    const cancelTimer = clock.after(FRESH_WAIT_MS, () => this.#wake(waiter));
    const waiter: Waiter = { demand, wasTried: true, cancelTimer };
    return this.#wait(waiter);
  }

  #wait(waiter: Waiter): () => void {
    this.#waiting.add(waiter);
    return () => {
      waiter.cancelTimer();
      this.#waiting.delete(waiter);
    };
  }

  /** @param source - Where a change was declared: from now on that instance tells. */
  onListsChanged(source: ListSource): void {
    if (!this.isReadFrom(source.connection)) this.#source = source;
    this.#refresh();
  }

  /** Whether it was read from there last. */
  isReadFrom(connection: UpstreamConnection): boolean {
    return this.#source?.connection === connection;
  }

  /** What all clients see has changed; this may have, too. */
  onBaseChanged(): void {
    if (this.#isBusy || this.#source?.isOpen() === true) return this.#refresh();
    if (!this.#isKnown) return;
    this.#setKnown(false);
    this.#wasMissed = false;
    this.#source = undefined;
    this.#options.publish(undefined, true);
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancelNext?.();
    this.#cancelRetry?.();
    this.#lastDemand = undefined;
    this.#settle();
  }

  #open(demand: Demand): void {
    const { client, sources } = demand;
    this.#isBusy = true;
    this.#lastDemand = demand;
    sources.open(this.#options.upstream, client, (source) => {
      if (source instanceof GatewayError) return this.#fail(source);
      if (source !== undefined) return this.#isStopped ? source.release() : this.#read(source);
      this.#onWhole();
      this.#setKnown(true);
      this.#isBusy = false;
      this.#settle();
    });
  }

  /**
   * What was read from is gone, as a session is when its client ends it: another instance tells from now on.
   */
  #adopt({ client, sources }: Demand): void {
    if (this.#source === undefined || this.#source.isOpen()) return;
    const source = sources.find(this.#options.upstream, client);
    if (source === undefined) return;
    this.#source = source;
    this.#refresh();
  }

  #refresh(): void {
    if (this.#isBusy || this.#cancelNext !== undefined) this.#isOutdated = true;
    else if (this.#source?.isOpen() === true) this.#read(this.#source);
  }

  #read(source: ListSource): void {
    this.#isBusy = true;
    this.#isOutdated = false;
    this.#readAtMs = this.#options.clock.monotonicMs();
    this.#cancelRetry?.();
    this.#source = source;
    this.#options.read(source).then(
      (catalogue) => {
        // What breaks off in between has offered less than it has.
        if (source.isOpen()) this.#take(catalogue, source);
        else
          this.#fail(new GatewayError('OMNI_CANCELLED', `"${catalogue.upstream}" ended while it was read`));
      },
      (error: unknown) => {
        source.release();
        this.#fail(GatewayError.from(error));
      },
    );
  }

  #take(catalogue: UpstreamCatalogue, source: ListSource): void {
    source.release();
    this.#isBusy = false;
    if (this.#isStopped) return;
    const isNews = this.#isKnown || this.#wasMissed;
    this.#setKnown(true);
    this.#wasMissed = false;
    this.#lost = 0;
    this.#ageMs = ageOf(catalogue, this.#options.listAgeMs());
    this.#options.publish(catalogue, isNews);
    this.#settle();
    if (LIST_KINDS.every((kind) => catalogue[kind].problem === undefined)) this.#onWhole();
    else this.#tryLater();
    this.#cancelNext = this.#options.clock.after(MIN_INTERVAL_MS, () => {
      this.#cancelNext = undefined;
      if (this.#isOutdated) this.#refresh();
    });
  }

  #fail(error: GatewayError): void {
    const { upstream, logger } = this.#options;
    this.#isBusy = false;
    if (this.#isStopped) return;
    // A client that has left says nothing about the others.
    const hasLeft = error.code === 'OMNI_CANCELLED' && ++this.#lost < MAX_LOST;
    const next = hasLeft ? [...this.#waiting].find(({ wasTried }) => !wasTried) : undefined;
    if (next !== undefined && !this.#isKnown) {
      next.wasTried = true;
      return this.#open(next.demand);
    }
    if (hasLeft) this.#lastDemand = undefined;
    else this.#tryLater();
    if (!this.#isKnown) this.#wasMissed = true;
    logger.debug(
      { upstream, code: error.code },
      'the lists that a server offers to some clients only could not be read',
    );
    this.#settle();
  }

  #onWhole(): void {
    this.#failures = 0;
    this.#isSlow = false;
    this.#lastDemand = undefined;
    this.#cancelRetry?.();
  }

  /** A server may not be ready for its first question, and the client that has asked may never ask again. */
  #tryLater(): void {
    const { clock } = this.#options;
    this.#isSlow = true;
    this.#failures += 1;
    const pauseMs = /* guard: variant/unreadable */ Math.min(
      RETRY_MS * 2 ** (this.#failures - 1),
      MAX_RETRY_MS,
    );
    this.#retryAtMs = clock.monotonicMs() + pauseMs;
    this.#cancelRetry?.();
    if (this.#failures > MAX_UNASKED) {
      this.#lastDemand = undefined;
      return;
    }
    this.#cancelRetry = clock.after(pauseMs, () => {
      if (this.#isBusy) return;
      if (this.#source?.isOpen() === true) this.#read(this.#source);
      else if (this.#lastDemand !== undefined) this.#open(this.#lastDemand);
    });
  }

  /** After the end nobody counts any more. */
  #setKnown(isKnown: boolean): void {
    if (isKnown === this.#isKnown || this.#isStopped) return;
    this.#isKnown = isKnown;
    this.#options.onKnown(isKnown);
  }

  #settle(): void {
    for (const waiter of [...this.#waiting]) this.#wake(waiter);
  }

  #wake(waiter: Waiter): void {
    waiter.cancelTimer();
    this.#waiting.delete(waiter);
    waiter.demand.listener();
  }
}
