import {
  ALL_SERVERS,
  type CatalogueView,
  type ChangeKind,
  type Endpoint,
  endpointKey,
  endpointOf,
  type Identity,
  LIST_KINDS,
  type ListKind,
  serverOf,
  type ViewKey,
} from '@omni/model';
import { type Clock, type Logger, silentLogger, type ToolSelection } from '@omni/ports';
import type { PrefixPolicy } from './names/exposed-name.ts';
import { RecentUris } from './names/recent-uris.ts';
import { safeText } from './reading/safe-text.ts';
import type { UpstreamCatalogue } from './reading/upstream-catalogue.ts';
import { CatalogueSnapshot, type ConfiguredUpstream, type ShownItem } from './snapshot/catalogue-snapshot.ts';
import { announcementKey, ChangeAnnouncer, type ChangeListener } from './snapshot/change-announcer.ts';
import { sharing, withLastGood } from './snapshot/last-good.ts';
import { isSameCatalogue, offersSame } from './snapshot/same-catalogue.ts';
import { type ListProblem, overviewOf, type UpstreamOverview } from './snapshot/upstream-overview.ts';
import { CatalogueVariants } from './variants/catalogue-variants.ts';
import { CompiledView } from './views/compiled-view.ts';
import { ListTexts } from './views/list-texts.ts';
import { selects } from './views/tool-selection.ts';
import { type IsVisible, type OfferedItem, ViewFilter, type ViewSpec } from './views/view-filter.ts';
import { ViewTable } from './views/view-table.ts';

export interface CatalogueOptions {
  /** All upstreams, in the order in which their items are listed. */
  readonly upstreams: readonly ConfiguredUpstream[];
  readonly prefix: PrefixPolicy;
  /** What Omni calls itself, in results of the modern era. */
  readonly identity: Identity;
  /** What clients of the endpoint of all servers are told before what the servers say. Default: nothing. */
  readonly instructions?: string | undefined;
  readonly clock: Clock;
  /** Told once of each list of which answers leave something out. Default: nobody. */
  readonly logger?: Logger;
  /** Shortest time between two announcements to one endpoint, in milliseconds. Default 200. */
  readonly debounceMs?: number;
  /** Longest answer to a list, in bytes in memory. Default 16 MiB. */
  readonly maxAnswerBytes?: number;
  /** What clients may see of what the definitions of upstreams let through. Default: everything. */
  readonly isVisible?: IsVisible;
}

/** What may be known of a catalogue by those who change nothing in it. */
export type CatalogueReading = Pick<
  Catalogue,
  | 'audienceOf'
  | 'describe'
  | 'hasVariants'
  | 'isOff'
  | 'isRead'
  | 'kept'
  | 'onChange'
  | 'serves'
  | 'upstreams'
  | 'view'
>;

const DEFAULT_DEBOUNCE_MS = 200;
const DEFAULT_ANSWER_BYTES = 16 * 1024 * 1024;
const RECENT_URIS = 10_000;
/**
 * Most servers and variants are asked for by nobody at a time; a view that has made room is compiled again.
 */
const MAX_VIEWS = 256;
/** Answers to lists that are kept for the next who asks, in answers of the longest kind. */
const MAX_KEPT_ANSWERS = 4;
/** What an announcement is compared with: what was shown of each kind. */
type Announced = Readonly<Record<ChangeKind, readonly ShownItem[]>>;

const NOTHING: Announced = { tools: [], prompts: [], resources: [] };

/**
 * What exists: the tools, resources and prompts of all upstreams, and what clients are shown of them.
 *
 * What has been read makes an immutable snapshot; a snapshot and the lists that are a variant's own make
 * another one; a snapshot and what a client can be told apart by (endpoint, era, variant) make a view.
 * Clients to whom servers list something of their own, because of what they declare, are named by their
 * variant key; without one they see what everybody does.
 */
export class Catalogue {
  readonly #options: CatalogueOptions;
  readonly #announcer: ChangeAnnouncer;
  readonly #announced = new Map<string, Announced>();
  readonly #recentUris = new RecentUris(RECENT_URIS);
  readonly #variants: CatalogueVariants;
  readonly #views = new ViewTable(MAX_VIEWS);
  readonly #maxAnswerBytes: number;
  readonly #texts: ListTexts;
  /** Of which answers it is known that they leave something out. */
  readonly #cut = new Set<string>();
  /** What is hidden for a while, by upstream: kind and key. */
  readonly #withdrawn = new Map<string, ReadonlySet<string>>();
  #names: ReadonlySet<string>;
  #isHidden: ((item: OfferedItem) => boolean) | undefined;
  /** Of what upstreams list to clients that declare nothing. */
  #base: CatalogueSnapshot;

  constructor(options: CatalogueOptions) {
    const { prefix, upstreams, clock, debounceMs = DEFAULT_DEBOUNCE_MS } = options;
    this.#options = options;
    this.#names = new Set(upstreams.map(({ name }) => name));
    this.#maxAnswerBytes = options.maxAnswerBytes ?? DEFAULT_ANSWER_BYTES;
    this.#texts = new ListTexts(this.#maxAnswerBytes * MAX_KEPT_ANSWERS);
    this.#base = new CatalogueSnapshot({
      prefix,
      upstreams,
      catalogues: new Map(),
      maxAnswerBytes: this.#maxAnswerBytes,
    });
    this.#variants = new CatalogueVariants((base, own) =>
      this.#snapshotLike(base, new Map([...base.catalogues, ...own])),
    );
    this.#announcer = new ChangeAnnouncer({
      clock,
      debounceMs,
      takeChanges: (endpoint, audience) => this.#takeChanges(endpoint, audience),
    });
  }

  /** The names of all upstreams, in order. */
  get upstreams(): readonly string[] {
    return [...this.#names];
  }

  /** Whether there is such an endpoint. */
  serves(endpoint: Endpoint): boolean {
    return endpoint.kind === 'all' || this.#names.has(endpoint.server);
  }

  /** Whether it is the endpoint of a server that is switched off. */
  isOff(endpoint: Endpoint): boolean {
    const { upstreams } = this.#base;
    return endpoint.kind !== 'all' && upstreams.some(({ name, isOff }) => isOff && name === endpoint.server);
  }

  /**
   * Takes another set or order of upstreams. What a server offered that is not among them any more, or is
   * switched off, goes; everything else stays, also what a server offers that is defined anew, until it is
   * read again.
   *
   * @returns Whether anything differs.
   */
  setUpstreams(upstreams: readonly ConfiguredUpstream[]): boolean {
    const before = this.#base;
    if (
      upstreams.length === before.upstreams.length &&
      upstreams.every(({ name, isOff, tools }, index) => {
        const known = before.upstreams[index];
        return name === known?.name && isOff === known.isOff && isSameSelection(tools, known.tools);
      })
    )
      return false;
    const running = new Set(upstreams.filter(({ isOff }) => !isOff).map(({ name }) => name));
    const gone = before.upstreams.filter(({ name }) => !running.has(name)).map(({ name }) => name);
    const kept = [...before.catalogues].filter(([upstream]) => running.has(upstream));
    this.#names = new Set(upstreams.map(({ name }) => name));
    this.#setBase(
      new CatalogueSnapshot({
        prefix: this.#options.prefix,
        upstreams: upstreams.map(({ name, isOff, tools }) => ({ name, isOff, tools })),
        catalogues: new Map(kept),
        maxAnswerBytes: this.#maxAnswerBytes,
        like: before,
      }),
    );
    for (const upstream of gone) {
      this.#recentUris.forget(upstream);
      this.#withdrawn.delete(upstream);
    }
    const selected = upstreams.filter(
      ({ name, tools }) =>
        !isSameSelection(tools, before.upstreams.find((known) => known.name === name)?.tools),
    );
    this.#touch([
      ...[...gone, ...selected.map(({ name }) => name)].map((name) => endpointOf(name)),
      ALL_SERVERS,
    ]);
    return true;
  }

  /**
   * Hides what operators do not want to be shown for now, as if it were not there.
   *
   * @param upstream - Whose items are concerned by the change.
   * @param isHidden - What is hidden of all upstreams; `undefined`: nothing.
   */
  hide(upstream: string, isHidden: ((item: OfferedItem) => boolean) | undefined): void {
    this.#isHidden = isHidden;
    this.#clearViews();
    this.#touch([endpointOf(upstream), ALL_SERVERS]);
  }

  /**
   * Takes what an upstream offers now. A list that could not be read does not replace one that is held for
   * this upstream, and one that stops early does not replace a longer one.
   *
   * @param catalogue - `undefined` when the upstream is gone.
   * @param isSuccessor - Whether it is another server than the one whose items are held under this name:
   * nothing of them stays.
   * @returns Whether anything differs; nothing does for an upstream that is not configured (any more).
   */
  set(upstream: string, catalogue: UpstreamCatalogue | undefined, isSuccessor = false): boolean {
    const held = this.#base.catalogues.get(upstream);
    const next =
      held === undefined || catalogue === undefined || /* guard: registry/own-items */ isSuccessor
        ? catalogue
        : withLastGood(held, catalogue);
    if (!this.#names.has(upstream) || isSameCatalogue(held, next)) return false;
    const catalogues = new Map(this.#base.catalogues);
    if (next === undefined) catalogues.delete(upstream);
    else catalogues.set(upstream, next);
    this.#setBase(this.#snapshotLike(this.#base, catalogues));
    this.#touch([endpointOf(upstream), ALL_SERVERS]);
    return true;
  }

  /**
   * Hides these items of an upstream, in place of those of before; clients are told where their lists differ.
   * Under other definitions of the upstream they stay hidden.
   */
  withdraw(upstream: string, items: readonly Pick<OfferedItem, 'kind' | 'key'>[]): void {
    if (items.length === 0) this.#withdrawn.delete(upstream);
    else this.#withdrawn.set(upstream, new Set(items.map(withdrawnKey)));
    this.#clearViews();
    this.#touch([endpointOf(upstream), ALL_SERVERS]);
  }

  /**
   * Takes what an upstream offers to the clients of one variant.
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
    const base = this.#base.catalogues.get(upstream);
    const held = this.#variants.own(variantKey, upstream);
    // Of an upstream that offers nothing to anybody, at present, nobody sees anything.
    const good =
      catalogue === undefined || base === undefined ? undefined : withLastGood(held ?? base, catalogue);
    const next =
      good === undefined || base === undefined || offersSame(base, good) ? undefined : sharing(base, good);
    if (isSameCatalogue(held, next)) return;
    // Until now they have been told what everybody was.
    if (!this.#variants.has(variantKey)) this.#copyAnnounced(variantKey);
    this.#variants.set(variantKey, upstream, next);
    this.#clearViews();
    for (const endpoint of [endpointOf(upstream), ALL_SERVERS]) {
      if (isNews) this.#announcer.touch(endpoint, variantKey);
      else this.#announcer.pass(endpoint, variantKey);
    }
  }

  /**
   * Clients of this variant see what everybody does. They are not told: what they have seen stays right for
   * most of them.
   */
  forget(variantKey: string): void {
    this.#variants.forget(variantKey);
    this.#clearViews();
    for (const endpoint of this.#endpoints()) this.#announced.delete(announcementKey(endpoint, variantKey));
  }

  /** Whether any client sees something of its own; until then a variant key makes no difference. */
  get hasVariants(): boolean {
    return !this.#variants.isEmpty;
  }

  /** Which announcements are for clients of this variant key. */
  audienceOf(variantKey: string | undefined): string | undefined {
    return variantKey !== undefined && this.#variants.has(variantKey) ? variantKey : undefined;
  }

  /**
   * Listens to changes of lists: only when their bytes differ from what was last announced, the first at
   * once, later ones at most one per `debounceMs` and endpoint.
   *
   * @param listener - Must not throw.
   * @returns Stops listening.
   */
  onChange(listener: ChangeListener): () => void {
    return this.#announcer.onChange(listener);
  }

  /**
   * What clients are shown: compiled when it is first asked for, the same object until something changes. The
   * view of an endpoint that there is not (any more) is empty.
   *
   * @param isProvisional - What they are shown is about to change, so that they are not to keep any list.
   */
  view(
    { endpoint, era }: Pick<ViewKey, 'endpoint' | 'era'>,
    variantKey?: string,
    isProvisional = false,
  ): CatalogueView {
    const own = variantKey === undefined ? undefined : this.#variants.keyOn(endpoint, variantKey);
    const view = this.#views.find(endpoint, era, own) ?? this.#compile({ endpoint, era, variantKey: own });
    return isProvisional ? view.provisional : view;
  }

  /** Whether it is known what the upstream offers. Until then an unknown name may only be unknown yet. */
  isRead(upstream: string): boolean {
    return this.#base.catalogues.has(upstream);
  }

  /** What an upstream offers, what of it is withheld, what went wrong. */
  describe(upstream: string): UpstreamOverview {
    const shadowed = this.#base.shadowed.get(upstream) ?? [];
    const onAll = shadowed.map(({ list, name, reason }) => ({
      list,
      key: safeText(name),
      reason: `on the endpoint of all servers: ${reason}`,
    }));
    const leftOut = this.#leftOut(upstream);
    const read = this.#base.catalogues.get(upstream);
    const selection = this.#base.upstreams.find(({ name }) => name === upstream)?.tools;
    if (read === undefined || selection === undefined) return overviewOf(upstream, read, onAll, leftOut);
    const [shown = [], hidden = []] = [true, false].map((isShown) =>
      read.tools.items.filter(({ key }) => selects(selection, key) === isShown),
    );
    const notSelected = hidden.map(({ key }) => ({
      list: 'tools' as const,
      key: safeText(key),
      reason: 'hidden by allowedTools or disabledTools of its entry',
    }));
    const listed = { ...read, tools: { ...read.tools, items: shown } };
    return overviewOf(upstream, listed, [...onAll, ...notSelected], leftOut);
  }

  /** What is kept of an upstream: what it lists to all, and by variant key what it lists to some. */
  kept(upstream: string): ReadonlyMap<string | undefined, UpstreamCatalogue> {
    const kept = new Map<string | undefined, UpstreamCatalogue>();
    const base = this.#base.catalogues.get(upstream);
    if (base !== undefined) kept.set(undefined, base);
    for (const variantKey of this.#variants.keys()) {
      const own = this.#variants.own(variantKey, upstream);
      if (own !== undefined) kept.set(variantKey, own);
    }
    return kept;
  }

  /** Announces nothing any more. */
  close(): void {
    this.#announcer.close();
  }

  #endpoints(): readonly Endpoint[] {
    return [ALL_SERVERS, ...this.upstreams.map((upstream) => endpointOf(upstream))];
  }

  #compile(spec: ViewSpec): CompiledView {
    const { identity, instructions } = this.#options;
    const shared = this.#variants.snapshotFor(spec.variantKey, this.#base);
    const isVisible = this.#predicate();
    const filter = isVisible === undefined ? undefined : new ViewFilter(shared.catalogues, isVisible, spec);
    const view = new CompiledView({
      ...spec,
      snapshot: filter === undefined ? shared : this.#snapshotLike(shared, filter.visible),
      filter,
      recentUris: this.#recentUris,
      texts: this.#texts,
      identity,
      instructions,
      onCut: (list, leftOut) => this.#tellCut(spec.endpoint, list, leftOut),
    });
    this.#views.add(spec, view);
    return view;
  }

  /** What definitions and the composition hide, as one: `undefined` while nothing can be hidden. */
  #predicate(): IsVisible | undefined {
    const { isVisible } = this.#options;
    const isSelected = this.#selection();
    if (isVisible === undefined || isSelected === undefined) return isVisible ?? isSelected;
    return (item, spec) => isSelected(item) && isVisible(item, spec);
  }

  /** What definitions let through and nobody hides for now: `undefined` while that is everything. */
  #selection(): ((item: OfferedItem) => boolean) | undefined {
    const isHidden = this.#isHidden;
    const selections = new Map(
      this.#base.upstreams.flatMap(({ name, tools }) =>
        tools === undefined ? [] : [[name, tools] as const],
      ),
    );
    const withdrawn = this.#withdrawn;
    if (selections.size === 0 && withdrawn.size === 0 && isHidden === undefined) return undefined;
    return (item) => {
      const { upstream, kind, key } = item;
      // guard: view/withdrawn
      if (withdrawn.get(upstream)?.has(withdrawnKey({ kind, key })) === true) return false;
      // guard: overrides/hide
      if (isHidden?.(item) === true) return false;
      const selection = kind === 'tools' ? selections.get(upstream) : undefined;
      return selection === undefined || selects(selection, key);
    };
  }

  #snapshotLike(
    like: CatalogueSnapshot,
    catalogues: ReadonlyMap<string, UpstreamCatalogue>,
  ): CatalogueSnapshot {
    const { prefix } = this.#options;
    const maxAnswerBytes = this.#maxAnswerBytes;
    return new CatalogueSnapshot({ prefix, upstreams: like.upstreams, catalogues, maxAnswerBytes, like });
  }

  #setBase(base: CatalogueSnapshot): void {
    this.#base = base;
    this.#variants.onBaseChanged(base);
    this.#clearViews();
  }

  #clearViews(): void {
    this.#views.clear();
    this.#texts.clear();
  }

  #tellCut(endpoint: Endpoint, list: ListKind, leftOut: number): void {
    const scope = serverOf(endpoint);
    const key = `${list} ${endpointKey(endpoint)}`;
    if (this.#cut.has(key)) return;
    this.#cut.add(key);
    const { logger = silentLogger } = this.#options;
    logger.warn(
      { list, scope, leftOut },
      'answers to a list leave items out, since they would be longer than limits.maxListAnswerBytes; omni ls shows of which servers',
    );
  }

  /** What answers leave out of an upstream's lists, in words. */
  #leftOut(upstream: string): readonly ListProblem[] {
    return LIST_KINDS.flatMap((list) =>
      [endpointOf(upstream), ALL_SERVERS].flatMap((endpoint) => {
        const count = this.#base.leftOut(list, endpoint, upstream);
        const where = endpoint.kind === 'all' ? 'on the endpoint of all servers' : 'on its own endpoint';
        const reason = `${where} ${count} items are left out: the answer would be longer than limits.maxListAnswerBytes`;
        return count === 0 ? [] : [{ list, isPartial: true, reason }];
      }),
    );
  }

  #touch(endpoints: readonly Endpoint[]): void {
    for (const audience of [undefined, ...this.#variants.keys()])
      for (const endpoint of endpoints) this.#announcer.touch(endpoint, audience);
  }

  #takeChanges(endpoint: Endpoint, audience: string | undefined): ReadonlySet<ChangeKind> {
    const own = audience === undefined ? undefined : this.#variants.keyOn(endpoint, audience);
    const snapshot = this.#variants.snapshotFor(own, this.#base);
    const current = {
      tools: this.#seenOf(snapshot, endpoint, ['tools']),
      prompts: this.#seenOf(snapshot, endpoint, ['prompts']),
      resources: this.#seenOf(snapshot, endpoint, ['resources', 'templates']),
    };
    const key = announcementKey(endpoint, audience);
    const announced = this.#announced.get(key) ?? NOTHING;
    if (this.serves(endpoint)) this.#announced.set(key, current);
    else this.#announced.delete(key);
    return new Set(
      (['tools', 'prompts', 'resources'] as const).filter((kind) => !areSame(current[kind], announced[kind])),
    );
  }

  /**
   * What an announcement is about. Where something is hidden, others can come to light: what the endpoint
   * leaves out counts too.
   */
  #seenOf(snapshot: CatalogueSnapshot, endpoint: Endpoint, kinds: readonly ListKind[]): readonly ShownItem[] {
    const isSelected = this.#selection() ?? (() => true);
    const seen = kinds.flatMap((kind) =>
      snapshot
        .shown(kind, endpoint)
        .filter(({ upstream, item: { key } }) => isSelected({ upstream, kind, key })),
    );
    if (endpoint.kind === 'all' && this.#predicate() !== undefined) {
      for (const items of snapshot.shadowed.values())
        for (const item of items) if (kinds.includes(item.list)) seen.push({ ...item, exposed: item.name });
    }
    return seen;
  }

  #copyAnnounced(variantKey: string): void {
    for (const endpoint of this.#endpoints()) {
      const announced = this.#announced.get(announcementKey(endpoint, undefined));
      if (announced !== undefined) this.#announced.set(announcementKey(endpoint, variantKey), announced);
    }
  }
}

function withdrawnKey({ kind, key }: Pick<OfferedItem, 'kind' | 'key'>): string {
  return `${kind} ${key}`;
}

function isSameSelection(a: ToolSelection | undefined, b: ToolSelection | undefined): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

/** Whether nobody can tell the one from the other. */
function areSame(some: readonly ShownItem[], others: readonly ShownItem[]): boolean {
  return (
    some.length === others.length &&
    some.every(({ exposed, item }, index) => {
      const other = others[index];
      return exposed === other?.exposed && item.text === other.item.text;
    })
  );
}
