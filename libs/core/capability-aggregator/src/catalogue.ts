import { GatewayError, type Clock, type Era } from '@omni/ports';
import type { Identity } from './catalogue-reader.ts';
import { CatalogueSnapshot } from './catalogue-snapshot.ts';
import { ChangeAnnouncer, type ChangeKind, type ChangeListener } from './change-announcer.ts';
import type { OwnedName, PrefixPolicy } from './exposed-name.ts';
import { MAX_URI_LENGTH } from './item-limits.ts';
import { RecentUris } from './recent-uris.ts';
import { safeText } from './safe-text.ts';
import { isSameCatalogue } from './same-catalogue.ts';
import {
  LIST_KINDS,
  type ListKind,
  type ToolFacts,
  type UpstreamCatalogue,
  type UpstreamList,
  type WithheldItem,
} from './upstream-catalogue.ts';

export interface CatalogueOptions {
  /** Names of the upstreams that can offer something, in the order in which their items are listed. */
  readonly order: readonly string[];
  readonly prefix: PrefixPolicy;
  /** What Omni calls itself, in results of the modern era. */
  readonly identity: Identity;
  readonly clock: Clock;
  /** Shortest time between two announcements to one endpoint, in milliseconds. Default 200. */
  readonly debounceMs?: number;
}

/** Where a call goes. */
export interface Target extends OwnedName {
  /** What the call has to respect; tools only. */
  readonly tool?: ToolFacts;
}

/** A tool as the endpoint of all servers, or of one, lists it. */
export interface ToolOverview extends OwnedName {
  readonly exposed: string;
  /** Its JSON as the upstream wrote it, with the upstream's own name. */
  readonly text: string;
}

/** What one upstream offers, for people. */
export interface UpstreamOverview {
  readonly upstream: string;
  /** Whether it has been read; if not, the rest says nothing. */
  readonly isRead: boolean;
  /** Its own name and version as JSON. */
  readonly serverInfo: string | undefined;
  readonly counts: Readonly<Record<ListKind, number>>;
  readonly withheld: readonly WithheldItem[];
  /** Lists that could not be read, or not to their end. */
  readonly problems: readonly { readonly list: ListKind; readonly isPartial: boolean; readonly reason: string }[];
}

const DEFAULT_DEBOUNCE_MS = 200;
const RECENT_URIS = 10_000;
const MAX_UNREAD_NAMED = 5;

/**
 * What exists: the tools, resources and prompts of all upstreams, under the names that clients see.
 *
 * An endpoint is named by its `scope`: a server, or `undefined` for the endpoint of all.
 */
export class Catalogue {
  readonly #options: CatalogueOptions;
  readonly #announcer: ChangeAnnouncer;
  readonly #announced = new Map<string | undefined, Readonly<Record<ChangeKind, string>>>();
  readonly #recentUris = new RecentUris(RECENT_URIS);
  #snapshot: CatalogueSnapshot;

  constructor(options: CatalogueOptions) {
    this.#options = options;
    this.#snapshot = this.#snapshotOf(1, new Map());
    this.#announcer = new ChangeAnnouncer({
      clock: options.clock,
      debounceMs: options.debounceMs ?? DEFAULT_DEBOUNCE_MS,
      takeChanges: (scope) => this.#takeChanges(scope),
    });
  }

  /** Rises whenever something may have changed. */
  get generation(): number {
    return this.#snapshot.generation;
  }

  /**
   * Takes what an upstream offers now. A list that could not be read does not replace one that is held for this upstream,
   * and one that stops early does not replace a longer one.
   *
   * @param catalogue - `undefined` when the upstream is gone.
   * @throws {@link GatewayError} `OMNI_SERVER_UNKNOWN` when it is not in the order.
   */
  set(upstream: string, catalogue: UpstreamCatalogue | undefined): void {
    if (!this.#options.order.includes(upstream)) {
      throw new GatewayError('OMNI_SERVER_UNKNOWN', `No server "${safeText(upstream)}" is configured`);
    }
    const held = this.#snapshot.catalogues.get(upstream);
    const next = held === undefined || catalogue === undefined ? catalogue : withLastGood(held, catalogue);
    if (isSameCatalogue(held, next)) return;
    const catalogues = new Map(this.#snapshot.catalogues);
    if (next === undefined) catalogues.delete(upstream);
    else catalogues.set(upstream, next);
    this.#snapshot = this.#snapshotOf(this.#snapshot.generation + 1, catalogues);
    this.#announcer.touch(upstream);
    this.#announcer.touch(undefined);
  }

  /**
   * Listens to changes of lists: only when their bytes differ from what was last announced, the first at once, later ones
   * at most one per `debounceMs` and endpoint.
   *
   * @param listener - Must not throw.
   * @returns Stops listening.
   */
  onChange(listener: ChangeListener): () => void {
    return this.#announcer.onChange(listener);
  }

  /**
   * The whole result of `tools/list`, `resources/list`, `resources/templates/list` or `prompts/list`, as JSON.
   *
   * Built once per snapshot; the same content gives the same bytes. All items are on one page. Modern results say
   * `"cacheScope":"private"`, as lists depend on who asks, and the smallest `ttlMs` of the upstreams, at most 60,000 and 0
   * while one of them has not been read.
   *
   * @returns `undefined` when no server has the name of the scope.
   */
  list(kind: ListKind, scope: string | undefined, era: Era): string | undefined {
    return this.#snapshot.list(kind, scope, era);
  }

  /** Capabilities for `initialize` (legacy) or `server/discover` (modern) as JSON; `undefined` for an unknown scope. */
  capabilities(scope: string | undefined, era: Era): string | undefined {
    return this.#snapshot.capabilities(scope, era);
  }

  /** Instructions: of one server as they are; of all with headings, at most 16,384 characters. `undefined` when there are none. */
  instructions(scope: string | undefined): string | undefined {
    return this.#snapshot.instructions(scope);
  }

  /**
   * Finds where a tool or prompt is.
   *
   * On the endpoint of one server only its own names count. On the endpoint of all: the exposed name, then `server:name`,
   * `server.name`, `server/name` and `server__name`, then a bare name that only one server uses.
   *
   * @returns `OMNI_NAME_UNKNOWN`, `OMNI_NAME_AMBIGUOUS` (with `data.candidates`) or `OMNI_SERVER_UNKNOWN` when there is none.
   */
  resolve(kind: 'tool' | 'prompt', name: string, scope: string | undefined): Target | GatewayError {
    const snapshot = this.#snapshot;
    if (snapshot.upstreamsOf(scope) === undefined) return unknownServer(scope);
    const found = snapshot.find(kind === 'tool' ? 'tools' : 'prompts', name, scope);
    if (found instanceof GatewayError) return this.#withUnread(found, scope);
    const target = { upstream: found.upstream, name: found.name };
    const tool = kind === 'tool' ? snapshot.toolOf(found) : undefined;
    return tool === undefined ? target : { ...target, tool: tool.facts };
  }

  /**
   * Finds who can be asked for a resource, best first: who lists it, whose template it fits, who mentioned it, the only
   * server there is, the only server that uses its scheme.
   *
   * @returns `OMNI_NAME_UNKNOWN` when nobody can, `OMNI_PARAMS_INVALID` beyond 8,192 characters.
   */
  resolveUri(uri: string, scope: string | undefined): readonly string[] | GatewayError {
    const snapshot = this.#snapshot;
    const upstreams = snapshot.upstreamsOf(scope);
    if (upstreams === undefined) return unknownServer(scope);
    if (uri.length > MAX_URI_LENGTH) return new GatewayError('OMNI_PARAMS_INVALID', `"uri" is longer than ${MAX_URI_LENGTH} characters`);
    if (scope !== undefined) return upstreams;
    const routes = snapshot.uriRoutes;
    const listed = routes.listed(uri);
    if (listed.length > 0) return listed;
    const matching = routes.matching(uri);
    if (matching.length > 0) return matching;
    const fallback = this.#recentUris.find(uri) ?? (upstreams.length === 1 ? upstreams[0] : routes.soleOwnerOfScheme(uri));
    if (fallback !== undefined) return [fallback];
    return new GatewayError('OMNI_NAME_UNKNOWN', `No server is known to have the resource "${safeText(uri)}"`);
  }

  /** Notes that an upstream mentioned a resource, so that it can be read later. The last 10,000 are kept. */
  rememberUri(uri: string, upstream: string): void {
    if (uri.length <= MAX_URI_LENGTH && this.#options.order.includes(upstream)) this.#recentUris.remember(uri, upstream);
  }

  /** Whether it is known what the upstream offers. Until then an unknown name may only be unknown yet. */
  isRead(upstream: string): boolean {
    return this.#snapshot.catalogues.has(upstream);
  }

  /** The tools that an endpoint lists, in order; empty for an unknown scope. */
  toolsOf(scope: string | undefined): readonly ToolOverview[] {
    return this.#snapshot.shownTools(scope).map(({ upstream, item, exposed }) => ({ upstream, name: item.key, exposed, text: item.text }));
  }

  /** All upstreams in order: what they offer, what is withheld, what went wrong. */
  describe(): readonly UpstreamOverview[] {
    const snapshot = this.#snapshot;
    const shadowed = snapshot.shadowed();
    return this.#options.order.map((upstream) => {
      const catalogue = snapshot.catalogues.get(upstream);
      const onAll = shadowed
        .filter((item) => item.upstream === upstream)
        .map(({ list, name, reason }) => ({ list, key: safeText(name), reason: `on the endpoint of all servers: ${reason}` }));
      return overviewOf(upstream, catalogue, onAll);
    });
  }

  /** Announces nothing any more. */
  close(): void {
    this.#announcer.close();
  }

  #snapshotOf(generation: number, catalogues: ReadonlyMap<string, UpstreamCatalogue>): CatalogueSnapshot {
    const { order, prefix, identity } = this.#options;
    return new CatalogueSnapshot({ generation, order, prefix, identity, catalogues });
  }

  /** An unknown name may belong to a server that has not been read: the hint says so. */
  #withUnread(error: GatewayError, scope: string | undefined): GatewayError {
    const unread = (this.#snapshot.upstreamsOf(scope) ?? []).filter((upstream) => !this.isRead(upstream));
    if (error.code !== 'OMNI_NAME_UNKNOWN' || unread.length === 0) return error;
    const named = unread.slice(0, MAX_UNREAD_NAMED).map((upstream) => `"${upstream}"`);
    return new GatewayError(error.code, error.message, { hint: `${error.hint} What ${named.join(', ')} offers is not known yet.` });
  }

  #takeChanges(scope: string | undefined): ReadonlySet<ChangeKind> {
    const body = (kind: ListKind): string => this.#snapshot.body(kind, scope, 'modern');
    const current = { tools: body('tools'), prompts: body('prompts'), resources: `${body('resources')}\n${body('templates')}` };
    const announced = this.#announced.get(scope) ?? { tools: '', prompts: '', resources: '\n' };
    this.#announced.set(scope, current);
    return new Set((['tools', 'prompts', 'resources'] as const).filter((kind) => current[kind] !== announced[kind]));
  }
}

function unknownServer(scope: string | undefined): GatewayError {
  return new GatewayError('OMNI_SERVER_UNKNOWN', `No server "${safeText(scope ?? '')}" is configured`);
}

/** What could not be read now is shown as it was, with the problem beside it. */
function withLastGood(held: UpstreamCatalogue, next: UpstreamCatalogue): UpstreamCatalogue {
  return {
    ...next,
    tools: betterList(held.tools, next.tools),
    resources: betterList(held.resources, next.resources),
    templates: betterList(held.templates, next.templates),
    prompts: betterList(held.prompts, next.prompts),
  };
}

function betterList<List extends UpstreamList>(held: List, next: List): List {
  const isWorse = next.problem !== undefined || (next.partial !== undefined && next.items.length < held.items.length);
  return isWorse ? { ...next, items: held.items, ttlMs: held.ttlMs } : next;
}

function overviewOf(upstream: string, catalogue: UpstreamCatalogue | undefined, onAll: readonly WithheldItem[]): UpstreamOverview {
  if (catalogue === undefined) {
    return {
      upstream,
      isRead: false,
      serverInfo: undefined,
      counts: { tools: 0, resources: 0, templates: 0, prompts: 0 },
      withheld: [],
      problems: [],
    };
  }
  const fromLegacy = catalogue.tools.items.flatMap(({ key, legacy }) =>
    legacy.kind === 'listed' ? [] : [{ list: 'tools' as const, key: safeText(key), reason: `from legacy clients: ${legacy.reason}` }],
  );
  const problems = LIST_KINDS.flatMap((list) => {
    const { problem, partial } = catalogue[list];
    const reason = problem ?? partial;
    return reason === undefined ? [] : [{ list, isPartial: problem === undefined, reason }];
  });
  const { tools, resources, templates, prompts } = catalogue;
  return {
    upstream,
    isRead: true,
    serverInfo: catalogue.serverInfo,
    counts: {
      tools: tools.items.length,
      resources: resources.items.length,
      templates: templates.items.length,
      prompts: prompts.items.length,
    },
    withheld: [...catalogue.withheld, ...fromLegacy, ...onAll],
    problems,
  };
}
