import type { CatalogueSnapshot } from './catalogue-snapshot.ts';
import type { UpstreamCatalogue } from './upstream-catalogue.ts';

/** What the clients of one signature see. */
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
export class ClientViews {
  readonly #build: (base: CatalogueSnapshot, own: ReadonlyMap<string, UpstreamCatalogue>) => CatalogueSnapshot;
  readonly #views = new Map<string, ClientView>();

  constructor(build: (base: CatalogueSnapshot, own: ReadonlyMap<string, UpstreamCatalogue>) => CatalogueSnapshot) {
    this.#build = build;
  }

  /** Whether nobody sees anything of its own. */
  get isEmpty(): boolean {
    return this.#views.size === 0;
  }

  signatures(): readonly string[] {
    return [...this.#views.keys()];
  }

  has(signature: string): boolean {
    return this.#views.has(signature);
  }

  own(signature: string, upstream: string): UpstreamCatalogue | undefined {
    return this.#views.get(signature)?.own.get(upstream);
  }

  /** @param catalogue - `undefined` when the upstream lists the same to all. */
  set(signature: string, upstream: string, catalogue: UpstreamCatalogue | undefined): void {
    let view = this.#views.get(signature);
    if (view === undefined) this.#views.set(signature, (view = { own: new Map(), snapshot: undefined }));
    view.snapshot = undefined;
    if (catalogue === undefined) view.own.delete(upstream);
    else view.own.set(upstream, catalogue);
  }

  forget(signature: string): void {
    this.#views.delete(signature);
  }

  /** The snapshot of all is another one. @param gone - An upstream that is not there any more. */
  onBaseChanged(gone: string | undefined): void {
    for (const view of this.#views.values()) {
      view.snapshot = undefined;
      if (gone !== undefined) view.own.delete(gone);
    }
  }

  /** @param scope - The endpoint that is asked. */
  snapshotFor(signature: string | undefined, scope: string | undefined, base: CatalogueSnapshot): CatalogueSnapshot {
    if (signature === undefined || this.#views.size === 0) return base;
    const view = this.#views.get(signature);
    if (view === undefined || view.own.size === 0 || (scope !== undefined && !view.own.has(scope))) return base;
    return (view.snapshot ??= this.#build(base, view.own));
  }
}
