import { type Endpoint, LIST_KINDS, type ListKind } from '@omni/model';
import type { Era } from '@omni/ports';
import { uiMentionOf } from '../names/ui-mention.ts';
import { listCapabilities } from '../snapshot/capability-union.ts';
import { UriRoutes } from '../names/uri-routes.ts';
import type { CatalogueItem, UpstreamCatalogue, UpstreamList } from '../reading/upstream-catalogue.ts';

/** What a client can be shown or can call: an item of a list, or a method of the server's own. */
export interface OfferedItem {
  readonly upstream: string;
  readonly kind: ListKind | 'methods';
  /** The upstream's own name for it: `name`, `uri` or `uriTemplate`; the method. */
  readonly key: string;
}

/** What a view is compiled for. */
export interface ViewSpec {
  readonly endpoint: Endpoint;
  readonly era: Era;
  /** `undefined` where the clients see what all see. */
  readonly variantKey: string | undefined;
}

/**
 * The seam between the catalogue and whoever decides what clients may see.
 *
 * What is hidden is not there: a view is compiled from the visible items alone, so that no list, name, alias,
 * completion, subscription or hint can lead to a hidden one. Resources are asked for by every URI that could
 * lead to them, listed or not, and `methods` when they are called. For the same arguments the answer is
 * always the same.
 */
export type IsVisible = (item: OfferedItem, spec: ViewSpec) => boolean;

/** Divides what the upstreams of an endpoint offer into what one view shows and what it hides. */
export class ViewFilter {
  /** What is visible, in the place of what was read. */
  readonly visible: ReadonlyMap<string, UpstreamCatalogue>;
  readonly #sees: (item: OfferedItem) => boolean;
  /** Where the hidden items lead. */
  readonly #concealed: UriRoutes;

  constructor(catalogues: ReadonlyMap<string, UpstreamCatalogue>, isVisible: IsVisible, spec: ViewSpec) {
    const { endpoint } = spec;
    const sees = (item: OfferedItem): boolean => isVisible(item, spec);
    const offered = [...catalogues.values()].filter(
      ({ upstream }) => endpoint.kind === 'all' || endpoint.server === upstream,
    );
    this.#sees = sees;
    this.visible = new Map(
      offered.map((catalogue) => [catalogue.upstream, visiblePart(catalogue, sees)] as const),
    );
    this.#concealed = new UriRoutes(
      offered.map(({ upstream, templates, tools }) => {
        const hidden = <Item extends CatalogueItem>(
          kind: ListKind,
          items: readonly Item[],
        ): readonly Item[] => items.filter(({ key }) => !sees({ upstream, kind, key }));
        return {
          upstream,
          uris: [],
          templates: hidden('templates', templates.items).map(({ key }) => key),
          mentions: hidden('tools', tools.items).flatMap(({ text }) => uiMentionOf(text) ?? []),
        };
      }),
    );
  }

  /**
   * Whether the upstream cannot be asked for the resource: it is hidden itself, or hidden items lead to it
   * and no visible one does.
   *
   * @param shown - Where the visible items lead.
   */
  hidesUri(upstream: string, uri: string, shown: UriRoutes): boolean {
    if (!this.#sees({ upstream, kind: 'resources', key: uri })) return true;
    // What takes too long to find out is hidden.
    return (
      shown.leadsTo(upstream, uri) !== true &&
      /* guard: view/undecided */ this.#concealed.leadsTo(upstream, uri) !== false
    );
  }

  /** Whether a tool or prompt of this name would be hidden, if the upstream had it. */
  hidesName(upstream: string, list: 'tools' | 'prompts', name: string): boolean {
    return !this.#sees({ upstream, kind: list, key: name });
  }

  hidesMethod(upstream: string, method: string): boolean {
    return !this.#sees({ upstream, kind: 'methods', key: method });
  }
}

function visiblePart(catalogue: UpstreamCatalogue, sees: (item: OfferedItem) => boolean): UpstreamCatalogue {
  const { upstream } = catalogue;
  const part = <Item extends CatalogueItem>(
    kind: ListKind,
    list: UpstreamList<Item>,
  ): UpstreamList<Item> => ({
    ...list,
    items: /* guard: view/hidden-items */ list.items.filter(({ key }) => sees({ upstream, kind, key })),
  });
  const visible = {
    ...catalogue,
    tools: part('tools', catalogue.tools),
    resources: part('resources', catalogue.resources),
    templates: part('templates', catalogue.templates),
    prompts: part('prompts', catalogue.prompts),
  };
  // Whom nothing of it is meant for is not told what else it can do, either.
  const isReached =
    LIST_KINDS.every((kind) => catalogue[kind].items.length === 0) ||
    LIST_KINDS.some((kind) => visible[kind].items.length > 0);
  if (/* guard: view/unreached */ !isReached)
    return {
      ...visible,
      capabilities: listCapabilities(catalogue.capabilities),
      instructions: undefined,
    };
  // What is as it was read shares what was made of it.
  return LIST_KINDS.every((kind) => visible[kind].items.length === catalogue[kind].items.length)
    ? catalogue
    : visible;
}
