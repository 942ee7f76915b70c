import {
  type ClientBinding,
  type ClientContext,
  type ListSource,
  type ListSources,
  MODERN_VERSION,
  serverOf,
  type ViewKey,
} from '@omni/model';
import { type Clock, type Era, type Logger, sharerOf } from '@omni/ports';
import { VariantReading } from './variant-reading.ts';
import type { UpstreamCatalogue } from '../reading/upstream-catalogue.ts';

/** Most variants whose lists are kept; the one that was asked for least lately makes room. */
const MAX_VARIANTS = 16;
/**
 * For so long a variant makes no room, but for users who have asked for less than an equal part: who declares
 * something new with every request would have servers started all the time.
 */
const MIN_KEPT_MS = 60_000;
/**
 * Longest wait of a list for servers that were not asked for this variant before: as long as most take to
 * start.
 */
const LIST_WAIT_MS = 5_000;
/** Longest wait of a call for servers that may have what it names. */
const CALL_WAIT_MS = 10_000;

const NOTHING_WAITS = (): void => {};

export interface VariantReaderOptions {
  /** All upstreams, asked for at each use. */
  readonly upstreams: () => readonly string[];
  /** Equal for clients that no upstream can tell apart; `undefined` for those that declare nothing. */
  readonly variantKeyOf: (client: Pick<ClientContext, 'era' | 'capabilities'>) => string | undefined;
  /** Whether it is known what the upstream lists to clients that declare nothing. */
  readonly isRead: (upstream: string) => boolean;
  readonly read: (source: ListSource, variantKey: string) => Promise<UpstreamCatalogue>;
  /** Stores what an upstream lists to clients of one variant; see `Catalogue.setFor`. */
  readonly publish: (
    variantKey: string,
    upstream: string,
    catalogue: UpstreamCatalogue | undefined,
    isNews: boolean,
  ) => void;
  /** The variant has made room for another one. */
  readonly forget: (variantKey: string) => void;
  /** How old an upstream's lists may become that does not say it; `undefined` for the default. */
  readonly listAgeMs?: (upstream: string) => number | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The readings of one variant, by upstream. */
interface Kept {
  readonly readings: Map<string, VariantReading>;
  readonly askedAtMs: number;
  /** Who has asked last, see `sharerOf`. */
  readonly sharer: string;
}

/**
 * Finds out what upstreams list to clients that declare something, of which a server may make tools depend.
 *
 * Lists are kept by what a client declares, not by who it is: upstreams see the credentials of Omni, the same
 * for all.
 *
 * @see PROTO-R11, PROTO-R18; decision 0014.
 */
export class VariantReader {
  readonly #options: VariantReaderOptions;
  /** By variant; the one that was asked for last is last. */
  readonly #kept = new Map<string, Kept>();
  /** Readings of which it is not known yet what they tell. */
  #unknown = 0;

  constructor(options: VariantReaderOptions) {
    this.#options = options;
  }

  /**
   * Calls back when it is known what the client's endpoint lists to it, or that takes too long; at once in
   * most cases. A list waits for no server whose instance for all is not up, nor a second time for one that
   * kept it waiting in vain. A call waits longer: it would fail.
   *
   * @returns What ends the wait; the listener is not called then.
   */
  whenKnown(
    client: ClientContext,
    sources: ListSources,
    purpose: 'list' | 'call',
    listener: () => void,
  ): () => void {
    const readings = this.#demanded(client);
    if (readings === undefined) {
      listener();
      return NOTHING_WAITS;
    }
    let open = 1;
    const waits: (() => void)[] = [];
    const onDone = (): void => {
      open--;
      if (open === 0) listener();
    };
    for (const reading of readings) {
      const isUp = purpose === 'call' || sources.isUp(reading.upstream);
      const waitMs = purpose === 'call' ? CALL_WAIT_MS : isUp ? LIST_WAIT_MS : 0;
      const withdraw = reading.demand({ client, sources, purpose, waitMs, listener: onDone });
      if (withdraw === undefined) continue;
      open++;
      waits.push(withdraw);
    }
    onDone();
    return () => {
      for (const withdraw of waits) withdraw();
    };
  }

  /** Whether {@link isProvisional} can be true of any client: `false` costs nothing. */
  get mayBeProvisional(): boolean {
    return this.#unknown > 0 || this.#kept.size >= MAX_VARIANTS;
  }

  /**
   * Whether it is still to be found out what the client's endpoint lists to it: what it is shown meanwhile
   * will not last.
   */
  isProvisional(client: ViewKey): boolean {
    if (this.#kept.size === 0) return false;
    const variantKey = this.#options.variantKeyOf(client);
    if (variantKey === undefined) return false;
    const readings = this.#kept.get(variantKey)?.readings;
    // There was no room for it.
    if (readings === undefined) return true;
    const server = serverOf(client.endpoint);
    if (server !== undefined) return readings.get(server)?.isKnown === false;
    for (const { isKnown } of readings.values()) if (!isKnown) return true;
    return false;
  }

  /**
   * An upstream declares a change. What one instance of clients that declare the same tells counts for all of
   * them.
   */
  onListsChanged(upstream: string, source: ListSource): void {
    const { binding } = source.connection;
    const own =
      binding === undefined
        ? undefined
        : this.#options.variantKeyOf({ era: eraOf(binding), capabilities: binding.capabilities });
    for (const [variantKey, { readings }] of this.#kept) {
      const reading = readings.get(upstream);
      if (variantKey === own || reading?.isReadFrom(source.connection) === true)
        reading?.onListsChanged(source);
    }
  }

  /** The upstream lists something else to clients that declare nothing. */
  onBaseChanged(upstream: string): void {
    for (const { readings } of this.#kept.values()) readings.get(upstream)?.onBaseChanged();
  }

  /** The upstream is not there any more. */
  onRemoved(upstream: string): void {
    for (const { readings } of this.#kept.values()) {
      readings.get(upstream)?.stop();
      readings.delete(upstream);
    }
  }

  stop(): void {
    for (const kept of this.#kept.values()) this.#stop(kept);
    this.#kept.clear();
  }

  /** The readings that a client's endpoint depends on; `undefined` when there are none for it. */
  #demanded(client: ClientContext): readonly VariantReading[] | undefined {
    const { variantKeyOf, isRead, upstreams } = this.#options;
    const variantKey = variantKeyOf(client);
    if (variantKey === undefined) return undefined;
    const readings = this.#readingsOf(variantKey, sharerOf(client.principal));
    if (readings === undefined) return undefined;
    const names = new Set(upstreams());
    for (const upstream of readings.keys()) if (!names.has(upstream)) this.#drop(readings, upstream);
    const server = serverOf(client.endpoint);
    // What an upstream offers to anybody is announced when it is known, and clients ask again.
    return (server === undefined ? [...names] : [server])
      .filter((upstream) => isRead(upstream))
      .map((upstream) => this.#readingOf(variantKey, readings, upstream));
  }

  /** @returns `undefined` when there is no room. */
  #readingsOf(variantKey: string, sharer: string): Map<string, VariantReading> | undefined {
    const askedAtMs = this.#options.clock.monotonicMs();
    const known = this.#kept.get(variantKey);
    if (known === undefined && !this.#makeRoom(askedAtMs - MIN_KEPT_MS, sharer)) return undefined;
    this.#kept.delete(variantKey);
    const kept: Kept = { readings: known?.readings ?? new Map<string, VariantReading>(), askedAtMs, sharer };
    this.#kept.set(variantKey, kept);
    return kept.readings;
  }

  #readingOf(variantKey: string, readings: Map<string, VariantReading>, upstream: string): VariantReading {
    let reading = readings.get(upstream);
    if (reading === undefined) {
      const { read, publish, listAgeMs, clock, logger } = this.#options;
      reading = new VariantReading({
        upstream,
        read: (source) => read(source, variantKey),
        publish: (catalogue, isNews) => publish(variantKey, upstream, catalogue, isNews),
        listAgeMs: () => listAgeMs?.(upstream),
        onKnown: (isKnown) => (this.#unknown += isKnown ? -1 : 1),
        clock,
        logger,
      });
      readings.set(upstream, reading);
      this.#unknown += 1;
    }
    return reading;
  }

  #makeRoom(beforeMs: number, sharer: string): boolean {
    if (this.#kept.size < MAX_VARIANTS) return true;
    const [oldest] = this.#kept;
    if (oldest === undefined) return false;
    const leaving = oldest[1].askedAtMs > beforeMs ? this.#ofWhoHasMost(sharer) : oldest;
    if (leaving === undefined) return false;
    const [variantKey, kept] = leaving;
    this.#stop(kept);
    this.#kept.delete(variantKey);
    this.#options.forget(variantKey);
    return true;
  }

  /** The oldest of somebody else who has more than an equal part, and not one alone. */
  #ofWhoHasMost(sharer: string): [string, Kept] | undefined {
    const counts = new Map<string, number>([[sharer, 0]]);
    for (const kept of this.#kept.values()) counts.set(kept.sharer, (counts.get(kept.sharer) ?? 0) + 1);
    const most = Math.max(...counts.values());
    const isUnfair = most > Math.max(1, MAX_VARIANTS / counts.size) && counts.get(sharer) !== most;
    return /* guard: variant/fair */ isUnfair
      ? [...this.#kept].find(([, kept]) => counts.get(kept.sharer) === most)
      : undefined;
  }

  #stop({ readings }: Kept): void {
    for (const upstream of readings.keys()) this.#drop(readings, upstream);
  }

  #drop(readings: Map<string, VariantReading>, upstream: string): void {
    const reading = readings.get(upstream);
    readings.delete(upstream);
    reading?.stop();
    if (reading?.isKnown === false) this.#unknown -= 1;
  }
}

function eraOf({ version }: ClientBinding): Era {
  return version === MODERN_VERSION ? 'modern' : 'legacy';
}
