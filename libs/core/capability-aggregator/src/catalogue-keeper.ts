import type { CancelTimer, Clock, Logger } from '@omni/ports';
import type { UpstreamLink } from '@omni/wire';
import type { UpstreamCatalogue } from './upstream-catalogue.ts';

/** Pause between two readings of the same upstream: one that announces changes all the time is not read all the time. */
const MIN_INTERVAL_MS = 1_000;
/** How long an upstream that is gone keeps its place in the lists: most are back within the first restarts. */
const STALE_MS = 30_000;

export interface CatalogueKeeperOptions {
  /** Where readings go; `undefined` takes the upstream out. */
  readonly publish: (upstream: string, catalogue: UpstreamCatalogue | undefined) => void;
  readonly read: (link: UpstreamLink) => Promise<UpstreamCatalogue>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Upstreams whose first reading or failure the first list waits for. */
  readonly awaited: readonly string[];
  /** Longest wait for them, in milliseconds since {@link CatalogueKeeper.start}. */
  readonly startGraceMs: number;
}

interface Kept {
  link: UpstreamLink | undefined;
  isReading: boolean;
  isOutdated: boolean;
  cancelNext: CancelTimer | undefined;
  cancelRemoval: CancelTimer | undefined;
}

/**
 * Keeps the catalogue up to date: reads an upstream when it comes up and when it announces a change, one reading at a time,
 * and takes it out when it stays away.
 */
export class CatalogueKeeper {
  readonly #options: CatalogueKeeperOptions;
  readonly #kept = new Map<string, Kept>();
  readonly #unsettled: Set<string>;
  #onSettled: (() => void)[] = [];
  #isStopped = false;

  constructor(options: CatalogueKeeperOptions) {
    this.#options = options;
    this.#unsettled = new Set(options.awaited);
  }

  /** Begins the grace for the first list. */
  start(): void {
    this.#options.clock.after(this.#options.startGraceMs, () => {
      this.#unsettled.clear();
      this.#settle();
    });
  }

  /** Calls back when every awaited upstream has been read or has failed, or the grace is over; at once from then on. */
  whenSettled(listener: () => void): void {
    if (this.#unsettled.size === 0) listener();
    else this.#onSettled.push(listener);
  }

  onReady(upstream: string, link: UpstreamLink): void {
    const kept = this.#keptOf(upstream);
    kept.cancelRemoval?.();
    kept.cancelRemoval = undefined;
    kept.link = link;
    this.#refresh(upstream, kept);
  }

  onListsChanged(upstream: string): void {
    const kept = this.#kept.get(upstream);
    if (kept?.link !== undefined) this.#refresh(upstream, kept);
  }

  onDown(upstream: string): void {
    this.#settled(upstream);
    const kept = this.#keptOf(upstream);
    kept.link = undefined;
    kept.cancelRemoval ??= this.#options.clock.after(STALE_MS, () => {
      kept.cancelRemoval = undefined;
      this.#options.publish(upstream, undefined);
    });
  }

  stop(): void {
    this.#isStopped = true;
    for (const kept of this.#kept.values()) {
      kept.cancelNext?.();
      kept.cancelRemoval?.();
    }
    this.#unsettled.clear();
    this.#settle();
  }

  #keptOf(upstream: string): Kept {
    const known = this.#kept.get(upstream);
    if (known !== undefined) return known;
    const kept: Kept = { link: undefined, isReading: false, isOutdated: false, cancelNext: undefined, cancelRemoval: undefined };
    this.#kept.set(upstream, kept);
    return kept;
  }

  #refresh(upstream: string, kept: Kept): void {
    if (kept.isReading || kept.cancelNext !== undefined) {
      kept.isOutdated = true;
      return;
    }
    const { link } = kept;
    if (link === undefined || this.#isStopped) return;
    kept.isReading = true;
    kept.isOutdated = false;
    this.#options.read(link).then(
      (catalogue) => this.#done(upstream, kept, () => kept.link === link && this.#options.publish(upstream, catalogue)),
      (error: unknown) =>
        this.#done(upstream, kept, () => this.#options.logger.error({ error, upstream }, 'the lists of a server could not be read')),
    );
  }

  #done(upstream: string, kept: Kept, act: () => void): void {
    kept.isReading = false;
    if (this.#isStopped) return;
    act();
    this.#settled(upstream);
    kept.cancelNext = this.#options.clock.after(MIN_INTERVAL_MS, () => {
      kept.cancelNext = undefined;
      if (kept.isOutdated) this.#refresh(upstream, kept);
    });
  }

  #settled(upstream: string): void {
    if (this.#unsettled.delete(upstream)) this.#settle();
  }

  #settle(): void {
    if (this.#unsettled.size > 0) return;
    const listeners = this.#onSettled;
    this.#onSettled = [];
    for (const listener of listeners) listener();
  }
}
