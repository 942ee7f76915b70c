import type { Endpoint } from '@omni/model';
import type { CatalogueSnapshot } from '../snapshot/catalogue-snapshot.ts';
import type { UpstreamCatalogue } from '../reading/upstream-catalogue.ts';

/** What upstreams list to the clients of one variant key. */
interface Variant {
  /** The upstreams that list something else to them than to all. */
  readonly own: Map<string, UpstreamCatalogue>;
  /** Made when it is asked for. */
  snapshot: CatalogueSnapshot | undefined;
}

/**
 * The snapshots of those clients to whom upstreams list something else than to clients without capabilities.
 * They share everything that does not differ with the snapshot of all.
 */
export class CatalogueVariants {
  readonly #make: (base: CatalogueSnapshot, own: ReadonlyMap<string, UpstreamCatalogue>) => CatalogueSnapshot;
  readonly #variants = new Map<string, Variant>();

  constructor(
    make: (base: CatalogueSnapshot, own: ReadonlyMap<string, UpstreamCatalogue>) => CatalogueSnapshot,
  ) {
    this.#make = make;
  }

  /** Whether all clients see the same. */
  get isEmpty(): boolean {
    return this.#variants.size === 0;
  }

  keys(): readonly string[] {
    return [...this.#variants.keys()];
  }

  has(variantKey: string): boolean {
    return this.#variants.has(variantKey);
  }

  own(variantKey: string, upstream: string): UpstreamCatalogue | undefined {
    return this.#variants.get(variantKey)?.own.get(upstream);
  }

  /** The key itself when its clients see something of their own on this endpoint, else `undefined`. */
  keyOn(endpoint: Endpoint, variantKey: string): string | undefined {
    const own = this.#variants.get(variantKey)?.own;
    if (own === undefined || own.size === 0) return undefined;
    return endpoint.kind === 'all' || own.has(endpoint.server) ? variantKey : undefined;
  }

  /** @param catalogue - `undefined` when the upstream lists the same to all. */
  set(variantKey: string, upstream: string, catalogue: UpstreamCatalogue | undefined): void {
    let variant = this.#variants.get(variantKey);
    if (variant === undefined)
      this.#variants.set(variantKey, (variant = { own: new Map(), snapshot: undefined }));
    variant.snapshot = undefined;
    if (catalogue === undefined) variant.own.delete(upstream);
    else variant.own.set(upstream, catalogue);
  }

  forget(variantKey: string): void {
    this.#variants.delete(variantKey);
  }

  /**
   * The snapshot of all is another one: what upstreams listed that are not in it any more is gone for
   * everybody.
   */
  onBaseChanged(base: CatalogueSnapshot): void {
    for (const variant of this.#variants.values()) {
      variant.snapshot = undefined;
      for (const upstream of variant.own.keys())
        if (!base.catalogues.has(upstream)) variant.own.delete(upstream);
    }
  }

  /** @param variantKey - See {@link keyOn}. */
  snapshotFor(variantKey: string | undefined, base: CatalogueSnapshot): CatalogueSnapshot {
    const variant = variantKey === undefined ? undefined : this.#variants.get(variantKey);
    return variant === undefined ? base : (variant.snapshot ??= this.#make(base, variant.own));
  }
}
