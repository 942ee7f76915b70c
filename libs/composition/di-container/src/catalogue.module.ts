import {
  Catalogue,
  CatalogueRefresher,
  CompiledViews,
  readCatalogue,
  VariantReader,
} from '@omni/capabilities';
import { VariantKeys } from '@omni/upstreams';
import { ContainerModule } from 'inversify';
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
        upstreams: current.all.map(({ name, enabled }) => ({ name, isOff: !enabled })),
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
      catalogue: Token.Catalogue,
      variantKeys: Token.VariantKeys,
      clock: Token.Clock,
      logger: Token.Logger,
      listWaitMs: Token.StartGraceMs,
    },
    ({ catalogue, variantKeys, clock, logger, listWaitMs }) =>
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
    Token.CatalogueViews,
    {
      catalogue: Token.Catalogue,
      refresher: Token.CatalogueRefresher,
      reader: Token.VariantReader,
      variantKeys: Token.VariantKeys,
      sources: Token.UpstreamDirectory,
    },
    ({ variantKeys, ...parts }) =>
      new CompiledViews({ ...parts, variantKeyOf: (client) => variantKeys.of(client) }),
  );
});
