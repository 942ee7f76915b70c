import type { CatalogueSnapshot } from '../snapshot/catalogue-snapshot.ts';
import type { UpstreamCatalogue } from '../reading/upstream-catalogue.ts';

/** What the clients of one variantKey see. */
interface ClientView {
  /** The upstreams that list something else to them. */
  readonly own: Map<string, UpstreamCatalogue>;
  /** Built when it is asked for. */
  snapshot: CatalogueSnapshot | undefined;
}

/**
 * What those clients see to whom upstreams list something else than to clients without capabilities. Views share everything that does
 * not differ with the snapshot of all.
 */
export class CatalogueVariants {
  readonly #build: (
    base: CatalogueSnapshot,
    own: ReadonlyMap<string, UpstreamCatalogue>,
  ) => CatalogueSnapshot;
  readonly #views = new Map<string, ClientView>();

  constructor(
    build: (base: CatalogueSnapshot, own: ReadonlyMap<string, UpstreamCatalogue>) => CatalogueSnapshot,
  ) {
    this.#build = build;
  }

  /** Whether nobody sees anything of its own. */
  get isEmpty(): boolean {
    return this.#views.size === 0;
  }

  variantKeys(): readonly string[] {
    return [...this.#views.keys()];
  }

  has(variantKey: string): boolean {
    return this.#views.has(variantKey);
  }

  own(variantKey: string, upstream: string): UpstreamCatalogue | undefined {
    return this.#views.get(variantKey)?.own.get(upstream);
  }

  /** @param catalogue - `undefined` when the upstream lists the same to all. */
  set(variantKey: string, upstream: string, catalogue: UpstreamCatalogue | undefined): void {
    let view = this.#views.get(variantKey);
    if (view === undefined) this.#views.set(variantKey, (view = { own: new Map(), snapshot: undefined }));
    view.snapshot = undefined;
    if (catalogue === undefined) view.own.delete(upstream);
    else view.own.set(upstream, catalogue);
  }

  forget(variantKey: string): void {
    this.#views.delete(variantKey);
  }

  /** The snapshot of all is another one. @param gone - An upstream that is not there any more. */
  onBaseChanged(gone: string | undefined): void {
    for (const view of this.#views.values()) {
      view.snapshot = undefined;
      if (gone !== undefined) view.own.delete(gone);
    }
  }

  /** @param endpoint - The endpoint that is asked. */
  snapshotFor(
    variantKey: string | undefined,
    endpoint: string | undefined,
    base: CatalogueSnapshot,
  ): CatalogueSnapshot {
    if (variantKey === undefined || this.#views.size === 0) return base;
    const view = this.#views.get(variantKey);
    if (view === undefined || view.own.size === 0 || (endpoint !== undefined && !view.own.has(endpoint)))
      return base;
    return (view.snapshot ??= this.#build(base, view.own));
  }
}
