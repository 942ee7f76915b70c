import type { Endpoint, ListKind } from '@omni/model';
import type { Era, GatewayError, ToolSelection } from '@omni/ports';
import { CompiledTarget } from '../names/compiled-target.ts';
import { nameTable, type NameTable, type OwnedName, type PrefixPolicy } from '../names/exposed-name.ts';
import { findOwnName, NameRoutes, type OwnRoutes } from '../names/name-routes.ts';
import { uiMentionOf } from '../names/ui-mention.ts';
import { UriRoutes } from '../names/uri-routes.ts';
import type { CatalogueItem, ToolItem, UpstreamCatalogue } from '../reading/upstream-catalogue.ts';
import { ownCapabilities, unitedCapabilities } from './capability-union.ts';
import { fittingItems, type SizedItem } from './fitting-items.ts';
import { unitedInstructions } from './instructions-union.ts';

/**
 * How long clients may keep a list, in milliseconds, unless an upstream allows less. Changes are announced
 * anyway.
 */
const DEFAULT_TTL_MS = 60_000;

/** A configured upstream, as far as the catalogue has to know it. */
export interface ConfiguredUpstream {
  readonly name: string;
  /** Whether it is switched off: what it would offer is not waited for. */
  readonly isOff: boolean;
  /** Which of its tools clients may see and call. Default: all. */
  readonly tools?: ToolSelection | undefined;
}

export interface CatalogueSnapshotOptions {
  /** All configured upstreams, in the order in which their items are listed. */
  readonly upstreams: readonly ConfiguredUpstream[];
  readonly prefix: PrefixPolicy;
  /** What has been read, by upstream. */
  readonly catalogues: ReadonlyMap<string, UpstreamCatalogue>;
  /** Longest answer to a list, in bytes in memory. */
  readonly maxAnswerBytes: number;
  /** A snapshot whose tables are used again where nothing differs. */
  readonly like?: CatalogueSnapshot;
}

/** An item with the upstream that offers it. */
export interface OwnedItem<Item extends CatalogueItem = CatalogueItem> extends OwnedName {
  readonly item: Item;
}

/** An item with the name under which an endpoint shows it. */
export interface ShownItem<Item extends CatalogueItem = CatalogueItem> extends OwnedItem<Item> {
  readonly exposed: string;
}

/** An item that only the endpoint of all servers leaves out. */
export interface ShadowedItem extends OwnedItem {
  readonly list: ListKind;
  readonly reason: string;
}

/** An item in an answer; its text is made when it is known that it fits. */
interface AnsweredItem extends SizedItem {
  readonly text: () => string;
}

/** What an answer to a list says. */
export interface ListAnswer {
  /** Joined by commas. */
  readonly items: string;
  /** How many items it leaves out, because it would be too long. */
  readonly leftOut: number;
}

type NamedKind = 'tools' | 'prompts';
type TargetsOf = ReadonlyMap<string, OwnRoutes<CompiledTarget>>;
interface OwnedItems {
  readonly tools: OwnedItem<ToolItem>;
  readonly prompts: OwnedItem;
}

/**
 * An immutable picture of everything that is offered. Texts and tables are made when they are first asked
 * for, then kept; the endpoints, eras and views that are made of one snapshot share them.
 */
export class CatalogueSnapshot {
  readonly upstreams: readonly ConfiguredUpstream[];
  readonly catalogues: ReadonlyMap<string, UpstreamCatalogue>;
  readonly #prefix: PrefixPolicy;
  readonly #maxAnswerBytes: number;
  readonly #targets: Readonly<Record<NamedKind, TargetsOf>>;
  readonly #routes: Partial<Record<NamedKind, NameRoutes<CompiledTarget>>> = {};
  #tools: NameTable<OwnedItems['tools']> | undefined;
  #prompts: NameTable<OwnedItems['prompts']> | undefined;
  #uriRoutes: UriRoutes | undefined;
  #shadowed: ReadonlyMap<string, readonly ShadowedItem[]> | undefined;

  constructor({ upstreams, prefix, catalogues, maxAnswerBytes, like }: CatalogueSnapshotOptions) {
    this.upstreams = upstreams;
    this.catalogues = catalogues;
    this.#prefix = prefix;
    this.#maxAnswerBytes = maxAnswerBytes;
    const targets = like === undefined ? undefined : like.#targets;
    this.#targets = {
      tools: targetsOf(catalogues, toolTargets, like?.catalogues, targets?.tools),
      prompts: targetsOf(catalogues, promptTargets, like?.catalogues, targets?.prompts),
    };
  }

  /** The configured upstreams of an endpoint; none when there is no such endpoint. */
  upstreamsOf(endpoint: Endpoint): readonly ConfiguredUpstream[] {
    return endpoint.kind === 'all'
      ? this.upstreams
      : this.upstreams.filter(({ name }) => name === endpoint.server);
  }

  /** The items of a list, as many as an answer may hold. */
  answer(kind: ListKind, endpoint: Endpoint, era: Era): ListAnswer {
    const all = this.#sized(kind, endpoint, era);
    const fitting = fittingItems(all, this.#maxAnswerBytes);
    return {
      items: fitting.map(({ text }) => text()).join(','),
      leftOut: all.length - fitting.length,
    };
  }

  /** How many items of an upstream an answer leaves out, because it would be too long. */
  leftOut(kind: ListKind, endpoint: Endpoint, upstream: string): number {
    const isOwn = (item: { readonly upstream: string }): boolean => item.upstream === upstream;
    const all = this.#sized(kind, endpoint, 'modern');
    const fitting = fittingItems(all, this.#maxAnswerBytes);
    return fitting === all ? 0 : all.filter(isOwn).length - fitting.filter(isOwn).length;
  }

  /** What only the endpoint of all servers leaves out, by upstream. */
  get shadowed(): ReadonlyMap<string, readonly ShadowedItem[]> {
    this.#shadowed ??= Map.groupBy(
      [
        ...this.#toolTable().withheld.map((owned) => ({ list: 'tools' as const, ...owned })),
        ...this.#firstOfEachUri('resources').shadowed,
        ...this.#firstOfEachUri('templates').shadowed,
        ...this.#promptTable().withheld.map((owned) => ({ list: 'prompts' as const, ...owned })),
      ],
      ({ upstream }) => upstream,
    );
    return this.#shadowed;
  }

  /** Finds the upstream of a tool or prompt. */
  find(kind: 'tool' | 'prompt', name: string, endpoint: Endpoint): CompiledTarget | GatewayError {
    const list = kind === 'tool' ? 'tools' : 'prompts';
    // guard: name/own-only
    if (endpoint.kind === 'server') return findOwnName(kind, name, this.#targets[list].get(endpoint.server));
    let routes = this.#routes[list];
    if (routes === undefined) {
      const { exposed } = list === 'tools' ? this.#toolTable() : this.#promptTable();
      routes = new NameRoutes({ noun: kind, exposed, owned: this.#targets[list] });
      this.#routes[list] = routes;
    }
    return routes.find(name);
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

  capabilities(endpoint: Endpoint, era: Era): string {
    return endpoint.kind === 'all'
      ? unitedCapabilities(this.#inOrder(), era)
      : ownCapabilities(this.catalogues.get(endpoint.server), era);
  }

  instructions(endpoint: Endpoint): string | undefined {
    if (endpoint.kind === 'server') return this.catalogues.get(endpoint.server)?.instructions;
    return unitedInstructions(
      this.#inOrder().flatMap(({ upstream, instructions }) =>
        instructions === undefined ? [] : [{ server: upstream, text: instructions }],
      ),
    );
  }

  /** 0 while a server of the endpoint has not been read: what it will offer must be seen at once. */
  ttlMs(kind: ListKind, endpoint: Endpoint): number {
    let ttlMs = DEFAULT_TTL_MS;
    for (const { name, isOff } of this.upstreamsOf(endpoint)) {
      if (isOff) continue;
      const catalogue = this.catalogues.get(name);
      ttlMs = Math.min(ttlMs, catalogue === undefined ? 0 : (catalogue[kind].ttlMs ?? ttlMs));
    }
    return ttlMs;
  }

  #sized(kind: ListKind, endpoint: Endpoint, era: Era): readonly AnsweredItem[] {
    // Eras differ in their tools only.
    const items: readonly ShownItem[] =
      kind === 'tools' && era === 'legacy'
        ? this.#shownTools(endpoint).flatMap((shown) => legacyItem(shown))
        : this.shown(kind, endpoint);
    return items.map(({ upstream, name, item, exposed }) => ({
      upstream,
      name,
      bytes:
        (item.text.length + exposed.length) * (this.catalogues.get(upstream)?.[kind].characterBytes ?? 1),
      text: () => renamed(item, exposed),
    }));
  }

  /**
   * What clients of an endpoint see of a list, in order; answers that would be too long leave some of it out.
   */
  shown(kind: ListKind, endpoint: Endpoint): readonly ShownItem[] {
    if (kind === 'tools') return this.#shownTools(endpoint);
    if (endpoint.kind === 'server')
      return ownItems(endpoint.server, this.catalogues.get(endpoint.server)?.[kind].items);
    return kind === 'prompts' ? this.#promptTable().exposed : this.#firstOfEachUri(kind).shown;
  }

  #shownTools(endpoint: Endpoint): readonly ShownItem<ToolItem>[] {
    return endpoint.kind === 'all'
      ? this.#toolTable().exposed
      : ownItems(endpoint.server, this.catalogues.get(endpoint.server)?.tools.items);
  }

  #toolTable(): NameTable<OwnedItems['tools']> {
    return (this.#tools ??= this.#tableOf(({ tools }) => tools.items));
  }

  #promptTable(): NameTable<OwnedItems['prompts']> {
    return (this.#prompts ??= this.#tableOf(({ prompts }) => prompts.items));
  }

  #tableOf<Item extends CatalogueItem>(
    itemsOf: (catalogue: UpstreamCatalogue) => readonly Item[],
  ): NameTable<OwnedItem<Item>> {
    return nameTable({
      prefix: this.#prefix,
      upstreams: this.upstreams.map(({ name }) => name),
      names: this.#inOrder().flatMap((catalogue) =>
        itemsOf(catalogue).map((item) => ({ upstream: catalogue.upstream, name: item.key, item })),
      ),
    });
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
        const owned = { upstream, name: item.key, item };
        const earlier = shown.get(item.key);
        if (earlier === undefined) shown.set(item.key, { ...owned, exposed: item.key });
        else {
          const reason = `"${earlier.upstream}" lists the same URI and comes first`;
          shadowed.push({ ...owned, list: kind, reason });
        }
      }
    }
    return { shown: [...shown.values()], shadowed };
  }

  #inOrder(): readonly UpstreamCatalogue[] {
    return this.upstreams.flatMap(({ name }) => this.catalogues.get(name) ?? []);
  }
}

/**
 * @param known - The targets that were made of the catalogues `before`: what has not been read anew keeps
 * them.
 */
function targetsOf(
  catalogues: ReadonlyMap<string, UpstreamCatalogue>,
  make: (catalogue: UpstreamCatalogue) => readonly CompiledTarget[],
  before: ReadonlyMap<string, UpstreamCatalogue> | undefined,
  known: TargetsOf | undefined,
): TargetsOf {
  const targets = new Map<string, OwnRoutes<CompiledTarget>>();
  for (const [upstream, catalogue] of catalogues) {
    const same = before?.get(upstream) === catalogue ? known?.get(upstream) : undefined;
    targets.set(upstream, same ?? new Map(make(catalogue).map((target) => [target.name, target])));
  }
  return targets;
}

function toolTargets({ upstream, tools }: UpstreamCatalogue): readonly CompiledTarget[] {
  return tools.items.map(({ key, facts }) => new CompiledTarget(upstream, key, facts));
}

function promptTargets({ upstream, prompts }: UpstreamCatalogue): readonly CompiledTarget[] {
  return prompts.items.map(({ key }) => new CompiledTarget(upstream, key));
}

function ownItems<Item extends CatalogueItem>(
  upstream: string,
  items: readonly Item[] = [],
): readonly ShownItem<Item>[] {
  return items.map((item) => ({ upstream, name: item.key, item, exposed: item.key }));
}

function legacyItem({ item, ...shown }: ShownItem<ToolItem>): readonly ShownItem[] {
  const { key, legacy } = item;
  return legacy.kind === 'listed' ? [{ ...shown, item: { key, ...legacy } }] : [];
}

function renamed(item: CatalogueItem, exposed: string): string {
  if (exposed === item.key) return item.text;
  return item.text.slice(0, item.keySpan.start) + JSON.stringify(exposed) + item.text.slice(item.keySpan.end);
}
