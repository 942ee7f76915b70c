import { checkHeaderParams, mirroredHeaders, type Catalogue, type CatalogueKeeper } from '@omni/capabilities';
import { GatewayError } from '@omni/ports';
import type { Offer } from '@omni/protocol';
import type { Catalogue as RoutingCatalogue } from '@omni/router';

/** The catalogue as the front sees it: what is there to offer. */
export function offerOf(catalogue: Catalogue, keeper: CatalogueKeeper, names: ReadonlySet<string>): Offer {
  return {
    hasScope: (scope) => names.has(scope),
    // The front asks for scopes that exist only.
    capabilities: (scope, era) => catalogue.capabilities(scope, era) ?? '{}',
    instructions: (scope) => catalogue.instructions(scope),
    list: (kind, scope, era) => catalogue.list(kind, scope, era) ?? '{}',
    onChange: (listener) => catalogue.onChange(listener),
    whenSettled: (listener) => keeper.whenSettled(listener),
  };
}

/** The catalogue as routing sees it: where names lead. */
export function routesOf(catalogue: Catalogue): RoutingCatalogue {
  return {
    resolve(kind, name, scope) {
      const target = catalogue.resolve(kind, name, scope);
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
    resolveUri: (uri, scope) => catalogue.resolveUri(uri, scope),
    rememberUri: (uri, upstream) => catalogue.rememberUri(uri, upstream),
  };
}
