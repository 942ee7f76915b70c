import { type Catalogue, type CatalogueRefresher, restoredCatalogue } from '@omni/capabilities';
import type { Supervision, SupervisionObserver } from '@omni/coordinator';
import type { EventBus } from '@omni/events';
import { type OutsideDefinition, redactorOf, type StoredDefinition, type StoredList } from '@omni/ports';
import type { UpstreamRegistry, Upstreams } from '@omni/upstreams';
import type { GatewayUpstream } from '../gateway-options.ts';
import type { UpstreamTelemetry } from '../telemetry/upstream-telemetry.ts';
import { isAway } from './is-away.ts';

export interface RememberedUpstreamsParts {
  readonly supervision: Pick<Supervision, 'define'>;
  readonly observer: Partial<SupervisionObserver>;
  readonly registry: UpstreamRegistry<GatewayUpstream>;
  readonly upstreams: Upstreams;
  readonly catalogue: Catalogue;
  readonly refresher: CatalogueRefresher;
  readonly events: EventBus;
  readonly telemetry: UpstreamTelemetry;
  /** Whether there is a store. */
  readonly isStored: boolean;
  /** Told what is defined in the store, and whenever it is something else. */
  readonly onDefinitions: (stored: readonly StoredDefinition[]) => void;
  /** Whether an upstream is defined in the store, and nowhere else. */
  readonly isDefinedInStore: (name: string) => boolean;
}

/** Connects what supervision keeps and tells with those who make or need it. */
export function rememberUpstreams(parts: RememberedUpstreamsParts): void {
  const { supervision, observer, registry, events, telemetry, isStored, isDefinedInStore } = parts;
  observer.onNote = (note, isPersisted) => telemetry.onNote(note, isStored && !isPersisted);
  observer.onRestarted = (restart) =>
    void events.publish({ type: 'coordinator.restarted', data: { ...restart } }, 'coordinator');
  const kept = new KeptLists(parts);
  observer.onLists = (lists) => kept.take(lists);
  observer.onDefinitions = parts.onDefinitions;
  const defined = (names: readonly string[]): readonly OutsideDefinition[] =>
    names.flatMap((name) => {
      const spec = registry.current.get(name);
      return spec === undefined || isDefinedInStore(name) ? [] : [outsideDefinition(spec, registry)];
    });
  supervision.define(defined(registry.current.names), []);
  registry.subscribe((_definitions, { added, removed, replaced, changed }) => {
    supervision.define(
      defined([...added, ...replaced, ...changed]),
      removed.filter((name) => !isDefinedInStore(name)),
    );
    for (const name of added) kept.show(name);
  });
}

type KeptListsParts = Pick<RememberedUpstreamsParts, 'registry' | 'upstreams' | 'catalogue' | 'refresher'>;

/** Lists of an earlier run are shown until their server has been read, where it is still the same server. */
class KeptLists {
  readonly #parts: KeptListsParts;
  /** Those of servers that have not come, since the store defines them. */
  #waiting = new Map<string, readonly StoredList[]>();

  constructor(parts: KeptListsParts) {
    this.#parts = parts;
  }

  take(lists: readonly StoredList[]): void {
    this.#waiting = Map.groupBy(lists, ({ upstream }) => upstream);
    for (const name of this.#parts.registry.current.names) this.show(name);
  }

  /** Shows what was kept of a server, once. */
  show(name: string): void {
    const { registry, upstreams, catalogue, refresher } = this.#parts;
    const lists = this.#waiting.get(name);
    if (lists === undefined) return;
    this.#waiting.delete(name);
    const server = registry.current.groupOf(name);
    const own = lists.filter(({ revision }) => revision === registry.current.idOf(name));
    const isWanted = registry.current.get(name)?.enabled === true && !catalogue.isRead(server);
    const restored = isWanted ? restoredCatalogue(server, own) : undefined;
    if (restored === undefined) return;
    catalogue.set(server, restored, false);
    refresher.onRestored(name);
    // It may stay as it is for long, so that nothing else takes them out.
    const state = upstreams.get(name)?.record.state;
    // guard: change/restored-away
    if (state !== undefined && isAway(state)) refresher.onDown(name);
  }
}

function outsideDefinition(spec: GatewayUpstream, registry: UpstreamRegistry): OutsideDefinition {
  const { name, transport, enabled, critical, secretValues } = spec;
  const redacted = redactorOf(secretValues);
  return {
    name,
    source: 'file',
    revision: registry.current.idOf(name) ?? '',
    transport: transport.kind,
    url: 'url' in transport ? redacted(publicUrl(transport.url)) : null,
    command: transport.kind === 'stdio' ? redacted(transport.command) : null,
    enabled,
    critical,
  };
}

/** What a query or a user name holds may be a secret. */
function publicUrl(text: string): string {
  // That of a server that is switched off may be none.
  const url = URL.parse(text);
  return url === null ? '' : `${url.origin}${url.pathname}`;
}
