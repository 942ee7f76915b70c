import { GatewayError, type Clock, type Era } from '@omni/ports';
import type { Identity } from './reading/catalogue-reader.ts';
import { CatalogueSnapshot, type ListRequest } from './snapshot/catalogue-snapshot.ts';
import {
  announcementKey,
  ChangeAnnouncer,
  type ChangeKind,
  type ChangeListener,
} from './snapshot/change-announcer.ts';
import { CatalogueVariants } from './variants/catalogue-variants.ts';
import type { OwnedName, PrefixPolicy } from './names/exposed-name.ts';
import { MAX_URI_LENGTH } from './reading/item-limits.ts';
import { RecentUris } from './names/recent-uris.ts';
import { safeText } from './reading/safe-text.ts';
import { isSameCatalogue, offersSame } from './snapshot/same-catalogue.ts';
import {
  LIST_KINDS,
  type ListKind,
  type ToolFacts,
  type UpstreamCatalogue,
  type UpstreamList,
  type WithheldItem,
} from './reading/upstream-catalogue.ts';

export interface CatalogueOptions {
  /** Names of all upstreams, in the order in which their items are listed, until {@link Catalogue.setUpstreams}. */
  readonly order: readonly string[];
  /** Those of them that are switched off: what they would offer is not waited for. Default none. */
  readonly off?: readonly string[];
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
  readonly problems: readonly {
    readonly list: ListKind;
    readonly isPartial: boolean;
    readonly reason: string;
  }[];
}

const DEFAULT_DEBOUNCE_MS = 200;
const RECENT_URIS = 10_000;
const MAX_UNREAD_NAMED = 5;

/**
 * What exists: the tools, resources and prompts of all upstreams, under the names that clients see.
 *
 * An endpoint is named by its `endpoint`: a server, or `undefined` for the endpoint of all. Clients to whom servers list something of
 * their own, because of what they declare, are named by their `variantKey`; without one they see what everybody does.
 */
export class Catalogue {
  readonly #options: CatalogueOptions;
  readonly #announcer: ChangeAnnouncer;
  readonly #announced = new Map<string, Readonly<Record<ChangeKind, string>>>();
  readonly #recentUris = new RecentUris(RECENT_URIS);
  readonly #views = new CatalogueVariants((base, own) =>
    this.#snapshotOf(base.generation, new Map([...base.catalogues, ...own]), base),
  );
  #order: readonly string[];
  #off: readonly string[];
  #snapshot: CatalogueSnapshot;

  constructor(options: CatalogueOptions) {
    this.#options = options;
    this.#order = options.order;
    this.#off = options.off ?? [];
    this.#snapshot = this.#snapshotOf(1, new Map());
    this.#announcer = new ChangeAnnouncer({
      clock: options.clock,
      debounceMs: options.debounceMs ?? DEFAULT_DEBOUNCE_MS,
      takeChanges: (endpoint, audience) => this.#takeChanges(endpoint, audience),
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
   * @returns Whether anything differs.
   * @param isSuccessor - Whether it is another server than the one whose items are held under this name: nothing of them stays.
   * @throws {@link GatewayError} `OMNI_SERVER_UNKNOWN` when it is not in the order.
   */
  set(upstream: string, catalogue: UpstreamCatalogue | undefined, isSuccessor = false): boolean {
    if (!this.#order.includes(upstream)) {
      throw new GatewayError('OMNI_SERVER_UNKNOWN', `No server "${safeText(upstream)}" is configured`);
    }
    const held = this.#snapshot.catalogues.get(upstream);
    const next =
      held === undefined || catalogue === undefined || /* guard: registry/own-items */ isSuccessor
        ? catalogue
        : withLastGood(held, catalogue);
    if (isSameCatalogue(held, next)) return false;
    const catalogues = new Map(this.#snapshot.catalogues);
    if (next === undefined) catalogues.delete(upstream);
    else catalogues.set(upstream, next);
    this.#snapshot = this.#snapshotOf(this.#snapshot.generation + 1, catalogues);
    this.#views.onBaseChanged(next === undefined ? upstream : undefined);
    for (const audience of [undefined, ...this.#views.variantKeys()]) {
      this.#announcer.touch(upstream, audience);
      this.#announcer.touch(undefined, audience);
    }
    return true;
  }

  /**
   * Takes which upstreams there are, in the order in which their items are listed. What those offered that are gone or switched off is
   * taken out; clients are told once.
   */
  setUpstreams(upstreams: readonly { readonly name: string; readonly isOff: boolean }[]): void {
    this.#order = upstreams.map(({ name }) => name);
    this.#off = upstreams.filter(({ isOff }) => isOff).map(({ name }) => name);
    const offered = new Set(upstreams.filter(({ isOff }) => !isOff).map(({ name }) => name));
    const held = this.#snapshot.catalogues;
    const gone = [...held.keys()].filter((name) => !offered.has(name));
    const catalogues = new Map([...held].filter(([name]) => offered.has(name)));
    this.#snapshot = this.#snapshotOf(this.#snapshot.generation + 1, catalogues);
    this.#views.onBaseChanged(undefined);
    for (const name of gone) {
      this.#views.onBaseChanged(name);
      this.#recentUris.forget(name);
    }
    for (const audience of [undefined, ...this.#views.variantKeys()])
      for (const endpoint of [undefined, ...gone]) this.#announcer.touch(endpoint, audience);
  }

  /**
   * Takes what an upstream offers to the clients of one variantKey.
   *
   * @param catalogue - `undefined` when it offers what it offers to all.
   * @param isNews - Whether any of them has been shown something else before: then they are told.
   */
  setFor(
    variantKey: string,
    upstream: string,
    catalogue: UpstreamCatalogue | undefined,
    isNews: boolean,
  ): void {
    const base = this.#snapshot.catalogues.get(upstream);
    const held = this.#views.own(variantKey, upstream);
    // Of an upstream that offers nothing to anybody, at present, nobody sees anything.
    const good =
      catalogue === undefined || base === undefined ? undefined : withLastGood(held ?? base, catalogue);
    const next = good !== undefined && base !== undefined && offersSame(base, good) ? undefined : good;
    if (isSameCatalogue(held, next)) return;
    // Until now they have been told what everybody was.
    if (!this.#views.has(variantKey)) this.#copyAnnounced(variantKey);
    this.#views.set(variantKey, upstream, next);
    for (const endpoint of [upstream, undefined]) {
      if (isNews) this.#announcer.touch(endpoint, variantKey);
      else this.#announcer.pass(endpoint, variantKey);
    }
  }

  /** Clients of this variantKey see what everybody does. They are not told: what they have seen stays right for most of them. */
  forget(variantKey: string): void {
    this.#views.forget(variantKey);
    for (const endpoint of [undefined, ...this.#order])
      this.#announced.delete(announcementKey(endpoint, variantKey));
  }

  /** Whether any client sees something of its own; until then a variantKey makes no difference. */
  get hasViews(): boolean {
    return !this.#views.isEmpty;
  }

  /** Which announcements are for clients of this variantKey. */
  audienceOf(variantKey: string | undefined): string | undefined {
    return variantKey !== undefined && this.#views.has(variantKey) ? variantKey : undefined;
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
   * while one of them that is not switched off has not been read.
   *
   * @returns `undefined` when no server has the name of the endpoint.
   */
  list(request: ListRequest): string | undefined {
    return this.#views.snapshotFor(request.variantKey, request.endpoint, this.#snapshot).list(request);
  }

  /** Capabilities for `initialize` (legacy) or `server/discover` (modern) as JSON; `undefined` for an unknown endpoint. */
  capabilities(endpoint: string | undefined, era: Era): string | undefined {
    return this.#snapshot.capabilities(endpoint, era);
  }

  /** Instructions: of one server as they are; of all with headings, at most 16,384 characters. `undefined` when there are none. */
  instructions(endpoint: string | undefined): string | undefined {
    return this.#snapshot.instructions(endpoint);
  }

  /**
   * Finds where a tool or prompt is.
   *
   * On the endpoint of one server only its own names count. On the endpoint of all: the exposed name, then `server:name`,
   * `server.name`, `server/name` and `server__name`, then a bare name that only one server uses.
   *
   * @returns `OMNI_NAME_UNKNOWN`, `OMNI_NAME_AMBIGUOUS` (with `data.candidates`) or `OMNI_SERVER_UNKNOWN` when there is none.
   */
  resolve(
    kind: 'tool' | 'prompt',
    name: string,
    endpoint: string | undefined,
    variantKey?: string,
  ): Target | GatewayError {
    const snapshot = this.#views.snapshotFor(variantKey, endpoint, this.#snapshot);
    if (snapshot.upstreamsOf(endpoint) === undefined) return unknownServer(endpoint);
    const found = snapshot.find(kind === 'tool' ? 'tools' : 'prompts', name, endpoint);
    if (found instanceof GatewayError) return this.#withUnread(found, endpoint);
    const target = { upstream: found.upstream, name: found.name };
    const tool = kind === 'tool' ? snapshot.toolOf(found) : undefined;
    return tool === undefined ? target : { ...target, tool: tool.facts };
  }

  /**
   * Finds who can be asked for a resource, or for completions of a template, best first: who lists it, whose tools are shown with it
   * (MCP Apps), whose template it fits, who mentioned it in a result, the only server there is, the only server that uses its scheme.
   *
   * @returns `OMNI_NAME_UNKNOWN` when nobody can, `OMNI_PARAMS_INVALID` beyond 8,192 characters.
   */
  resolveUri(
    uri: string,
    endpoint: string | undefined,
    variantKey?: string,
  ): readonly string[] | GatewayError {
    const snapshot = this.#views.snapshotFor(variantKey, endpoint, this.#snapshot);
    const upstreams = snapshot.upstreamsOf(endpoint);
    if (upstreams === undefined) return unknownServer(endpoint);
    // guard: uri/length
    if (uri.length > MAX_URI_LENGTH)
      return new GatewayError('OMNI_PARAMS_INVALID', `"uri" is longer than ${MAX_URI_LENGTH} characters`);
    if (endpoint !== undefined) return upstreams;
    const routes = snapshot.uriRoutes;
    const listed = routes.listed(uri);
    if (listed.length > 0) return listed;
    const mentioned = routes.mentioned(uri);
    if (mentioned.length > 0) return mentioned;
    const matching = routes.matching(uri);
    if (matching.length > 0) return matching;
    const running = upstreams.filter((upstream) => !this.#isOff(upstream));
    const fallback =
      this.#recentUris.find(uri) ?? (running.length === 1 ? running[0] : routes.soleOwnerOfScheme(uri));
    if (fallback !== undefined) return [fallback];
    return new GatewayError(
      'OMNI_NAME_UNKNOWN',
      `No server is known to have the resource "${safeText(uri)}"`,
    );
  }

  /** Notes that an upstream mentioned a resource, so that it can be read later. The last 10,000 are kept. */
  rememberUri(uri: string, upstream: string): void {
    if (uri.length <= MAX_URI_LENGTH && this.#order.includes(upstream))
      this.#recentUris.remember(uri, upstream);
  }

  /** Whether it is known what the upstream offers. Until then an unknown name may only be unknown yet. */
  isRead(upstream: string): boolean {
    return this.#snapshot.catalogues.has(upstream);
  }

  /** The tools that an endpoint lists, in order; empty for an unknown endpoint. */
  toolsOf(endpoint: string | undefined): readonly ToolOverview[] {
    return this.#snapshot
      .shownTools(endpoint)
      .map(({ upstream, item, exposed }) => ({ upstream, name: item.key, exposed, text: item.text }));
  }

  /** What an upstream offers, what of it is withheld, what went wrong. */
  describe(upstream: string): UpstreamOverview {
    const onAll = this.#snapshot.shadowedOf(upstream).map(({ list, name, reason }) => ({
      list,
      key: safeText(name),
      reason: `on the endpoint of all servers: ${reason}`,
    }));
    return overviewOf(upstream, this.#snapshot.catalogues.get(upstream), onAll);
  }

  /** Announces nothing any more. */
  close(): void {
    this.#announcer.close();
  }

  #snapshotOf(
    generation: number,
    catalogues: ReadonlyMap<string, UpstreamCatalogue>,
    like?: CatalogueSnapshot,
  ): CatalogueSnapshot {
    const { prefix, identity } = this.#options;
    return new CatalogueSnapshot({
      generation,
      order: this.#order,
      off: this.#off,
      prefix,
      identity,
      catalogues,
      ...(like === undefined ? {} : { like }),
    });
  }

  #isOff(upstream: string): boolean {
    return this.#off.includes(upstream);
  }

  /** An unknown name may belong to a server that has not been read: the hint says so. */
  #withUnread(error: GatewayError, endpoint: string | undefined): GatewayError {
    const unread = (this.#snapshot.upstreamsOf(endpoint) ?? []).filter(
      (upstream) => !this.isRead(upstream) && !this.#isOff(upstream),
    );
    if (error.code !== 'OMNI_NAME_UNKNOWN' || unread.length === 0) return error;
    const named = unread.slice(0, MAX_UNREAD_NAMED).map((upstream) => `"${upstream}"`);
    return new GatewayError(error.code, error.message, {
      hint: `${error.hint} What ${named.join(', ')} offers is not known yet.`,
    });
  }

  #takeChanges(endpoint: string | undefined, audience: string | undefined): ReadonlySet<ChangeKind> {
    const snapshot = this.#views.snapshotFor(audience, endpoint, this.#snapshot);
    const body = (kind: ListKind): string => snapshot.body(kind, endpoint, 'modern');
    const current = {
      tools: body('tools'),
      prompts: body('prompts'),
      resources: `${body('resources')}\n${body('templates')}`,
    };
    const key = announcementKey(endpoint, audience);
    const announced = this.#announced.get(key) ?? { tools: '', prompts: '', resources: '\n' };
    this.#announced.set(key, current);
    return new Set(
      (['tools', 'prompts', 'resources'] as const).filter((kind) => current[kind] !== announced[kind]),
    );
  }

  #copyAnnounced(variantKey: string): void {
    for (const endpoint of [undefined, ...this.#order]) {
      const announced = this.#announced.get(announcementKey(endpoint, undefined));
      if (announced !== undefined) this.#announced.set(announcementKey(endpoint, variantKey), announced);
    }
  }
}

function unknownServer(endpoint: string | undefined): GatewayError {
  return new GatewayError('OMNI_SERVER_UNKNOWN', `No server "${safeText(endpoint ?? '')}" is configured`);
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
  const isWorse =
    next.problem !== undefined || (next.partial !== undefined && next.items.length < held.items.length);
  return isWorse ? { ...next, items: held.items, ttlMs: held.ttlMs } : next;
}

function overviewOf(
  upstream: string,
  catalogue: UpstreamCatalogue | undefined,
  onAll: readonly WithheldItem[],
): UpstreamOverview {
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
    legacy.kind === 'listed'
      ? []
      : [{ list: 'tools' as const, key: safeText(key), reason: `from legacy clients: ${legacy.reason}` }],
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
