import { describe, expect, it } from '@jest/globals';
import { type CatalogueView, LIST_KINDS, type ListKind, serverOf, type Target } from '@omni/model';
import { GatewayError } from '@omni/ports';
import fc from 'fast-check';
import { UriTemplate } from '../names/uri-template.ts';
import {
  offerTo,
  PROBE_URIS,
  probeNames,
  sees,
  type ServerWorld,
  specsOf,
  visibleCatalogue,
  type World,
  worldArbitrary,
  worldCatalogue,
  type WorldOffer,
} from './random-world.fixture.ts';
import { UNLISTED_KINDS, type UnlistedKind } from './unlisted-kinds.ts';
import type { ViewSpec } from './view-filter.ts';

const RUNS = { numRuns: 250 };
const MEMBERS = {
  tools: 'tools',
  resources: 'resources',
  templates: 'resourceTemplates',
  prompts: 'prompts',
};
const NAMED = [
  ['tool', 'tools'],
  ['prompt', 'prompts'],
] as const;

/** Spoils a view, to see whether that is noticed. */
type Leak = (view: CatalogueView, world: World, spec: ViewSpec) => CatalogueView;

interface Listed {
  readonly shown: string;
  readonly server: string;
  readonly own: string;
}

/** What is seen of one view, and what should be. */
class Checked {
  readonly #world: World;
  readonly #spec: ViewSpec;
  readonly #view: CatalogueView;
  /** What the same view is of a catalogue that never had what is hidden. */
  readonly #plain: CatalogueView;
  /** The kinds of what was called and is not listed. */
  readonly kinds = new Set<UnlistedKind>();

  constructor(world: World, spec: ViewSpec, leak: Leak) {
    this.#world = world;
    this.#spec = spec;
    this.#view = leak(worldCatalogue(world, true).view(spec, spec.variantKey), world, spec);
    this.#plain = visibleCatalogue(world, spec).view(spec);
  }

  lists(): void {
    for (const kind of LIST_KINDS) mustBeSame(this.#view.list(kind), this.#plain.list(kind));
  }

  names(): void {
    for (const [noun, list] of NAMED) {
      const listed = this.#listed(list);
      for (const { shown, server, own } of listed)
        mustBeSame(names(this.#view.route(noun, shown)), names({ upstream: server, name: own }));
      const shownNames = new Set(listed.map(({ shown }) => shown));
      for (const name of probeNames(this.#world, [...shownNames])) {
        const found = this.#view.route(noun, name);
        mustBeSame(facts(found), facts(this.#plain.route(noun, name)));
        if (found instanceof GatewayError || shownNames.has(name)) continue;
        must(this.#sees(found.upstream, list, found.name), `${name} leads to something hidden`);
        this.#note(this.#nameKind(list, name, found));
      }
    }
  }

  uris(): void {
    const servers = this.#servers();
    const listed = [...this.#listed('resources'), ...this.#listed('templates')];
    for (const { shown, server } of listed) {
      // A resource can be hidden whose URI is the text of a visible template.
      if (this.#hides(server, shown)) continue;
      const found = this.#view.routeUri(shown);
      must(!(found instanceof GatewayError) && found.includes(server), `${shown} does not lead to ${server}`);
    }
    for (const uri of PROBE_URIS) {
      const found = this.#view.routeUri(uri);
      const upstreams = found instanceof GatewayError ? [] : found;
      must(this.#view.allowsWatch(uri) === upstreams.length > 0, `${uri} is watched wrongly`);
      for (const upstream of upstreams) {
        must(!this.#hides(upstream, uri), `${upstream} is asked for ${uri}, which is hidden`);
        if (!this.#lists(upstream, uri)) this.#note(this.#uriKind(upstream, uri));
      }
      // What is listed, or of one of the kinds, can be called.
      if (upstreams.length === 0)
        for (const { name } of servers)
          must(
            this.#hides(name, uri) || (!this.#lists(name, uri) && this.#uriKind(name, uri) === undefined),
            `${uri} does not lead to ${name}`,
          );
      if (!this.#world.servers.some(({ name }) => this.#hides(name, uri)))
        mustBeSame(facts(found), facts(this.#plain.routeUri(uri)));
    }
  }

  methods(): void {
    const { endpoint } = this.#spec;
    for (const method of ['vendor/a', 'vendor/b', 'tasks/list']) {
      const found = this.#view.routeMethod(method);
      if (found instanceof GatewayError) continue;
      if (method !== 'tasks/list' || endpoint.kind === 'server')
        mustBeSame(found.join(), serverOf(endpoint) ?? 'none');
      for (const upstream of found)
        must(this.#sees(upstream, 'methods', method), `${upstream} is asked for ${method}, which is hidden`);
      this.kinds.add('vendor-method');
    }
  }

  /** Every item carries its server and its own name. */
  #listed(kind: ListKind): readonly Listed[] {
    const result: Record<
      string,
      { name: string; uri?: string; uriTemplate?: string; title: string; description: string }[]
    > = JSON.parse(this.#view.list(kind));
    return (result[MEMBERS[kind]] ?? []).map(({ name, uri, uriTemplate, title, description }) => ({
      shown: uri ?? uriTemplate ?? name,
      server: title,
      own: description,
    }));
  }

  #note(kind: UnlistedKind | undefined): void {
    if (kind === undefined) throw new TypeError('what is called is of no kind');
    this.kinds.add(kind);
  }

  #nameKind(
    list: 'tools' | 'prompts',
    name: string,
    { upstream, name: own }: Target,
  ): UnlistedKind | undefined {
    if (this.#spec.endpoint.kind === 'all') {
      if ([':', '.', '/', '__'].some((separator) => name === `${upstream}${separator}${own}`)) return 'alias';
      const namesakes = this.#servers().filter(
        (server) => namesOf(this.#offer(server), list).includes(own) && this.#sees(server.name, list, own),
      );
      const hasTwin = this.#world.prefix !== 'none' && namesakes.length > 1;
      const isShown = !this.#isModernOnly(upstream, own) || this.#spec.era === 'modern';
      if (name === own && isShown && !hasTwin) return 'bare-name';
    }
    return list === 'tools' && this.#spec.era === 'legacy' && this.#isModernOnly(upstream, own)
      ? 'other-era'
      : undefined;
  }

  #uriKind(upstream: string, uri: string): UnlistedKind | undefined {
    const { endpoint } = this.#spec;
    if (endpoint.kind === 'server') return endpoint.server === upstream ? 'single-server' : undefined;
    const server = this.#servers().find(({ name }) => name === upstream);
    if (server === undefined) return undefined;
    const running = this.#world.servers.filter(({ isOff }) => !isOff);
    const seen = this.#seenOf(server);
    if (running.length === 1) return 'single-server';
    if (seen.templates.some((template) => fits(template, uri))) return 'template';
    const mentioner = this.#world.remembered.findLast(
      ([mentioned, by]) => mentioned === uri && running.some(({ name }) => name === by),
    );
    if (seen.pageTools.some(([, page]) => page === uri) || mentioner?.[1] === upstream) return 'mention';
    const owners = this.#servers().filter((other) => schemesOf(this.#seenOf(other)).has(schemeOf(uri) ?? ''));
    return owners.length === 1 && owners[0] === server ? 'scheme' : undefined;
  }

  /** Whether a visible item of the server is this resource, or this template. */
  #lists(upstream: string, uri: string): boolean {
    const server = this.#servers().find(({ name }) => name === upstream);
    if (server === undefined) return false;
    const { resources, templates } = this.#seenOf(server);
    return resources.includes(uri) || templates.includes(uri);
  }

  /** Whether nothing of the server can be reached under the URI. */
  #hides(upstream: string, uri: string): boolean {
    if (!this.#sees(upstream, 'resources', uri)) return true;
    const server = this.#world.servers.find(({ name }) => name === upstream);
    if (server === undefined || server.isOff) return false;
    return leads(this.#offer(server), uri) && !leads(this.#seenOf(server), uri);
  }

  #isModernOnly(upstream: string, tool: string): boolean {
    return this.#servers().some(
      (server) => server.name === upstream && this.#offer(server).modernTools.includes(tool),
    );
  }

  #seenOf(server: ServerWorld): WorldOffer {
    const can =
      (kind: ListKind) =>
      (key: string): boolean =>
        this.#sees(server.name, kind, key);
    const all = this.#offer(server);
    return {
      tools: all.tools.filter(can('tools')),
      modernTools: all.modernTools.filter(can('tools')),
      pageTools: all.pageTools.filter(([tool]) => can('tools')(tool)),
      prompts: all.prompts.filter(can('prompts')),
      resources: all.resources.filter(can('resources')),
      templates: all.templates.filter(can('templates')),
    };
  }

  #offer(server: ServerWorld): WorldOffer {
    return offerTo(server, this.#spec);
  }

  /** Those of the endpoint that offer something. */
  #servers(): readonly ServerWorld[] {
    const { endpoint } = this.#spec;
    return this.#world.servers.filter(
      ({ name, isOff }) => !isOff && (endpoint.kind === 'all' || endpoint.server === name),
    );
  }

  #sees(upstream: string, kind: ListKind | 'methods', key: string): boolean {
    return sees(this.#world, { upstream, kind, key }, this.#spec);
  }
}

/** What there is to compare of an answer. */
function facts(found: Target | readonly string[] | GatewayError): string {
  if (found instanceof GatewayError)
    return JSON.stringify([found.code, found.message, found.hint, found.data]);
  return 'name' in found ? `${names(found)} ${found.wrapsOutput}` : found.join();
}

function names(found: Pick<Target, 'upstream' | 'name'> | GatewayError): string {
  return found instanceof GatewayError ? found.code : `${found.upstream} ${found.name}`;
}

/** So much is compared that `expect` would take minutes. */
function must(isSo: boolean, otherwise: string): void {
  if (!isSo) throw new TypeError(otherwise);
}

function mustBeSame(is: string, shouldBe: string): void {
  must(is === shouldBe, `"${is}" should be "${shouldBe}"`);
}

function namesOf(
  { tools, modernTools, pageTools, prompts }: WorldOffer,
  list: 'tools' | 'prompts',
): readonly string[] {
  return list === 'prompts' ? prompts : [...tools, ...modernTools, ...pageTools.map(([name]) => name)];
}

function fits(template: string, uri: string): boolean {
  return UriTemplate.compile(template)?.matches(uri, { left: 100_000 }) === true;
}

function leads({ resources, templates, pageTools }: WorldOffer, uri: string): boolean {
  return (
    resources.includes(uri) ||
    templates.some((template) => template === uri || fits(template, uri)) ||
    pageTools.some(([, page]) => page === uri)
  );
}

function schemeOf(uri: string): string | undefined {
  return /^[a-z]+(?=:)/.exec(uri)?.[0];
}

function schemesOf({ resources, templates, pageTools }: WorldOffer): ReadonlySet<string | undefined> {
  const whole = templates.filter((template) => UriTemplate.compile(template) !== undefined);
  return new Set([...resources, ...whole, ...pageTools.map(([, page]) => page)].map(schemeOf));
}

const viewArbitrary = fc.tuple(worldArbitrary, fc.nat()).map(([world, n]) => {
  const specs = specsOf(world);
  // The rest is smaller than their number.
  return { world, spec: specs[n % specs.length] as ViewSpec };
});

/** @returns The kinds of what was called and is not listed. */
function check(
  { world, spec }: { readonly world: World; readonly spec: ViewSpec },
  leak: Leak = (view) => view,
): ReadonlySet<UnlistedKind> {
  const checked = new Checked(world, spec, leak);
  checked.lists();
  checked.names();
  checked.uris();
  checked.methods();
  return checked.kinds;
}

describe('CompiledView under random hiding', () => {
  // guard: view/hidden-items, view/hidden-uris, view/hidden-methods
  it('lists, finds and watches what is visible, and leads beyond the lists by the written kinds alone', () => {
    const kinds = new Set<UnlistedKind>();
    fc.assert(
      fc.property(viewArbitrary, (one) => {
        for (const kind of check(one)) kinds.add(kind);
      }),
      RUNS,
    );
    // All of them occur, so that none is an empty promise.
    expect([...kinds].toSorted()).toEqual(Object.keys(UNLISTED_KINDS).toSorted());
  });

  it.each<[string, Leak]>([
    [
      'lists a hidden tool',
      (view, world, spec) => ({
        ...spread(view),
        list: (kind) =>
          kind === 'tools'
            ? worldCatalogue(world, false).view(spec, spec.variantKey).list(kind)
            : view.list(kind),
      }),
    ],
    [
      'finds a hidden prompt by an alias',
      (view, world, spec) => ({
        ...spread(view),
        route: (kind, name) =>
          kind === 'prompt' && name.includes(':')
            ? worldCatalogue(world, false).view(spec, spec.variantKey).route(kind, name)
            : view.route(kind, name),
      }),
    ],
    [
      'asks a server for a hidden resource',
      (view, world, spec) => ({
        ...spread(view),
        routeUri: (uri) => worldCatalogue(world, false).view(spec, spec.variantKey).routeUri(uri),
      }),
    ],
    [
      'watches a resource that nobody can be asked for',
      (view) => ({ ...spread(view), allowsWatch: () => true }),
    ],
    [
      'asks the first server for what nobody is known to have',
      (view, { servers }) => ({
        ...spread(view),
        routeUri: (uri) => {
          const found = view.routeUri(uri);
          return found instanceof GatewayError ? [servers[0]?.name ?? ''] : found;
        },
      }),
    ],
    [
      'calls a hidden method',
      (view, _world, { endpoint }) => ({
        ...spread(view),
        routeMethod: () => (endpoint.kind === 'server' ? [endpoint.server] : []),
      }),
    ],
  ])('is not so when a view %s', (_, leak) => {
    const { failed } = fc.check(
      fc.property(viewArbitrary, (one) => void check(one, leak)),
      {
        ...RUNS,
        endOnFailure: true,
      },
    );
    expect(failed).toBe(true);
  });
});

function spread(view: CatalogueView): CatalogueView {
  return {
    capabilities: view.capabilities,
    instructions: view.instructions,
    list: (kind) => view.list(kind),
    route: (kind, name) => view.route(kind, name),
    routeUri: (uri) => view.routeUri(uri),
    routeMethod: (method) => view.routeMethod(method),
    allowsWatch: (uri) => view.allowsWatch(uri),
    rememberUri: (uri, upstream) => view.rememberUri(uri, upstream),
  };
}
