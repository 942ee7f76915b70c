import { LIST_KINDS, type UpstreamConnection } from '@omni/model';
import type { CancelTimer, Clock, Logger } from '@omni/ports';
import { ageOf, FRESH_WAIT_MS, MIN_AGE_MS } from './list-age.ts';
import type { UpstreamCatalogue } from './upstream-catalogue.ts';

/**
 * Pause between two readings of the same upstream: one that announces changes all the time is not read all
 * the time.
 */
const MIN_INTERVAL_MS = 1_000;
/** Pause before lists that could not be read are asked for again, doubled each time up to the longest. */
const RETRY_MS = 5_000;
const MAX_RETRY_MS = 300_000;
export interface CatalogueRefresherOptions {
  /**
   * Receives readings; `undefined` removes the upstream.
   *
   * @param isSuccessor - Whether the items shown so far belong to another server of the same name.
   */
  readonly publish: (
    upstream: string,
    catalogue: UpstreamCatalogue | undefined,
    isSuccessor: boolean,
  ) => void;
  readonly read: (connection: UpstreamConnection) => Promise<UpstreamCatalogue>;
  /** The server that clients know an upstream as. Default: it is that one. */
  readonly groupOf?: (upstream: string) => string;
  /** How old an upstream's lists may become that does not say it; `undefined` for the default. */
  readonly listAgeMs?: (upstream: string) => number | undefined;
  /**
   * How long an upstream that is gone keeps its place in the lists, in milliseconds: most are back within the
   * first restarts. 0: not at all.
   */
  readonly lingerMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Upstreams whose first reading or failure the first list waits for. */
  readonly awaited: readonly string[];
  /** Longest wait for them, in milliseconds since {@link CatalogueRefresher.start}. */
  readonly startGraceMs: number;
}

/** @param hasProblem - Whether a list could not be read, or not to its end. */
export type OnListed = (hasProblem: boolean) => void;

interface Kept {
  /** What is shown is what its predecessor offered: it stays until this one is read or fails. */
  isSuccessor: boolean;
  connection: UpstreamConnection | undefined;
  /** Told each time when it has been read. */
  onListed: OnListed;
  isReading: boolean;
  isOutdated: boolean;
  /** When what is shown was asked for last, on the monotonic clock, and for how long that is good. */
  readAtMs: number;
  ageMs: number;
  /** Those who wait for the reading that is under way. */
  readonly onRead: Set<() => void>;
  cancelNext: CancelTimer | undefined;
  /** Readings in a row that lacked a list. */
  failures: number;
  cancelRetry: CancelTimer | undefined;
  /** What was logged of it last. */
  said: string;
  cancelRemoval: CancelTimer | undefined;
}

/**
 * Keeps the catalogue up to date: reads an upstream when it comes up, when it announces a change, when it
 * could not list everything, and when somebody asks for lists that are too old; one reading at a time. Takes
 * it out when it stays away.
 */
export class CatalogueRefresher {
  readonly #options: CatalogueRefresherOptions;
  readonly #kept = new Map<string, Kept>();
  /** Neither read nor failed since they came. */
  readonly #unsettled: Set<string>;
  /** What an earlier run has read of them is shown: no list waits for these. */
  readonly #restored = new Set<string>();
  /** Lists that wait until the grace is over at most, and those who wait for all. */
  readonly #listWaits = new Set<() => void>();
  readonly #allWaits = new Set<() => void>();
  #isGraceOver = false;
  #isStopped = false;

  constructor(options: CatalogueRefresherOptions) {
    this.#options = options;
    this.#unsettled = new Set(options.awaited);
  }

  /** Begins the grace for the first list. */
  start(): void {
    this.#options.clock.after(this.#options.startGraceMs, () => {
      this.#isGraceOver = true;
      tellAll(this.#listWaits);
    });
  }

  /**
   * Calls back when every awaited upstream has been read or has failed, or the grace is over; at once from
   * then on.
   *
   * @param listener - Another one for each wait.
   * @returns Ends the wait.
   */
  whenSettled(listener: () => void): () => void {
    if (this.#isGraceOver || this.#hasSomethingOfAll) listener();
    else this.#listWaits.add(listener);
    return () => void this.#listWaits.delete(listener);
  }

  /**
   * Calls back when every upstream, those added or replaced since the start included, has been read or has
   * failed once, or this is stopped; at once where none is awaited.
   *
   * @param listener - Another one for each wait.
   * @returns Ends the wait.
   */
  whenAllSettled(listener: () => void): () => void {
    if (this.#unsettled.size === 0) listener();
    else this.#allWaits.add(listener);
    return () => void this.#allWaits.delete(listener);
  }

  /**
   * Calls back when what is shown is young enough: at once in most cases, and else when what is too old has
   * been read again, or that takes too long. Nothing is read while nobody asks.
   *
   * @param server - Whose lists are asked for; all when it is absent.
   * @returns What ends the wait; the listener is not called then.
   */
  whenFresh(server: string | undefined, listener: () => void): () => void {
    const { clock, groupOf = (upstream: string) => upstream } = this.#options;
    const now = clock.monotonicMs();
    let waits = 1;
    const withdrawals: (() => void)[] = [];
    const onDone = (): void => {
      if (--waits === 0) listener();
    };
    for (const [name, kept] of this.#kept) {
      if ((server !== undefined && groupOf(name) !== server) || !this.#isAged(kept, now)) continue;
      waits++;
      withdrawals.push(this.#whenReadAgain(name, kept, onDone));
    }
    onDone();
    return () => {
      for (const withdraw of withdrawals) withdraw();
    };
  }

  /** A call has failed as if what is shown were wrong: it is read again, unless that was done lately. */
  onContradicted(upstream: string): void {
    const kept = this.#kept.get(upstream);
    // guard: change/contradictions
    if (kept === undefined || this.#options.clock.monotonicMs() - kept.readAtMs < MIN_AGE_MS) return;
    this.#refresh(upstream, kept);
  }

  /** A call has found nobody: whoever is there when that is over is read again, unless it comes up anew. */
  onUnreachable(upstream: string): void {
    const kept = this.#kept.get(upstream);
    if (kept?.connection !== undefined && kept.cancelRetry === undefined)
      this.#readLater(upstream, kept, RETRY_MS);
  }

  /** @param onListed - Told each time when its lists have been read on this connection, or could not be. */
  onReady(upstream: string, connection: UpstreamConnection, onListed: OnListed = () => {}): void {
    const kept = this.#keptOf(upstream);
    kept.onListed = onListed;
    kept.connection = connection;
    kept.failures = 0;
    this.#refresh(upstream, kept);
  }

  /** What is shown of an upstream was read in an earlier run, until it has been read in this one. */
  onRestored(upstream: string): void {
    this.#restored.add(upstream);
    this.#settle();
  }

  /** @returns Whether it is there to be read. */
  onListsChanged(upstream: string): boolean {
    const kept = this.#kept.get(upstream);
    if (kept?.connection === undefined) return false;
    this.#refresh(upstream, kept);
    return true;
  }

  onDown(upstream: string): void {
    this.#settled(upstream);
    const kept = this.#keptOf(upstream);
    kept.connection = undefined;
    this.#retryNoMore(kept);
    // guard: registry/predecessor
    if (kept.isSuccessor) return this.#takeOut(upstream, kept);
    const { lingerMs, clock } = this.#options;
    // guard: change/gone-at-once
    if (lingerMs === 0) return this.#takeOut(upstream, kept);
    kept.cancelRemoval ??= clock.after(lingerMs, () => {
      kept.cancelRemoval = undefined;
      // guard: change/gone
      this.#takeOut(upstream, kept);
    });
  }

  /** It sleeps: what it offers stays as it was read, until it is up again. */
  onAsleep(upstream: string): void {
    this.#settled(upstream);
    const kept = this.#kept.get(upstream);
    if (kept === undefined) return;
    kept.connection = undefined;
    this.#retryNoMore(kept);
  }

  /** There is another upstream, which comes up soon. */
  onAdded(upstream: string): void {
    this.#unsettled.add(upstream);
  }

  /** The name stands for another server from now on, which comes up soon. */
  onReplaced(upstream: string): void {
    this.#forget(upstream);
    this.#restored.delete(upstream);
    this.#unsettled.add(upstream);
    this.#keptOf(upstream).isSuccessor = true;
  }

  /** Nothing is kept of an upstream that is not there any more, or is switched off. */
  onRemoved(upstream: string): void {
    this.#forget(upstream);
    this.#restored.delete(upstream);
    this.#settled(upstream);
  }

  stop(): void {
    this.#isStopped = true;
    this.#isGraceOver = true;
    for (const kept of this.#kept.values()) this.#cancel(kept);
    this.#unsettled.clear();
    this.#settle();
  }

  #forget(upstream: string): void {
    const kept = this.#kept.get(upstream);
    if (kept === undefined) return;
    this.#kept.delete(upstream);
    this.#cancel(kept);
    // What is being read of it is not taken any more.
    kept.connection = undefined;
  }

  #cancel(kept: Kept): void {
    kept.cancelNext?.();
    kept.cancelRetry?.();
    kept.cancelRemoval?.();
  }

  #takeOut(upstream: string, kept: Kept): void {
    this.#options.publish(upstream, undefined, kept.isSuccessor);
    kept.isSuccessor = false;
  }

  #keptOf(upstream: string): Kept {
    const known = this.#kept.get(upstream);
    if (known !== undefined) return known;
    const kept: Kept = {
      isSuccessor: false,
      connection: undefined,
      onListed: () => {},
      isReading: false,
      isOutdated: false,
      readAtMs: Number.NEGATIVE_INFINITY,
      ageMs: Number.POSITIVE_INFINITY,
      onRead: new Set(),
      cancelNext: undefined,
      failures: 0,
      cancelRetry: undefined,
      said: '',
      cancelRemoval: undefined,
    };
    this.#kept.set(upstream, kept);
    return kept;
  }

  #isAged(kept: Kept, now: number): boolean {
    // Those who ask while it is being read again wait, too.
    return kept.connection !== undefined && (kept.onRead.size > 0 || now - kept.readAtMs >= kept.ageMs);
  }

  /** @returns What ends the wait. */
  #whenReadAgain(upstream: string, kept: Kept, listener: () => void): () => void {
    const withdraw = (): boolean => {
      cancelWait();
      return kept.onRead.delete(tell);
    };
    const tell = (): void => {
      if (withdraw()) listener();
    };
    // guard: change/fresh-wait
    const cancelWait = this.#options.clock.after(FRESH_WAIT_MS, tell);
    kept.onRead.add(tell);
    if (!kept.isReading) this.#refresh(upstream, kept);
    return () => void withdraw();
  }

  #refresh(upstream: string, kept: Kept): void {
    if (kept.isReading || /* guard: change/reading */ kept.cancelNext !== undefined) {
      kept.isOutdated = true;
      return;
    }
    const { connection } = kept;
    if (connection === undefined || this.#isStopped) return;
    kept.isReading = true;
    kept.isOutdated = false;
    kept.readAtMs = this.#options.clock.monotonicMs();
    this.#retryNoMore(kept);
    this.#options.read(connection).then(
      (catalogue) => {
        if (!this.#isStopped && /* guard: change/stale-connection */ kept.connection === connection) {
          this.#take(upstream, kept, catalogue);
          kept.onListed(problemKinds(catalogue).length > 0);
        }
        this.#done(
          upstream,
          kept,
          LIST_KINDS.every((kind) => catalogue[kind].problem === undefined),
        );
      },
      (error: unknown) => {
        if (!this.#isStopped)
          this.#options.logger.error({ error, upstream }, 'the lists of a server could not be read');
        if (!this.#isStopped && kept.connection === connection) {
          if (kept.isSuccessor) this.#takeOut(upstream, kept);
          kept.onListed(true);
        }
        this.#done(upstream, kept, false);
      },
    );
  }

  #done(upstream: string, kept: Kept, isWhole: boolean): void {
    kept.isReading = false;
    for (const tell of [...kept.onRead]) tell();
    if (this.#isStopped || this.#kept.get(upstream) !== kept) return;
    this.#settled(upstream);
    kept.cancelNext = this.#options.clock.after(MIN_INTERVAL_MS, () => {
      kept.cancelNext = undefined;
      if (kept.isOutdated) this.#refresh(upstream, kept);
    });
    kept.failures = isWhole ? 0 : kept.failures + 1;
    if (isWhole) return;
    // A server may not be ready for its first question, and few announce that they are.
    const pauseMs = /* guard: change/unreadable */ Math.min(
      RETRY_MS * 2 ** (kept.failures - 1),
      MAX_RETRY_MS,
    );
    this.#readLater(upstream, kept, pauseMs);
  }

  #readLater(upstream: string, kept: Kept, pauseMs: number): void {
    kept.cancelRetry?.();
    kept.cancelRetry = this.#options.clock.after(pauseMs, () => this.#refresh(upstream, kept));
  }

  #retryNoMore(kept: Kept): void {
    kept.cancelRetry?.();
    kept.cancelRetry = undefined;
  }

  /** What is missing is logged once, without the words of the server, which may hold anything. */
  #take(upstream: string, kept: Kept, catalogue: UpstreamCatalogue): void {
    // Who comes up again and again, and is gone before it is read, does not stay in the lists for it.
    kept.cancelRemoval?.();
    kept.cancelRemoval = undefined;
    kept.ageMs = ageOf(catalogue, this.#options.listAgeMs?.(upstream));
    this.#options.publish(upstream, catalogue, kept.isSuccessor);
    kept.isSuccessor = false;
    const lists = problemKinds(catalogue);
    const withheld = catalogue.withheld.length;
    const said = `${lists.join()} ${withheld}`;
    if (said === kept.said) return;
    kept.said = said;
    if (lists.length > 0 || withheld > 0) {
      this.#options.logger.warn(
        { upstream, lists, withheld },
        'some items of a server are withheld; omni ls shows which and why',
      );
    }
  }

  #settled(upstream: string): void {
    if (this.#unsettled.delete(upstream)) this.#settle();
  }

  #settle(): void {
    if (this.#hasSomethingOfAll) tellAll(this.#listWaits);
    if (this.#unsettled.size === 0) tellAll(this.#allWaits);
  }

  get #hasSomethingOfAll(): boolean {
    return [...this.#unsettled].every((upstream) => this.#restored.has(upstream));
  }
}

/** Lists that could not be read, or not to their end. */
function problemKinds(catalogue: UpstreamCatalogue): readonly (typeof LIST_KINDS)[number][] {
  return LIST_KINDS.filter(
    (kind) => catalogue[kind].problem !== undefined || catalogue[kind].partial !== undefined,
  );
}

function tellAll(waits: Set<() => void>): void {
  const listeners = [...waits];
  waits.clear();
  for (const listener of listeners) listener();
}
