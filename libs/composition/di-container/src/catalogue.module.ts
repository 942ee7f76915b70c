import { Catalogue, CatalogueRefresher, readCatalogue, VariantReader } from '@omni/capabilities';
import { VariantKeys } from '@omni/upstreams';
import { ContainerModule } from 'inversify';
import { ClientViews } from './client-views.ts';
import { IDENTITY } from './identity.ts';
import { bindPart } from './part.ts';
import { Token } from './token.ts';

/** What upstreams offer, and what each client is shown of it. */
export const catalogueModule: ContainerModule = new ContainerModule(({ bind }) => {
  bindPart(
    bind,
    Token.Catalogue,
    { configuration: Token.Configuration, registry: Token.UpstreamRegistry, clock: Token.Clock },
    ({ configuration: { naming }, registry: { current }, clock }) =>
      new Catalogue({
        order: current.names,
        off: current.all.filter(({ enabled }) => !enabled).map(({ name }) => name),
        prefix: naming.prefix,
        identity: IDENTITY,
        clock,
      }),
  );
  bindPart(bind, Token.VariantKeys, {}, () => new VariantKeys());
  bindPart(
    bind,
    Token.VariantReader,
    {
      registry: Token.UpstreamRegistry,
      catalogue: Token.Catalogue,
      variantKeys: Token.VariantKeys,
      clock: Token.Clock,
      logger: Token.Logger,
      listWaitMs: Token.StartGraceMs,
    },
    ({ registry, catalogue, variantKeys, clock, logger, listWaitMs }) =>
      new VariantReader({
        get upstreams() {
          return registry.current.names;
        },
        variantKeyOf: (client) => variantKeys.of(client),
        isRead: (upstream) => catalogue.isRead(upstream),
        read: ({ connection, capabilities }) =>
          readCatalogue(connection, { identity: IDENTITY, capabilities }),
        publish: (variantKey, upstream, read, isNews) => catalogue.setFor(variantKey, upstream, read, isNews),
        forget: (variantKey) => catalogue.forget(variantKey),
        clock,
        logger,
        listWaitMs,
      }),
  );
  bindPart(
    bind,
    Token.CatalogueRefresher,
    {
      registry: Token.UpstreamRegistry,
      catalogue: Token.Catalogue,
      reader: Token.VariantReader,
      clock: Token.Clock,
      logger: Token.Logger,
      startGraceMs: Token.StartGraceMs,
    },
    ({ registry, catalogue, reader, clock, logger, startGraceMs }) =>
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
  );
  bindPart(
    bind,
    Token.ClientViews,
    {
      registry: Token.UpstreamRegistry,
      catalogue: Token.Catalogue,
      refresher: Token.CatalogueRefresher,
      reader: Token.VariantReader,
      variantKeys: Token.VariantKeys,
      sources: Token.UpstreamDirectory,
    },
    ({ registry, ...parts }) =>
      new ClientViews({ ...parts, names: { has: (name) => registry.current.get(name) !== undefined } }),
  );
});
