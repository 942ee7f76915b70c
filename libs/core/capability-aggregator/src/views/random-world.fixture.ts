import { ALL_SERVERS, type Endpoint, endpointKey, endpointOf, type ListKind } from '@omni/model';
import fc from 'fast-check';
import type { Catalogue } from '../catalogue.ts';
import { catalogueOf, type Offer, offer, upstreamsOf } from '../catalogue.fixture.ts';
import type { PrefixPolicy } from '../names/exposed-name.ts';
import { shortHash } from '@omni/model';
import type { OfferedItem, ViewSpec } from './view-filter.ts';

/** What one server has, as pools of few names and URIs that get into each other's way. */
export interface ServerWorld {
  readonly name: string;
  readonly isOff: boolean;
  readonly offer: WorldOffer;
  /** What it lists to clients of the variant; `undefined`: what it lists to all. */
  readonly own: WorldOffer | undefined;
}

export interface WorldOffer {
  readonly tools: readonly string[];
  /** Tools that legacy clients cannot be listed. */
  readonly modernTools: readonly string[];
  /** Tools with the page that they are shown with. */
  readonly pageTools: readonly (readonly [name: string, uri: string])[];
  readonly prompts: readonly string[];
  readonly resources: readonly string[];
  readonly templates: readonly string[];
}

export interface World {
  readonly servers: readonly ServerWorld[];
  readonly prefix: PrefixPolicy;
  /** URIs that results mentioned, with the server. */
  readonly remembered: readonly (readonly [uri: string, server: string])[];
  readonly hiding: { readonly seed: number; readonly percent: number };
}

/** The variant that servers can list something else to. */
export const VARIANT = 'legacy {"roots":{}}';
const SERVERS = ['a', 'b', 'a.b', 'a__b', 'fs'];
const TOOLS = ['read', 'b__read', 'b.read', 'a:read', 'x'];
const MODERN_TOOLS = ['odd'];
const PAGE_TOOLS = ['show'];
const PAGES = ['ui://p/1', 'ui://p/2', 'x:1'];
const PROMPTS = ['read', 'sum'];
const RESOURCES = ['x:1', 'x:2', 'ui://p/1', 'db://users', 'file:///r'];
const TEMPLATES = ['db://{table}', 'x:{n}', 'ui://{+page}', 'db://{broken', '{+any}'];

const offerArbitrary: fc.Arbitrary<WorldOffer> = fc.record({
  tools: fc.subarray(TOOLS),
  modernTools: fc.subarray(MODERN_TOOLS),
  pageTools: fc
    .subarray(PAGE_TOOLS)
    .chain((names) =>
      fc.tuple(...names.map((name) => fc.tuple(fc.constant(name), fc.constantFrom(...PAGES)))),
    ),
  prompts: fc.subarray(PROMPTS),
  resources: fc.subarray(RESOURCES),
  // The last one fits everything, so it is rare.
  templates: fc
    .tuple(fc.subarray(TEMPLATES.slice(0, -1)), fc.nat(9))
    .map(([some, rare]) => (rare === 0 ? [...some, ...TEMPLATES.slice(-1)] : some)),
});

export const worldArbitrary: fc.Arbitrary<World> = fc.record({
  servers: fc.shuffledSubarray(SERVERS, { minLength: 1, maxLength: 4 }).chain((names) =>
    fc.tuple(
      ...names.map((name) =>
        fc.record({
          name: fc.constant(name),
          isOff: fc.nat(4).map((n) => n === 0),
          offer: offerArbitrary,
          own: fc.option(offerArbitrary, { nil: undefined }),
        }),
      ),
    ),
  ),
  prefix: fc.constantFrom<PrefixPolicy>('always', 'on-conflict', 'none'),
  remembered: fc.array(
    fc.tuple(fc.constantFrom('made:1', 'x:9', 'db://users', 'ui://p/9'), fc.constantFrom(...SERVERS)),
    { maxLength: 4 },
  ),
  hiding: fc.record({ seed: fc.nat(), percent: fc.constantFrom(0, 20, 50, 90) }),
});

/** Whether the world lets the clients of a view see an item: by chance, but always the same. */
export function sees({ hiding }: World, item: OfferedItem, { endpoint, era }: ViewSpec): boolean {
  const text = `${hiding.seed} ${endpointKey(endpoint)} ${era} ${item.kind} ${item.upstream} ${item.key}`;
  return Number.parseInt(shortHash(text).slice(0, 4), 36) % 100 >= hiding.percent;
}

/** Everything that there is to see, each item marked with its server and its own name. */
export function worldCatalogue(world: World, isHiding: boolean): Catalogue {
  const catalogue = emptyCatalogue(world, isHiding);
  for (const { name, isOff, offer: what, own } of world.servers) {
    if (isOff) continue;
    catalogue.set(name, offer(name, marked(name, what)));
    if (own !== undefined) catalogue.setFor(VARIANT, name, offer(name, marked(name, own)), false);
  }
  remember(world, catalogue);
  return catalogue;
}

/** A catalogue that never had what is hidden from the clients of this view. */
export function visibleCatalogue(world: World, spec: ViewSpec): Catalogue {
  const catalogue = emptyCatalogue(world, false);
  for (const server of world.servers) {
    if (server.isOff) continue;
    const { name } = server;
    const can =
      (kind: ListKind) =>
      (key: string): boolean =>
        sees(world, { upstream: name, kind, key }, spec);
    const what = offerTo(server, spec);
    catalogue.set(
      name,
      offer(
        name,
        marked(name, {
          tools: what.tools.filter(can('tools')),
          modernTools: what.modernTools.filter(can('tools')),
          pageTools: what.pageTools.filter(([tool]) => can('tools')(tool)),
          prompts: what.prompts.filter(can('prompts')),
          resources: what.resources.filter(can('resources')),
          templates: what.templates.filter(can('templates')),
        }),
      ),
    );
  }
  remember(world, catalogue);
  return catalogue;
}

/** What a server lists to the clients of a view, hidden or not. */
export function offerTo({ offer: forAll, own }: ServerWorld, { variantKey }: ViewSpec): WorldOffer {
  return variantKey === undefined ? forAll : (own ?? forAll);
}

/**
 * Every view that the world has, and that of an endpoint that it does not have; that of all servers counts
 * twice.
 */
export function specsOf({ servers }: World): readonly ViewSpec[] {
  const endpoints: readonly Endpoint[] = [
    ALL_SERVERS,
    ALL_SERVERS,
    endpointOf('nobody'),
    ...servers.map(({ name }) => endpointOf(name)),
  ];
  return endpoints.flatMap((endpoint) =>
    (['legacy', 'modern'] as const).flatMap((era) =>
      [undefined, VARIANT].map((variantKey) => ({ endpoint, era, variantKey })),
    ),
  );
}

/** Names that a client could write, right ones and wrong ones. */
export function probeNames({ servers }: World, listed: readonly string[]): readonly string[] {
  const own = [...new Set([...TOOLS, ...MODERN_TOOLS, ...PAGE_TOOLS, ...PROMPTS])];
  const named = [...servers.map(({ name }) => name), 'nobody'].flatMap((server) =>
    [':', '.', '/', '__'].flatMap((separator) => own.map((name) => `${server}${separator}${name}`)),
  );
  return [...new Set([...listed, ...own, ...named, '', 'read_', '__proto__'])];
}

/** URIs that a client could write, the texts of templates among them. */
export const PROBE_URIS: readonly string[] = [
  ...RESOURCES,
  ...TEMPLATES,
  ...PAGES,
  ...['made:1', 'x:9', 'db://rows', 'ui://p/9', 'zz:1', 'no scheme', ''],
];

function emptyCatalogue(world: World, isHiding: boolean): Catalogue {
  const { servers, prefix } = world;
  return catalogueOf(
    {},
    {
      upstreams: upstreamsOf(
        servers.map(({ name }) => name),
        servers.flatMap(({ name, isOff }) => (isOff ? [name] : [])),
      ),
      prefix,
      ...(isHiding ? { isVisible: (item, spec) => sees(world, item, spec) } : {}),
    },
  );
}

function remember({ remembered }: World, catalogue: Catalogue): void {
  const view = catalogue.view({ endpoint: ALL_SERVERS, era: 'modern' });
  for (const [uri, server] of remembered) view.rememberUri(uri, server);
}

function marked(server: string, what: WorldOffer): Offer {
  const tool = (name: string, more: object = {}): string =>
    JSON.stringify({ name, title: server, description: name, inputSchema: { type: 'object' }, ...more });
  return {
    tools: [
      ...what.tools.map((name) => tool(name)),
      // No legacy schema says this.
      ...what.modernTools.map((name) => tool(name, { inputSchema: { type: 'object', required: 1 } })),
      ...what.pageTools.map(([name, resourceUri]) => tool(name, { _meta: { ui: { resourceUri } } })),
    ],
    prompts: what.prompts.map((name) => JSON.stringify({ name, title: server, description: name })),
    resources: what.resources.map((uri) =>
      JSON.stringify({ uri, name: 'n', title: server, description: uri }),
    ),
    templates: what.templates.map((uriTemplate) =>
      JSON.stringify({ uriTemplate, name: 'n', title: server, description: uriTemplate }),
    ),
  };
}
