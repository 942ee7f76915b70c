import type { Era, GatewayError } from '@omni/ports';
import { ownCapabilities, unitedCapabilities } from './capability-union.ts';
import type { Identity } from '../reading/catalogue-reader.ts';
import { nameTable, type NameTable, type OwnedName, type PrefixPolicy } from '../names/exposed-name.ts';
import { unitedInstructions } from './instructions-union.ts';
import { NameRoutes } from '../names/name-routes.ts';
import type { CatalogueItem, ListKind, ToolItem, UpstreamCatalogue } from '../reading/upstream-catalogue.ts';
import { uiMentionOf } from '../names/ui-mention.ts';
import { UriRoutes } from '../names/uri-routes.ts';

/** How long clients may keep a list, in milliseconds, unless an upstream allows less. Changes are announced anyway. */
const DEFAULT_TTL_MS = 60_000;

const MEMBERS: Readonly<Record<ListKind, string>> = {
  tools: 'tools',
  resources: 'resources',
  templates: 'resourceTemplates',
  prompts: 'prompts',
};

export interface CatalogueSnapshotOptions {
  /** Rises with every snapshot. */
  readonly generation: number;
  /** Names of all configured upstreams. */
  readonly order: readonly string[];
  /** Those of them that are switched off. */
  readonly off: readonly string[];
  readonly prefix: PrefixPolicy;
  readonly identity: Identity;
  /** What has been read, by upstream. */
  readonly catalogues: ReadonlyMap<string, UpstreamCatalogue>;
  /** A snapshot whose tables are used again where nothing differs. */
  readonly like?: CatalogueSnapshot;
}

/** Which list, of which endpoint, for whom. */
export interface ListRequest {
  readonly kind: ListKind;
  readonly endpoint: string | undefined;
  readonly era: Era;
  readonly variantKey?: string | undefined;
  /** It is about to change, so that the client is not to keep it. Default `false`. */
  readonly isProvisional?: boolean;
}

/** An item with the name under which an endpoint shows it. */
export interface ShownItem<Item extends CatalogueItem = CatalogueItem> {
  readonly upstream: string;
  readonly item: Item;
  readonly exposed: string;
}

/** An item that only the endpoint of all servers leaves out. */
export interface ShadowedItem extends OwnedName {
  readonly list: ListKind;
  readonly reason: string;
}

/** An immutable picture of everything that is offered. Texts and tables are made when they are first asked for, then kept. */
export class CatalogueSnapshot {
  readonly generation: number;
  readonly catalogues: ReadonlyMap<string, UpstreamCatalogue>;
  readonly #options: CatalogueSnapshotOptions;
  readonly #texts = new Map<string, string>();
  readonly #tables = new Map<'tools' | 'prompts', NameTable>();
  readonly #routes = new Map<'tools' | 'prompts', NameRoutes>();
  readonly #byName: Readonly<
    Record<'tools' | 'prompts', ReadonlyMap<string, ReadonlyMap<string, CatalogueItem>>>
  >;
  readonly #tools: ReadonlyMap<string, ReadonlyMap<string, ToolItem>>;
  #uriRoutes: UriRoutes | undefined;
  #shadowed: ReadonlyMap<string, readonly ShadowedItem[]> | undefined;

  constructor(options: CatalogueSnapshotOptions) {
    const { like } = options;
    this.#options = options;
    this.generation = options.generation;
    this.catalogues = options.catalogues;
    const known = like === undefined ? undefined : like.#byName;
    this.#tools = this.#itemsByName(
      ({ tools }) => tools.items,
      like,
      like === undefined ? undefined : like.#tools,
    );
    this.#byName = {
      tools: this.#tools,
      prompts: this.#itemsByName(({ prompts }) => prompts.items, like, known?.prompts),
    };
  }

  /** The configured upstreams of an endpoint; `undefined` when there is no such endpoint. */
  upstreamsOf(endpoint: string | undefined): readonly string[] | undefined {
    if (endpoint === undefined) return this.#options.order;
    return this.#options.order.includes(endpoint) ? [endpoint] : undefined;
  }

  /** The whole result of a list request; see {@link Catalogue.list}. */
  list({ kind, endpoint, era, isProvisional = false }: ListRequest): string | undefined {
    const upstreams = this.upstreamsOf(endpoint);
    if (upstreams === undefined) return undefined;
    return this.#kept(`list ${kind} ${era} ${isProvisional ? 'now' : ''} ${endpoint ?? ''}`, () => {
      const items = `"${MEMBERS[kind]}":[${this.body(kind, endpoint, era)}]`;
      if (era === 'legacy') return `{${items}}`;
      const meta = JSON.stringify({ 'io.modelcontextprotocol/serverInfo': this.#options.identity });
      return `{"resultType":"complete",${items},"ttlMs":${isProvisional ? 0 : this.#ttlMs(kind, upstreams)},"cacheScope":"private","_meta":${meta}}`;
    });
  }

  /** The items of a list, joined by commas. */
  body(kind: ListKind, endpoint: string | undefined, era: Era): string {
    // Eras differ in their tools only.
    return this.#kept(`body ${kind} ${kind === 'tools' ? era : ''} ${endpoint ?? ''}`, () => {
      if (kind !== 'tools' || era === 'modern')
        return this.shown(kind, endpoint)
          .map(({ item, exposed }) => renamed(item, exposed))
          .join(',');
      const texts: string[] = [];
      for (const { item, exposed } of this.shownTools(endpoint)) {
        if (item.legacy.kind === 'listed') texts.push(renamed({ key: item.key, ...item.legacy }, exposed));
      }
      return texts.join(',');
    });
  }

  /** What an endpoint lists, in order. */
  shown(kind: ListKind, endpoint: string | undefined): readonly ShownItem[] {
    if (endpoint !== undefined) {
      const items = this.catalogues.get(endpoint)?.[kind].items ?? [];
      return items.map((item) => ({ upstream: endpoint, item, exposed: item.key }));
    }
    if (kind === 'resources' || kind === 'templates') return this.#firstOfEachUri(kind).shown;
    return named(this.#table(kind), this.#byName[kind]);
  }

  shownTools(endpoint: string | undefined): readonly ShownItem<ToolItem>[] {
    if (endpoint === undefined) return named(this.#table('tools'), this.#tools);
    return (this.catalogues.get(endpoint)?.tools.items ?? []).map((item) => ({
      upstream: endpoint,
      item,
      exposed: item.key,
    }));
  }

  /** What only the endpoint of all servers leaves out of this upstream's. */
  shadowedOf(upstream: string): readonly ShadowedItem[] {
    this.#shadowed ??= Map.groupBy(this.#allShadowed(), (item) => item.upstream);
    return this.#shadowed.get(upstream) ?? [];
  }

  find(kind: 'tools' | 'prompts', name: string, endpoint: string | undefined): OwnedName | GatewayError {
    let routes = this.#routes.get(kind);
    if (routes === undefined) {
      const noun = kind === 'tools' ? 'tool' : 'prompt';
      routes = new NameRoutes({ noun, exposed: this.#table(kind).exposed, owned: this.#byName[kind] });
      this.#routes.set(kind, routes);
    }
    return endpoint === undefined ? routes.find(name) : routes.findOwn(endpoint, name);
  }

  toolOf({ upstream, name }: OwnedName): ToolItem | undefined {
    return this.#tools.get(upstream)?.get(name);
  }

  get uriRoutes(): UriRoutes {
    this.#uriRoutes ??= new UriRoutes(
      this.#inOrder().map(({ upstream, resources, templates, tools }) => ({
        upstream,
        uris: resources.items.map(({ key }) => key),
        templates: templates.items.map(({ key }) => key),
        mentions: tools.items.flatMap(({ text }) => uiMentionOf(text) ?? []),
      })),
    );
    return this.#uriRoutes;
  }

  capabilities(endpoint: string | undefined, era: Era): string | undefined {
    if (this.upstreamsOf(endpoint) === undefined) return undefined;
    return this.#kept(`capabilities ${era} ${endpoint ?? ''}`, () =>
      endpoint === undefined
        ? unitedCapabilities(this.#inOrder(), era)
        : ownCapabilities(this.catalogues.get(endpoint), era),
    );
  }

  instructions(endpoint: string | undefined): string | undefined {
    if (endpoint !== undefined) return this.catalogues.get(endpoint)?.instructions;
    return unitedInstructions(
      this.#inOrder().flatMap(({ upstream, instructions }) =>
        instructions === undefined ? [] : [{ server: upstream, text: instructions }],
      ),
    );
  }

  /** 0 while a server of the endpoint has not been read: what it will offer must be seen at once. */
  #ttlMs(kind: ListKind, upstreams: readonly string[]): number {
    let ttlMs = DEFAULT_TTL_MS;
    for (const upstream of upstreams) {
      if (this.#options.off.includes(upstream)) continue;
      const catalogue = this.catalogues.get(upstream);
      ttlMs = Math.min(ttlMs, catalogue === undefined ? 0 : (catalogue[kind].ttlMs ?? ttlMs));
    }
    return ttlMs;
  }

  #table(kind: 'tools' | 'prompts'): NameTable {
    let table = this.#tables.get(kind);
    if (table === undefined) {
      const names = this.#inOrder().flatMap((catalogue) =>
        catalogue[kind].items.map(({ key }) => ({ upstream: catalogue.upstream, name: key })),
      );
      table = nameTable({ prefix: this.#options.prefix, upstreams: this.#options.order, names });
      this.#tables.set(kind, table);
    }
    return table;
  }

  #allShadowed(): readonly ShadowedItem[] {
    return [
      ...this.#table('tools').withheld.map((owned) => ({ list: 'tools' as const, ...owned })),
      ...this.#firstOfEachUri('resources').shadowed,
      ...this.#firstOfEachUri('templates').shadowed,
      ...this.#table('prompts').withheld.map((owned) => ({ list: 'prompts' as const, ...owned })),
    ];
  }

  /** A URI identifies a resource, so it is listed once; all that list it can be asked for it. */
  #firstOfEachUri(kind: 'resources' | 'templates'): {
    readonly shown: readonly ShownItem[];
    readonly shadowed: readonly ShadowedItem[];
  } {
    const shown = new Map<string, ShownItem>();
    const shadowed: ShadowedItem[] = [];
    for (const { upstream, [kind]: list } of this.#inOrder()) {
      for (const item of list.items) {
        const earlier = shown.get(item.key);
        if (earlier === undefined) shown.set(item.key, { upstream, item, exposed: item.key });
        else
          shadowed.push({
            list: kind,
            upstream,
            name: item.key,
            reason: `"${earlier.upstream}" lists the same URI and comes first`,
          });
      }
    }
    return { shown: [...shown.values()], shadowed };
  }

  #inOrder(): readonly UpstreamCatalogue[] {
    return this.#options.order.flatMap((upstream) => this.catalogues.get(upstream) ?? []);
  }

  #itemsByName<Item extends CatalogueItem>(
    itemsOf: (catalogue: UpstreamCatalogue) => readonly Item[],
    like: CatalogueSnapshot | undefined,
    known: ReadonlyMap<string, ReadonlyMap<string, Item>> | undefined,
  ): ReadonlyMap<string, ReadonlyMap<string, Item>> {
    const byUpstream = new Map<string, ReadonlyMap<string, Item>>();
    for (const [upstream, catalogue] of this.catalogues) {
      const same = like?.catalogues.get(upstream) === catalogue ? known?.get(upstream) : undefined;
      byUpstream.set(upstream, same ?? new Map(itemsOf(catalogue).map((item) => [item.key, item])));
    }
    return byUpstream;
  }

  #kept(key: string, make: () => string): string {
    let text = this.#texts.get(key);
    if (text === undefined) {
      text = make();
      this.#texts.set(key, text);
    }
    return text;
  }
}

function named<Item extends CatalogueItem>(
  table: NameTable,
  items: ReadonlyMap<string, ReadonlyMap<string, Item>>,
): readonly ShownItem<Item>[] {
  return table.exposed.flatMap(({ upstream, name, exposed }) => {
    const item = items.get(upstream)?.get(name);
    return item === undefined ? [] : [{ upstream, item, exposed }];
  });
}

function renamed(item: CatalogueItem, exposed: string): string {
  if (exposed === item.key) return item.text;
  return item.text.slice(0, item.keySpan.start) + JSON.stringify(exposed) + item.text.slice(item.keySpan.end);
}
