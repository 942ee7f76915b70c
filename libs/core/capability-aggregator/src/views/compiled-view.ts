import type { CatalogueView, Identity, ListKind, Target } from '@omni/model';
import { GatewayError } from '@omni/ports';
import { serversBefore } from '../names/name-readings.ts';
import type { RecentUris } from '../names/recent-uris.ts';
import { MAX_URI_LENGTH } from '../reading/item-limits.ts';
import { safeText } from '../reading/safe-text.ts';
import type { CatalogueSnapshot } from '../snapshot/catalogue-snapshot.ts';
import { listsTasks } from '../snapshot/capability-union.ts';
import type { ListTexts } from './list-texts.ts';
import type { ViewFilter, ViewSpec } from './view-filter.ts';

const MEMBERS: Readonly<Record<ListKind, string>> = {
  tools: 'tools',
  resources: 'resources',
  templates: 'resourceTemplates',
  prompts: 'prompts',
};
const MAX_UNREAD_NAMED = 5;
const TASK_LIST = 'tasks/list';

export interface CompiledViewOptions extends ViewSpec {
  /** What is visible, and nothing else. */
  readonly snapshot: CatalogueSnapshot;
  /** Absent where everything is visible. */
  readonly filter?: ViewFilter | undefined;
  readonly recentUris: RecentUris;
  /** Where answers to lists are kept. */
  readonly texts: ListTexts;
  /** What Omni calls itself, in results of the modern era. */
  readonly identity: Identity;
  /** What clients of the endpoint of all servers are told before what the servers say. */
  readonly instructions?: string | undefined;
  /** An answer to a list leaves so many items out, because it would be too long. */
  readonly onCut?: (kind: ListKind, leftOut: number) => void;
}

/** What the clients of one endpoint, era and variant are shown, and where it leads, while nothing changes. */
export class CompiledView implements CatalogueView {
  readonly #options: CompiledViewOptions;
  readonly #isProvisional: boolean;
  readonly #upstreams: readonly string[];
  /** Its answers under {@link ListTexts}: another view, of other lists, has other keys. */
  readonly #listKeys: Readonly<Record<ListKind, object>> = {
    tools: {},
    resources: {},
    templates: {},
    prompts: {},
  };
  #capabilities: string | undefined;
  #instructions: { readonly text: string | undefined } | undefined;
  #provisional: CompiledView | undefined;

  constructor(options: CompiledViewOptions, isProvisional = false) {
    this.#options = options;
    this.#isProvisional = isProvisional;
    this.#upstreams = options.snapshot.upstreamsOf(options.endpoint).map(({ name }) => name);
    Object.freeze(this);
  }

  /**
   * The same for clients of which it is still to be found out what they are shown: they are not to keep any
   * list.
   */
  get provisional(): CompiledView {
    this.#provisional ??= new CompiledView(this.#options, true);
    return this.#provisional;
  }

  get capabilities(): string {
    const { snapshot, endpoint, era } = this.#options;
    this.#capabilities ??= snapshot.capabilities(endpoint, era);
    return this.#capabilities;
  }

  /**
   * Instructions: of one server as they are; of all with headings, at most 16,384 characters, behind Omni's
   * own.
   */
  get instructions(): string | undefined {
    this.#instructions ??= { text: this.#allInstructions() };
    return this.#instructions.text;
  }

  /**
   * The whole result of `tools/list`, `resources/list`, `resources/templates/list` or `prompts/list`, as
   * JSON.
   *
   * The same content gives the same bytes. All items are on one page, as far as they fit in an answer. Modern
   * results say `"cacheScope":"private"`, as lists depend on who asks, and the smallest `ttlMs` of the
   * upstreams, at most 60,000 and 0 while one of them that is not switched off has not been read.
   */
  list(kind: ListKind): string {
    return this.#options.texts.get(this.#listKeys[kind], () => this.#listText(kind));
  }

  /**
   * Finds where a tool or prompt is.
   *
   * On the endpoint of one server only its own names count. On the endpoint of all: the exposed name, then
   * `server:name`, `server.name`, `server/name` and `server__name`, then a bare name that only one server
   * uses.
   *
   * @returns `OMNI_NAME_UNKNOWN`, `OMNI_NAME_AMBIGUOUS` (with `data.candidates`) or `OMNI_SERVER_UNKNOWN`
   * when there is none.
   */
  route(kind: 'tool' | 'prompt', name: string): Target | GatewayError {
    const { snapshot, endpoint } = this.#options;
    const found = snapshot.find(kind, name, endpoint);
    return found instanceof GatewayError ? this.#explained(found, kind, name) : found;
  }

  unreadOwners(kind: 'tool' | 'prompt', name: string): readonly string[] {
    const { endpoint } = this.#options;
    const unread = this.#unread();
    const owned =
      endpoint.kind === 'all' ? serversBefore(name, unread) : unread.map((upstream) => ({ upstream, name }));
    return owned
      .filter((one) => !this.#hidesName(one.upstream, kind, one.name))
      .map(({ upstream }) => upstream);
  }

  /**
   * Finds who can be asked for a resource, or for completions of a template, best first: who lists it, whose
   * tools are shown with it (MCP Apps), whose template it fits, who mentioned it in a result, the only server
   * there is, the only server that uses its scheme.
   *
   * @returns `OMNI_NAME_UNKNOWN` when nobody can, `OMNI_PARAMS_INVALID` beyond 8,192 characters.
   */
  routeUri(uri: string): readonly string[] | GatewayError {
    // guard: uri/length
    if (uri.length > MAX_URI_LENGTH)
      return new GatewayError('OMNI_PARAMS_INVALID', `"uri" is longer than ${MAX_URI_LENGTH} characters`);
    const { endpoint } = this.#options;
    const upstreams = endpoint.kind === 'server' ? this.#seen(this.#upstreams, uri) : this.#whoHas(uri);
    if (upstreams.length > 0) return upstreams;
    return (
      this.#unknownServer() ??
      new GatewayError('OMNI_NAME_UNKNOWN', `No server is known to have the resource "${safeText(uri)}"`)
    );
  }

  offersUri(uri: string): boolean {
    const { uriRoutes } = this.#options.snapshot;
    const upstreams = this.routeUri(uri);
    return (
      !(upstreams instanceof GatewayError) && upstreams.some((one) => uriRoutes.leadsTo(one, uri) === true)
    );
  }

  routeMethod(method: string): readonly string[] | GatewayError {
    const { endpoint, filter } = this.#options;
    if (endpoint.kind === 'all') {
      // It would have to guess whose method it is; tasks can be asked of each server that lists them.
      const upstreams = method === TASK_LIST ? this.#whoListsTasks() : [];
      return upstreams.length === 0 ? notOffered(method) : upstreams;
    }
    if (/* guard: view/hidden-methods */ filter?.hidesMethod(endpoint.server, method) === true)
      return notOffered(method);
    return this.#unknownServer() ?? this.#upstreams;
  }

  allowsWatch(uri: string): boolean {
    return !(this.routeUri(uri) instanceof GatewayError);
  }

  /**
   * Notes that an upstream mentioned a resource, so that it can be read later. The last 10,000 are kept, for
   * all views together.
   */
  rememberUri(uri: string, upstream: string): void {
    const { snapshot, recentUris } = this.#options;
    if (
      uri.length <= MAX_URI_LENGTH &&
      snapshot.upstreams.some(({ name, isOff }) => name === upstream && !isOff)
    )
      recentUris.remember(uri, upstream);
  }

  #allInstructions(): string | undefined {
    const { snapshot, endpoint, instructions } = this.#options;
    const ofServers = snapshot.instructions(endpoint);
    // A server that is shown alone is shown as it is.
    if (endpoint.kind === 'server' || instructions === undefined) return ofServers;
    return ofServers === undefined ? instructions : `${instructions}\n\n${ofServers}`;
  }

  #listText(kind: ListKind): string {
    const { snapshot, endpoint, era, identity } = this.#options;
    const answer = snapshot.answer(kind, endpoint, era);
    if (answer.leftOut > 0) this.#options.onCut?.(kind, answer.leftOut);
    const items = `"${MEMBERS[kind]}":[${answer.items}]`;
    if (era === 'legacy') return `{${items}}`;
    const ttlMs = this.#isProvisional ? 0 : snapshot.ttlMs(kind, endpoint);
    const meta = JSON.stringify({ 'io.modelcontextprotocol/serverInfo': identity });
    return `{"resultType":"complete",${items},"ttlMs":${ttlMs},"cacheScope":"private","_meta":${meta}}`;
  }

  #whoHas(uri: string): readonly string[] {
    const routes = this.#options.snapshot.uriRoutes;
    let found = this.#seen(routes.listed(uri), uri);
    if (found.length === 0) found = this.#seen(routes.mentioned(uri), uri);
    if (found.length === 0) found = this.#seen(routes.matching(uri), uri);
    if (found.length === 0) found = this.#seen(this.#rememberedFor(uri), uri);
    if (found.length === 0) found = this.#seen(this.#onlyOneFor(uri), uri);
    return found;
  }

  #whoListsTasks(): readonly string[] {
    const { era, filter, snapshot } = this.#options;
    if (era === 'modern') return [];
    return snapshot.upstreams.flatMap(({ name, isOff }) => {
      const catalogue = snapshot.catalogues.get(name);
      const isOffered = !isOff && catalogue !== undefined && listsTasks(catalogue);
      return isOffered && /* guard: view/hidden-task-lists */ filter?.hidesMethod(name, TASK_LIST) !== true
        ? [name]
        : [];
    });
  }

  #rememberedFor(uri: string): readonly string[] {
    const upstream = this.#options.recentUris.find(uri);
    return upstream !== undefined && this.#upstreams.includes(upstream) ? [upstream] : [];
  }

  #onlyOneFor(uri: string): readonly string[] {
    const { snapshot } = this.#options;
    const running = snapshot.upstreams.filter(({ isOff }) => !isOff);
    const [only] = running;
    if (only !== undefined && running.length === 1) return [only.name];
    const owner = snapshot.uriRoutes.soleOwnerOfScheme(uri);
    return owner === undefined ? [] : [owner];
  }

  /** Those of them that may be asked for the resource. */
  #seen(upstreams: readonly string[], uri: string): readonly string[] {
    const { snapshot, filter } = this.#options;
    // guard: view/hidden-uris
    if (filter !== undefined)
      return upstreams.filter((upstream) => !filter.hidesUri(upstream, uri, snapshot.uriRoutes));
    return upstreams;
  }

  /** An unknown name may belong to a server that has not been read: the hint says so. */
  #explained(error: GatewayError, kind: 'tool' | 'prompt', wanted: string): GatewayError {
    if (error.code !== 'OMNI_NAME_UNKNOWN') return error;
    const { snapshot } = this.#options;
    const off = new Set(snapshot.upstreams.filter(({ isOff }) => isOff).map(({ name }) => name));
    const unread = this.#unread()
      .filter((upstream) => !off.has(upstream) && !this.#hidesName(upstream, kind, wanted))
      .map((upstream) => `"${upstream}"`);
    const unknown = this.#unknownServer();
    if (unknown !== undefined || unread.length === 0) return unknown ?? error;
    return new GatewayError(error.code, error.message, {
      hint: `${error.hint} What ${unread.slice(0, MAX_UNREAD_NAMED).join(', ')} offers is not known yet.`,
    });
  }

  /** The servers of the endpoint of which nothing is known that they offer. */
  #unread(): readonly string[] {
    return this.#upstreams.filter((upstream) => !this.#options.snapshot.catalogues.has(upstream));
  }

  #hidesName(upstream: string, kind: 'tool' | 'prompt', name: string): boolean {
    const { filter } = this.#options;
    // guard: view/hidden-owners
    return filter?.hidesName(upstream, kind === 'tool' ? 'tools' : 'prompts', name) === true;
  }

  #unknownServer(): GatewayError | undefined {
    const { endpoint } = this.#options;
    return endpoint.kind === 'all' || this.#upstreams.length > 0
      ? undefined
      : new GatewayError('OMNI_SERVER_UNKNOWN', `No server "${safeText(endpoint.server)}" is configured`);
  }
}

function notOffered(method: string): GatewayError {
  return new GatewayError('OMNI_METHOD_UNKNOWN', `Method "${safeText(method)}" is not offered here`);
}
