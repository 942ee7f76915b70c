import { checkHeaderParams, mirroredHeaders, type Catalogue } from '@omni/capabilities';
import { GatewayError } from '@omni/ports';
import type { Offer } from '@omni/protocol';
import type { Catalogue as RoutingCatalogue } from '@omni/router';
import type { ClientView } from './client-view.ts';

/** The catalogue as the front sees it: what is there to offer. */
export function offerOf(catalogue: Catalogue, view: ClientView, names: ReadonlySet<string>): Offer {
  return {
    hasScope: (scope) => names.has(scope),
    // The front asks for scopes that exist only.
    capabilities: (scope, era) => catalogue.capabilities(scope, era) ?? '{}',
    instructions: (scope) => catalogue.instructions(scope),
    list: (kind, client) =>
      catalogue.list({
        kind,
        scope: client.scope,
        era: client.era,
        signature: view.signatureOf(client),
        isProvisional: view.isProvisional(client),
      }) ?? '{}',
    onChange: (listener) =>
      catalogue.onChange(({ scope, kinds, audience }) => listener({ scope, kinds, isFor: (client) => view.isIn(audience, client) })),
    whenKnown: (client, listener) => view.whenKnown(client, listener),
  };
}

/** The catalogue as routing sees it: where names lead. */
export function routesOf(catalogue: Catalogue, view: ClientView): RoutingCatalogue {
  return {
    resolve(kind, name, client) {
      const target = catalogue.resolve(kind, name, client.scope, view.signatureOf(client));
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
    resolveUri: (uri, client) => catalogue.resolveUri(uri, client.scope, view.signatureOf(client)),
    rememberUri: (uri, upstream) => catalogue.rememberUri(uri, upstream),
  };
}
