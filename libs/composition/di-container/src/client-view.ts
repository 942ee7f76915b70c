import type { Catalogue, CatalogueRefresher, VariantReader, ListSources } from '@omni/capabilities';
import type { VariantKeys } from '@omni/upstreams';
import type { ClientContext } from '@omni/model';

export interface ClientViewParts {
  readonly catalogue: Catalogue;
  readonly refresher: CatalogueRefresher;
  readonly lists: VariantReader;
  readonly variantKeys: VariantKeys;
  readonly sources: ListSources;
}

/** Which part of the catalogue a client is shown. */
export class ClientView {
  readonly #parts: ClientViewParts;

  constructor(parts: ClientViewParts) {
    this.#parts = parts;
  }

  /** What the catalogue knows clients like this one by; `undefined` when they see what all do. */
  variantKeyOf(client: ClientContext): string | undefined {
    const { catalogue, variantKeys } = this.#parts;
    // While all see the same, it is not worth finding out.
    return catalogue.hasViews ? variantKeys.of(client) : undefined;
  }

  /** Whether what the client is shown now will not last. */
  isProvisional(client: ClientContext): boolean {
    return this.#parts.lists.isProvisional(client);
  }

  /** Whether an announcement to this audience is for the client. */
  isIn(audience: string | undefined, client: ClientContext): boolean {
    return this.#parts.catalogue.audienceOf(this.variantKeyOf(client)) === audience;
  }

  /** Calls back when it is known what there is for the client, or that takes too long for a list. */
  whenKnown(client: ClientContext, listener: () => void): void {
    const { refresher, lists, sources } = this.#parts;
    refresher.whenSettled(() => lists.whenKnown(client, sources, listener));
  }

  /** The same for a call, which waits longer. */
  whenKnownForCall(client: ClientContext, listener: () => void): void {
    const { refresher, lists, sources } = this.#parts;
    refresher.whenSettled(() => lists.whenKnownForCall(client, sources, listener));
  }
}
