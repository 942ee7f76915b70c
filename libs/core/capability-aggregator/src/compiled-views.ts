import {
  serverOf,
  type CatalogueView,
  type CatalogueViews,
  type ClientContext,
  type Endpoint,
  type ListSources,
  type ViewChange,
  type ViewKey,
} from '@omni/model';
import type { Catalogue } from './catalogue.ts';
import type { CatalogueRefresher } from './reading/catalogue-refresher.ts';
import type { VariantReader } from './variants/variant-reader.ts';

export interface CompiledViewsOptions {
  readonly catalogue: Pick<
    Catalogue,
    'audienceOf' | 'hasVariants' | 'isOff' | 'onChange' | 'serves' | 'view'
  >;
  readonly refresher: Pick<CatalogueRefresher, 'whenFresh' | 'whenSettled'>;
  readonly reader: Pick<VariantReader, 'isProvisional' | 'mayBeProvisional' | 'whenKnown'>;
  /** Equal for clients that no upstream can tell apart; `undefined` for those that declare nothing. */
  readonly variantKeyOf: (client: Pick<ViewKey, 'era' | 'capabilities'>) => string | undefined;
  readonly sources: ListSources;
}

/** Finds the view of a client. */
export class CompiledViews implements CatalogueViews {
  readonly #options: CompiledViewsOptions;

  constructor(options: CompiledViewsOptions) {
    this.#options = options;
    // Those who answer requests read, and that is all.
    Object.freeze(this);
  }

  serves(endpoint: Endpoint): boolean {
    return this.#options.catalogue.serves(endpoint);
  }

  isOff(endpoint: Endpoint): boolean {
    return this.#options.catalogue.isOff(endpoint);
  }

  of(client: ViewKey): CatalogueView {
    const { catalogue, reader } = this.#options;
    const isProvisional = reader.mayBeProvisional && reader.isProvisional(client);
    return catalogue.view(client, this.#variantKeyOf(client), isProvisional);
  }

  onChange(listener: (change: ViewChange) => void): () => void {
    const { catalogue } = this.#options;
    return catalogue.onChange(({ endpoint, kinds, audience }) =>
      listener({
        endpoint,
        kinds,
        isFor: (client) => catalogue.audienceOf(this.#variantKeyOf(client)) === audience,
      }),
    );
  }

  whenKnown(client: ClientContext, purpose: 'list' | 'call', listener: () => void): () => void {
    const { refresher, reader, sources } = this.#options;
    // Each wait may end within the call that begins it.
    const waits: (() => void)[] = [];
    const askReader = (): void => void waits.push(reader.whenKnown(client, sources, purpose, listener));
    const leave = refresher.whenSettled(() => {
      if (purpose === 'call') askReader();
      else waits.push(refresher.whenFresh(serverOf(client.endpoint), askReader));
    });
    return () => {
      leave();
      for (const withdraw of waits) withdraw();
    };
  }

  /** While all see the same, it is not worth finding out. */
  #variantKeyOf(client: ViewKey): string | undefined {
    const { catalogue, variantKeyOf } = this.#options;
    return catalogue.hasVariants ? variantKeyOf(client) : undefined;
  }
}
