import { checkHeaderParams, mirroredHeaders, type Catalogue } from '@omni/capabilities';
import { GatewayError } from '@omni/ports';
import type { Offer } from '@omni/protocol';
import type { Catalogue as RoutingCatalogue } from '@omni/router';
import type { ClientView } from './client-view.ts';

/** The catalogue as the front sees it: what is there to offer. */
export function offerOf(catalogue: Catalogue, view: ClientView, names: ReadonlySet<string>): Offer {
  return {
    hasEndpoint: (endpoint) => names.has(endpoint),
    // The front asks for endpoints that exist only.
    capabilities: (endpoint, era) => catalogue.capabilities(endpoint, era) ?? '{}',
    instructions: (endpoint) => catalogue.instructions(endpoint),
    list: (kind, client) =>
      catalogue.list({
        kind,
        endpoint: client.endpoint,
        era: client.era,
        variantKey: view.variantKeyOf(client),
        isProvisional: view.isProvisional(client),
      }) ?? '{}',
    onChange: (listener) =>
      catalogue.onChange(({ endpoint, kinds, audience }) => listener({ endpoint, kinds, isFor: (client) => view.isIn(audience, client) })),
    whenKnown: (client, listener) => view.whenKnown(client, listener),
  };
}

/** The catalogue as routing sees it: where names lead. */
export function routesOf(catalogue: Catalogue, view: ClientView): RoutingCatalogue {
  return {
    resolve(kind, name, client) {
      const target = catalogue.resolve(kind, name, client.endpoint, view.variantKeyOf(client));
      if (target instanceof GatewayError) return target;
      const { upstream, tool } = target;
      return {
        upstream,
        name: target.name,
        wrapsOutput: tool?.wrapsOutput ?? false,
        checkHeaders: (args, headers) =>
          tool === undefined
            ? undefined
            : checkHeaderParams(tool, args ?? '', args === undefined ? undefined : { start: 0, end: args.length }, headers),
        headersFor: (args) => (tool === undefined ? [] : mirroredHeaders(tool, args)),
      };
    },
    resolveUri: (uri, client) => catalogue.resolveUri(uri, client.endpoint, view.variantKeyOf(client)),
    rememberUri: (uri, upstream) => catalogue.rememberUri(uri, upstream),
  };
}
