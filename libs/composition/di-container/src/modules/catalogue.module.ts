import {
  Catalogue,
  CatalogueRefresher,
  CompiledViews,
  keptLists,
  ListBudget,
  readCatalogue,
  type UpstreamCatalogue,
  VariantReader,
} from '@omni/capabilities';
import { VariantKeys } from '@omni/upstreams';
import { shortIdentity } from '../identity.ts';
import type { Scope } from '../scope/scope.ts';
import { Token } from '../token.ts';
import { HiddenItems } from '../upstreams/hidden-items.ts';

/** What upstreams offer, and what each client is shown of it. */
export function registerCatalogue(scope: Scope): void {
  scope.register(Token.CatalogueWriter, {
    needs: {
      configuration: Token.Configuration,
      identity: Token.Identity,
      instructions: Token.Instructions,
      registry: Token.UpstreamRegistry,
      hidden: Token.HiddenItems,
      clock: Token.Clock,
      logger: Token.Logger,
    },
    useFactory: ({ configuration, identity, instructions, registry: { current }, hidden, clock, logger }) => {
      const catalogue = new Catalogue({
        upstreams: current.all.map(({ name, enabled, tools }) => ({ name, isOff: !enabled, tools })),
        prefix: configuration.naming.prefix,
        identity: shortIdentity(identity),
        instructions,
        clock,
        logger,
        maxAnswerBytes: configuration.limits.maxListAnswerBytes,
      });
      hidden.follow((upstream, items) => catalogue.withdraw(upstream, items));
      return catalogue;
    },
  });
  scope.register(Token.HiddenItems, { useFactory: () => new HiddenItems() });
  scope.register(Token.Catalogue, {
    needs: { catalogue: Token.CatalogueWriter },
    useFactory: ({ catalogue }) => catalogue,
  });
  scope.register(Token.ListBudget, {
    needs: { configuration: Token.Configuration, catalogue: Token.Catalogue },
    useFactory: ({ configuration: { limits }, catalogue }) =>
      new ListBudget({
        maxBytes: limits.maxListBytes,
        upstreams: () => catalogue.upstreams,
        kept: (upstream) => catalogue.kept(upstream),
      }),
  });
  scope.register(Token.VariantKeys, { useFactory: () => new VariantKeys() });
  scope.register(Token.VariantReader, {
    needs: {
      identity: Token.Identity,
      registry: Token.UpstreamRegistry,
      catalogue: Token.CatalogueWriter,
      budget: Token.ListBudget,
      variantKeys: Token.VariantKeys,
      clock: Token.Clock,
      logger: Token.Logger,
    },
    useFactory: ({ identity, registry, catalogue, budget, variantKeys, clock, logger }) =>
      new VariantReader({
        upstreams: () => catalogue.upstreams,
        variantKeyOf: (client) => variantKeys.of(client),
        isRead: (upstream) => catalogue.isRead(upstream),
        read: ({ connection, capabilities }, variantKey) =>
          budget.read(connection.upstream, variantKey, (room) =>
            readCatalogue(connection, { identity: shortIdentity(identity), capabilities, room }),
          ),
        publish: (variantKey, upstream, read, isNews) => catalogue.setFor(variantKey, upstream, read, isNews),
        forget: (variantKey) => catalogue.forget(variantKey),
        listAgeMs: (upstream) => registry.current.get(upstream)?.listAgeMs,
        clock,
        logger,
      }),
  });
  scope.register(Token.CatalogueRefresher, {
    needs: {
      configuration: Token.Configuration,
      events: Token.EventBus,
      identity: Token.Identity,
      registry: Token.UpstreamRegistry,
      catalogue: Token.CatalogueWriter,
      reader: Token.VariantReader,
      budget: Token.ListBudget,
      supervision: Token.Supervision,
      store: Token.StoreSettings,
      clock: Token.Clock,
      logger: Token.Logger,
      startGraceMs: Token.StartGraceMs,
    },
    useFactory: ({
      configuration,
      events,
      identity,
      registry,
      catalogue,
      reader,
      budget,
      supervision,
      store,
      clock,
      logger,
      startGraceMs,
    }) => {
      const keep = (upstream: string, read: UpstreamCatalogue): void => {
        const revision = registry.current.idOf(upstream);
        if (store === undefined || revision === undefined) return;
        for (const list of keptLists(read))
          supervision.saveList({ ...list, upstream, revision, readAt: clock.now() });
      };
      return new CatalogueRefresher({
        publish: (upstream, read, isSuccessor) => {
          if (!catalogue.set(upstream, read, isSuccessor)) return;
          if (read !== undefined) keep(upstream, read);
          reader.onBaseChanged(upstream);
          events.publish({ type: 'catalogue.changed', subject: { server: upstream } });
        },
        read: (connection) =>
          budget.read(connection.upstream, undefined, (room) =>
            readCatalogue(connection, { identity: shortIdentity(identity), room }),
          ),
        listAgeMs: (upstream) => registry.current.get(upstream)?.listAgeMs,
        lingerMs: configuration.catalogue.lingerMs,
        awaited: registry.current.all.filter(({ enabled }) => enabled).map(({ name }) => name),
        clock,
        logger,
        startGraceMs,
      });
    },
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
