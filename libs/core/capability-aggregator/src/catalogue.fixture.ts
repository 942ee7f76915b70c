import { type CatalogueView, endpointOf } from '@omni/model';
import type { Era } from '@omni/ports';
import { VirtualClock } from '@omni/testing';
import { Catalogue, type CatalogueOptions } from './catalogue.ts';
import { type ItemReading, readItem, readTool } from './reading/catalogue-item.ts';
import {
  type CatalogueItem,
  emptyList,
  type ToolItem,
  type UpstreamCatalogue,
  type UpstreamList,
} from './reading/upstream-catalogue.ts';
import type { ConfiguredUpstream } from './snapshot/catalogue-snapshot.ts';

/** What a server offers: names and URIs, or whole items as JSON. */
export interface Offer {
  readonly tools?: readonly string[];
  /** URIs: of each a tool is shown with it. */
  readonly pages?: readonly string[];
  readonly prompts?: readonly string[];
  readonly resources?: readonly string[];
  readonly templates?: readonly string[];
  readonly more?: Partial<UpstreamCatalogue>;
}

export function listOf<Item extends CatalogueItem>(
  items: readonly Item[],
  more: Partial<UpstreamList> = {},
): UpstreamList<Item> {
  return { ...emptyList(), ...more, items };
}

/** @param tool - A name, or the whole tool as JSON. */
export function toolItem(tool: string): ToolItem {
  return itemOf(
    readTool(
      tool.startsWith('{') ? tool : `{"name":${JSON.stringify(tool)},"inputSchema":{"type":"object"}}`,
    ),
  );
}

export function offer(
  upstream: string,
  { tools = [], pages = [], prompts = [], resources = [], templates = [], more }: Offer,
): UpstreamCatalogue {
  const shown = pages.map((resourceUri, index) =>
    JSON.stringify({
      name: `page-${index}`,
      inputSchema: { type: 'object' },
      _meta: { ui: { resourceUri } },
    }),
  );
  const listed = (
    list: 'prompts' | 'resources' | 'templates',
    keys: readonly string[],
    itemWith: (key: string) => object,
  ): UpstreamList =>
    listOf(
      keys.map((key) => itemOf(readItem(list, key.startsWith('{"') ? key : JSON.stringify(itemWith(key))))),
    );
  return {
    upstream,
    era: 'legacy',
    capabilities: '{"tools":{}}',
    instructions: undefined,
    serverInfo: undefined,
    tools: listOf([...tools, ...shown].map(toolItem)),
    prompts: listed('prompts', prompts, (name) => ({ name })),
    resources: listed('resources', resources, (uri) => ({ uri, name: 'n' })),
    templates: listed('templates', templates, (uriTemplate) => ({ uriTemplate, name: 'n' })),
    withheld: [],
    ...more,
  };
}

/** What an upstream offers that has these tools and nothing else. */
export function toolsOf(
  upstream: string,
  names: readonly string[],
  more: Partial<UpstreamList> = {},
): UpstreamCatalogue {
  return offer(upstream, { more: { tools: listOf(names.map(toolItem), more) } });
}

/** @param off - Those that are switched off. */
export function upstreamsOf(
  names: readonly string[],
  off: readonly string[] = [],
): readonly ConfiguredUpstream[] {
  return names.map((name) => ({ name, isOff: off.includes(name) }));
}

export function catalogueOf(
  offers: Readonly<Record<string, Offer>>,
  options: Partial<CatalogueOptions> = {},
): Catalogue {
  const catalogue = new Catalogue({
    upstreams: upstreamsOf(Object.keys(offers)),
    prefix: 'always',
    identity: { name: 'omni', version: '1.0.0' },
    clock: new VirtualClock(),
    ...options,
  });
  for (const [upstream, what] of Object.entries(offers)) catalogue.set(upstream, offer(upstream, what));
  return catalogue;
}

/** @param server - Absent for the endpoint of all servers. */
export function viewOf(
  catalogue: Catalogue,
  server?: string,
  era: Era = 'legacy',
  variantKey?: string,
): CatalogueView {
  return catalogue.view({ endpoint: endpointOf(server), era }, variantKey);
}

/** The names of the tools that are listed. */
export function toolNames(view: CatalogueView): readonly string[] {
  const { tools } = JSON.parse(view.list('tools')) as { tools: { name: string }[] };
  return tools.map(({ name }) => name);
}

function itemOf<Item extends CatalogueItem>(reading: ItemReading<Item>): Item {
  if (!('item' in reading)) throw new TypeError(reading.reason);
  return reading.item;
}
