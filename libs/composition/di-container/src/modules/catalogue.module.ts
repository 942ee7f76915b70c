import {
  Catalogue,
  CatalogueRefresher,
  CompiledViews,
  readCatalogue,
  VariantReader,
} from '@omni/capabilities';
import { VariantKeys } from '@omni/upstreams';
import { IDENTITY } from '../identity.ts';
import type { Scope } from '../scope/scope.ts';
import { Token } from '../token.ts';

/** What upstreams offer, and what each client is shown of it. */
export function registerCatalogue(scope: Scope): void {
  scope.register(Token.Catalogue, {
    needs: { configuration: Token.Configuration, registry: Token.UpstreamRegistry, clock: Token.Clock },
    useFactory: ({ configuration: { naming }, registry: { current }, clock }) =>
      new Catalogue({
        upstreams: current.all.map(({ name, enabled }) => ({ name, isOff: !enabled })),
        prefix: naming.prefix,
        identity: IDENTITY,
        clock,
      }),
  });
  scope.register(Token.VariantKeys, { useFactory: () => new VariantKeys() });
  scope.register(Token.VariantReader, {
    needs: {
      catalogue: Token.Catalogue,
      variantKeys: Token.VariantKeys,
      clock: Token.Clock,
      logger: Token.Logger,
    },
    useFactory: ({ catalogue, variantKeys, clock, logger }) =>
      new VariantReader({
        upstreams: () => catalogue.upstreams,
        variantKeyOf: (client) => variantKeys.of(client),
        isRead: (upstream) => catalogue.isRead(upstream),
        read: ({ connection, capabilities }) =>
          readCatalogue(connection, { identity: IDENTITY, capabilities }),
        publish: (variantKey, upstream, read, isNews) => catalogue.setFor(variantKey, upstream, read, isNews),
        forget: (variantKey) => catalogue.forget(variantKey),
        clock,
        logger,
      }),
  });
  scope.register(Token.CatalogueRefresher, {
    needs: {
      registry: Token.UpstreamRegistry,
      catalogue: Token.Catalogue,
      reader: Token.VariantReader,
      clock: Token.Clock,
      logger: Token.Logger,
      startGraceMs: Token.StartGraceMs,
    },
    useFactory: ({ registry, catalogue, reader, clock, logger, startGraceMs }) =>
      new CatalogueRefresher({
        publish: (upstream, read, isSuccessor) => {
          if (catalogue.set(upstream, read, isSuccessor)) reader.onBaseChanged(upstream);
        },
        read: (connection) => readCatalogue(connection, { identity: IDENTITY }),
        awaited: registry.current.all.filter(({ enabled }) => enabled).map(({ name }) => name),
        clock,
        logger,
        startGraceMs,
      }),
  });
  scope.register(Token.CatalogueViews, {
    needs: {
      catalogue: Token.Catalogue,
      refresher: Token.CatalogueRefresher,
      reader: Token.VariantReader,
      variantKeys: Token.VariantKeys,
      sources: Token.UpstreamDirectory,
    },
    useFactory: ({ variantKeys, ...parts }) =>
      new CompiledViews({ ...parts, variantKeyOf: (client) => variantKeys.of(client) }),
  });
}
