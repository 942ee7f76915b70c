import type { ClientContext, ListSource, ListSources, UpstreamConnection } from '@omni/model';
import { type CancelTimer, type Clock, GatewayError, type Logger } from '@omni/ports';
import type { UpstreamCatalogue } from '../reading/upstream-catalogue.ts';

/** Pause between two readings. */
const MIN_INTERVAL_MS = 1_000;
/** Pause before another attempt when an upstream could not be read. */
const RETRY_MS = 5_000;
/** So many instances in a row that end before they have been read are not ended by their clients. */
const MAX_LOST = 3;

export interface VariantReadingOptions {
  readonly upstream: string;
  readonly read: (source: ListSource) => Promise<UpstreamCatalogue>;
  /** @param catalogue - `undefined`: what all clients see. @param isNews - Whether some have been shown something else. */
  readonly publish: (catalogue: UpstreamCatalogue | undefined, isNews: boolean) => void;
  /** Told when it becomes known, or unknown again, what is listed to these clients; at first it is unknown. */
  readonly onKnown: (isKnown: boolean) => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A client that asks. */
export interface Demand {
  readonly client: ClientContext;
  readonly sources: ListSources;
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
 * What one upstream lists to clients of one variant: read when the first of them asks, and again when the instance that it was read
 * from declares a change.
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
  #beganAtMs = 0;
  #retryAtMs = 0;
  #lost = 0;
  readonly #waiting = new Set<Waiter>();
  #cancelNext: CancelTimer | undefined;
  #isStopped = false;

  constructor(options: VariantReadingOptions) {
    this.#options = options;
  }

  /** Whether it is known what is listed to these clients. */
  get isKnown(): boolean {
    return this.#isKnown;
  }

  /** @returns Whether there is something to wait for; if not, the listener is not called. */
  demand(demand: Demand): boolean {
    const { clock } = this.#options;
    const begins = !this.#isKnown && !this.#isBusy && clock.monotonicMs() >= this.#retryAtMs;
    if (this.#isKnown) this.#adopt(demand);
    else if (begins) {
      this.#beganAtMs = clock.monotonicMs();
      this.#open(demand);
    }
    if (this.#isKnown) return false;
    const leftMs = this.#beganAtMs + demand.waitMs - clock.monotonicMs();
    if (!this.#isBusy || leftMs <= 0) {
      this.#wasMissed = true;
      return false;
    }
    const cancelTimer = clock.after(leftMs, () => {
      this.#wasMissed = true;
      this.#wake(waiter);
    });
    const waiter: Waiter = { demand, wasTried: begins, cancelTimer };
    this.#waiting.add(waiter);
    return true;
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
    this.#settle();
  }

  #open({ client, sources }: Demand): void {
    this.#isBusy = true;
    sources.open(this.#options.upstream, client, (source) => {
      if (source instanceof GatewayError) return this.#fail(source);
      if (source !== undefined) return this.#isStopped ? source.release() : this.#read(source);
      this.#setKnown(true);
      this.#isBusy = false;
      this.#settle();
    });
  }

  /** What was read from is gone, as a session is when its client ends it: another instance tells from now on. */
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
    this.#options.publish(catalogue, isNews);
    this.#settle();
    this.#cancelNext = this.#options.clock.after(MIN_INTERVAL_MS, () => {
      this.#cancelNext = undefined;
      if (this.#isOutdated) this.#refresh();
    });
  }

  #fail(error: GatewayError): void {
    const { upstream, clock, logger } = this.#options;
    this.#isBusy = false;
    if (this.#isStopped) return;
    // A client that has left says nothing about the others.
    const hasLeft = error.code === 'OMNI_CANCELLED' && ++this.#lost < MAX_LOST;
    const next = hasLeft ? [...this.#waiting].find(({ wasTried }) => !wasTried) : undefined;
    if (next !== undefined && !this.#isKnown) {
      next.wasTried = true;
      return this.#open(next.demand);
    }
    if (!hasLeft) this.#retryAtMs = clock.monotonicMs() + RETRY_MS;
    if (!this.#isKnown) this.#wasMissed = true;
    logger.debug(
      { upstream, code: error.code },
      'the lists that a server offers to some clients only could not be read',
    );
    this.#settle();
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
