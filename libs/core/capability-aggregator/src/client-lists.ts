import type { Clock, Era, Logger } from '@omni/ports';
import type { ClientContext, SessionOwner } from '@omni/wire';
import type { ListSource, ListSources } from './list-source.ts';
import { SignedReading } from './signed-reading.ts';
import type { UpstreamCatalogue } from './upstream-catalogue.ts';

const MODERN_VERSION = '2026-07-28';
/** Signatures whose lists are kept; the one that was asked for least lately makes room. */
const MAX_SIGNATURES = 16;
/** For so long a signature makes no room: who declares something new with every request would have servers started all the time. */
const MIN_KEPT_MS = 60_000;
/** Longest wait of a call for servers that may have what it names. */
const CALL_WAIT_MS = 10_000;

export interface ClientListsOptions {
  /** All upstreams. */
  readonly upstreams: readonly string[];
  /** Equal for clients that no upstream can tell apart; `undefined` for those that declare nothing. */
  readonly signatureOf: (client: Pick<ClientContext, 'era' | 'capabilities'>) => string | undefined;
  /** Whether it is known what the upstream lists to clients that declare nothing. */
  readonly isRead: (upstream: string) => boolean;
  readonly read: (source: ListSource) => Promise<UpstreamCatalogue>;
  /** Takes what an upstream lists to clients of a signature; see `Catalogue.setFor`. */
  readonly publish: (signature: string, upstream: string, catalogue: UpstreamCatalogue | undefined, isNews: boolean) => void;
  /** The signature has made room for another one. */
  readonly forget: (signature: string) => void;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Longest wait of a list for servers that were not asked for this signature before, in milliseconds. */
  readonly listWaitMs: number;
}

/** The readings of one signature, by upstream. */
interface Kept {
  readonly readings: Map<string, SignedReading>;
  readonly askedAtMs: number;
}

/**
 * Finds out what upstreams list to clients that declare something, of which a server may make tools depend.
 *
 * Lists are kept by what a client declares, not by who it is: upstreams see the credentials of Omni, the same for all.
 *
 * @see protocol.md R11, R18.
 */
export class ClientLists {
  readonly #options: ClientListsOptions;
  /** By signature; the one that was asked for last is last. */
  readonly #kept = new Map<string, Kept>();

  constructor(options: ClientListsOptions) {
    this.#options = options;
  }

  /** Calls back when it is known what the client's endpoint lists to it, or that takes too long; at once in most cases. */
  whenKnown(client: ClientContext, sources: ListSources, listener: () => void): void {
    this.#whenKnown(client, sources, this.#options.listWaitMs, listener);
  }

  /** The same for a call: it would fail if it did not wait long enough. */
  whenKnownForCall(client: ClientContext, sources: ListSources, listener: () => void): void {
    this.#whenKnown(client, sources, CALL_WAIT_MS, listener);
  }

  /** Whether it is still to be found out what the client's endpoint lists to it: what it is shown meanwhile will not last. */
  isProvisional(client: ClientContext): boolean {
    if (this.#kept.size === 0) return false;
    const signature = this.#options.signatureOf(client);
    if (signature === undefined) return false;
    const readings = this.#kept.get(signature)?.readings;
    // There was no room for it.
    if (readings === undefined) return true;
    if (client.scope !== undefined) return readings.get(client.scope)?.isKnown === false;
    return [...readings.values()].some(({ isKnown }) => !isKnown);
  }

  /** An upstream declares a change. What one instance of clients that declare the same tells counts for all of them. */
  onListsChanged(upstream: string, source: ListSource): void {
    const { owner } = source.link;
    const own = owner === undefined ? undefined : this.#options.signatureOf({ era: eraOf(owner), capabilities: owner.capabilities });
    for (const [signature, { readings }] of this.#kept) {
      const reading = readings.get(upstream);
      if (signature === own || reading?.isReadFrom(source.link) === true) reading?.onListsChanged(source);
    }
  }

  /** The upstream lists something else to clients that declare nothing. */
  onBaseChanged(upstream: string): void {
    for (const { readings } of this.#kept.values()) readings.get(upstream)?.onBaseChanged();
  }

  stop(): void {
    for (const { readings } of this.#kept.values()) for (const reading of readings.values()) reading.stop();
    this.#kept.clear();
  }

  #whenKnown(client: ClientContext, sources: ListSources, waitMs: number, listener: () => void): void {
    const { signatureOf, isRead, upstreams } = this.#options;
    const signature = signatureOf(client);
    if (signature === undefined) return listener();
    const readings = this.#readingsOf(signature);
    if (readings === undefined) return listener();
    let open = 1;
    const onDone = (): void => {
      open--;
      if (open === 0) listener();
    };
    for (const upstream of client.scope === undefined ? upstreams : [client.scope]) {
      // What an upstream offers to anybody is announced when it is known, and clients ask again.
      if (isRead(upstream) && this.#readingOf(signature, readings, upstream).demand({ client, sources, waitMs, listener: onDone })) open++;
    }
    onDone();
  }

  /** @returns `undefined` when there is no room. */
  #readingsOf(signature: string): Map<string, SignedReading> | undefined {
    const askedAtMs = this.#options.clock.monotonicMs();
    const known = this.#kept.get(signature);
    if (known === undefined && !this.#makeRoom(askedAtMs - MIN_KEPT_MS)) return undefined;
    this.#kept.delete(signature);
    const kept: Kept = { readings: known?.readings ?? new Map<string, SignedReading>(), askedAtMs };
    this.#kept.set(signature, kept);
    return kept.readings;
  }

  #readingOf(signature: string, readings: Map<string, SignedReading>, upstream: string): SignedReading {
    let reading = readings.get(upstream);
    if (reading === undefined) {
      const { read, publish, clock, logger } = this.#options;
      reading = new SignedReading({
        upstream,
        read,
        publish: (catalogue, isNews) => publish(signature, upstream, catalogue, isNews),
        clock,
        logger,
      });
      readings.set(upstream, reading);
    }
    return reading;
  }

  #makeRoom(beforeMs: number): boolean {
    if (this.#kept.size < MAX_SIGNATURES) return true;
    const [oldest] = this.#kept;
    if (oldest === undefined || oldest[1].askedAtMs > beforeMs) return false;
    const [signature, { readings }] = oldest;
    for (const reading of readings.values()) reading.stop();
    this.#kept.delete(signature);
    this.#options.forget(signature);
    return true;
  }
}

function eraOf({ version }: SessionOwner): Era {
  return version === MODERN_VERSION ? 'modern' : 'legacy';
}
