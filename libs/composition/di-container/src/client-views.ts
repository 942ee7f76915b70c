import {
  checkHeaderParams,
  mirroredHeaders,
  type Catalogue,
  type CatalogueRefresher,
  type ListSources,
  type VariantReader,
} from '@omni/capabilities';
import {
  endpointOf,
  serverOf,
  type CatalogueView,
  type CatalogueViews,
  type ClientContext,
  type Endpoint,
  type ListKind,
  type Target,
  type ViewChange,
  type ViewKey,
} from '@omni/model';
import { GatewayError, type HeaderList } from '@omni/ports';
import type { VariantKeys } from '@omni/upstreams';

export interface ClientViewsParts {
  readonly catalogue: Catalogue;
  readonly refresher: CatalogueRefresher;
  readonly reader: VariantReader;
  readonly variantKeys: VariantKeys;
  readonly sources: ListSources;
  /** Those of the servers that have an endpoint; asked at use. */
  readonly names: Pick<ReadonlySet<string>, 'has'>;
}

/** Which part of the catalogue a client is shown. */
export class ClientViews implements CatalogueViews {
  readonly #parts: ClientViewsParts;

  constructor(parts: ClientViewsParts) {
    this.#parts = parts;
  }

  serves(endpoint: Endpoint): boolean {
    const server = serverOf(endpoint);
    return server === undefined || this.#parts.names.has(server);
  }

  of(client: ViewKey): CatalogueView {
    const { catalogue, reader, variantKeys } = this.#parts;
    // While all see the same, it is not worth finding out.
    const variantKey = catalogue.hasViews ? variantKeys.of(client) : undefined;
    return new ClientView(catalogue, client, variantKey, reader);
  }

  onChange(listener: (change: ViewChange) => void): () => void {
    const { catalogue } = this.#parts;
    return catalogue.onChange(({ endpoint, kinds, audience }) =>
      listener({ endpoint: endpointOf(endpoint), kinds, isFor: (client) => this.#isIn(audience, client) }),
    );
  }

  whenKnown(client: ClientContext, purpose: 'list' | 'call', listener: () => void): void {
    const { refresher, reader, sources } = this.#parts;
    refresher.whenSettled(() => {
      if (purpose === 'list') reader.whenKnown(client, sources, listener);
      else reader.whenKnownForCall(client, sources, listener);
    });
  }

  /** Whether an announcement to this audience is for the client. */
  #isIn(audience: string | undefined, client: ViewKey): boolean {
    const { catalogue, variantKeys } = this.#parts;
    return catalogue.audienceOf(catalogue.hasViews ? variantKeys.of(client) : undefined) === audience;
  }
}

class ClientView implements CatalogueView {
  readonly #catalogue: Catalogue;
  readonly #client: ViewKey;
  readonly #variantKey: string | undefined;
  readonly #reader: VariantReader;

  constructor(catalogue: Catalogue, client: ViewKey, variantKey: string | undefined, reader: VariantReader) {
    this.#catalogue = catalogue;
    this.#client = client;
    this.#variantKey = variantKey;
    this.#reader = reader;
  }

  // The front asks for endpoints that exist only.
  get capabilities(): string {
    return this.#catalogue.capabilities(serverOf(this.#client.endpoint), this.#client.era) ?? '{}';
  }

  get instructions(): string | undefined {
    return this.#catalogue.instructions(serverOf(this.#client.endpoint));
  }

  list(kind: ListKind): string {
    const { endpoint, era } = this.#client;
    const request = { kind, endpoint: serverOf(endpoint), era, variantKey: this.#variantKey };
    return (
      this.#catalogue.list({ ...request, isProvisional: this.#reader.isProvisional(this.#client) }) ?? '{}'
    );
  }

  route(kind: 'tool' | 'prompt', name: string): Target | GatewayError {
    const target = this.#catalogue.resolve(kind, name, serverOf(this.#client.endpoint), this.#variantKey);
    if (target instanceof GatewayError) return target;
    const { upstream, tool } = target;
    return {
      upstream,
      name: target.name,
      wrapsOutput: tool?.wrapsOutput ?? false,
      checkHeaders: (args: string | undefined, headers: HeaderList) =>
        tool === undefined
          ? undefined
          : checkHeaderParams(
              tool,
              args ?? '',
              args === undefined ? undefined : { start: 0, end: args.length },
              headers,
            ),
      headersFor: (args: string | undefined) => (tool === undefined ? [] : mirroredHeaders(tool, args)),
    };
  }

  routeUri(uri: string): readonly string[] | GatewayError {
    return this.#catalogue.resolveUri(uri, serverOf(this.#client.endpoint), this.#variantKey);
  }

  allowsWatch(uri: string): boolean {
    return !(this.routeUri(uri) instanceof GatewayError);
  }

  rememberUri(uri: string, upstream: string): void {
    this.#catalogue.rememberUri(uri, upstream);
  }
}
