import { ListToolsResultSchema } from '@modelcontextprotocol/sdk/types.js';
import { describe, expect, it, jest } from '@jest/globals';
import { GatewayError } from '@omni/ports';
import { VirtualClock } from '@omni/testing';
import { readItem } from './reading/catalogue-item.ts';
import { toolItem } from './reading/catalogue-offer.fixture.ts';
import { Catalogue, type CatalogueOptions } from './catalogue.ts';
import type { CatalogueChange } from './snapshot/change-announcer.ts';
import {
  emptyList,
  type CatalogueItem,
  type UpstreamCatalogue,
  type UpstreamList,
} from './reading/upstream-catalogue.ts';

const IDENTITY = { name: 'omni', version: '1.0.0' };
const SERVER_INFO = '"_meta":{"io.modelcontextprotocol/serverInfo":{"name":"omni","version":"1.0.0"}}';

interface Offer {
  /** Names, or whole tools as JSON. */
  readonly tools?: readonly string[];
  readonly prompts?: readonly string[];
  readonly resources?: readonly string[];
  readonly templates?: readonly string[];
  readonly more?: Partial<UpstreamCatalogue>;
}

function listOf<Item extends CatalogueItem>(
  items: readonly Item[],
  more: Partial<UpstreamList> = {},
): UpstreamList<Item> {
  return { ...emptyList(), ...more, items };
}

function item(list: 'prompts' | 'resources' | 'templates', value: object): CatalogueItem {
  const reading = readItem(list, JSON.stringify(value));
  if (!('item' in reading)) throw new TypeError(reading.reason);
  return reading.item;
}

function offer(
  upstream: string,
  { tools = [], prompts = [], resources = [], templates = [], more }: Offer,
): UpstreamCatalogue {
  return {
    upstream,
    era: 'legacy',
    capabilities: '{"tools":{}}',
    instructions: undefined,
    serverInfo: undefined,
    tools: listOf(tools.map(toolItem)),
    prompts: listOf(prompts.map((name) => item('prompts', { name }))),
    resources: listOf(resources.map((uri) => item('resources', { uri, name: 'n' }))),
    templates: listOf(templates.map((uriTemplate) => item('templates', { uriTemplate, name: 'n' }))),
    withheld: [],
    ...more,
  };
}

function catalogueOf(
  offers: Readonly<Record<string, Offer>>,
  options: Partial<CatalogueOptions> = {},
): Catalogue {
  const catalogue = new Catalogue({
    order: Object.keys(offers),
    prefix: 'always',
    identity: IDENTITY,
    clock: new VirtualClock(),
    ...options,
  });
  for (const [upstream, what] of Object.entries(offers)) catalogue.set(upstream, offer(upstream, what));
  return catalogue;
}

function recorded(catalogue: Catalogue): string[] {
  const heard: string[] = [];
  catalogue.onChange(({ endpoint, kinds }: CatalogueChange) =>
    heard.push(`${endpoint ?? '*'}: ${[...kinds].join(' ')}`),
  );
  return heard;
}

describe('Catalogue lists', () => {
  const text =
    '{ "x":1.0, "name" : "re\\u0061d", "inputSchema":{"type":"object"}, "icons":[{"src":"a","z":1e2}] }';

  it('splices the exposed name and leaves every other byte', () => {
    const catalogue = catalogueOf({ fs: { tools: [text] } });
    expect(catalogue.list({ kind: 'tools', endpoint: undefined, era: 'legacy' })).toBe(
      `{"tools":[${text.replace('"re\\u0061d"', '"fs__read"')}]}`,
    );
    expect(catalogue.list({ kind: 'tools', endpoint: 'fs', era: 'legacy' })).toBe(`{"tools":[${text}]}`);
  });

  it('writes modern results with their keys in a fixed order [PROTO-R05]', () => {
    const catalogue = catalogueOf({ fs: { tools: [text] } });
    expect(catalogue.list({ kind: 'tools', endpoint: 'fs', era: 'modern' })).toBe(
      `{"resultType":"complete","tools":[${text}],"ttlMs":60000,"cacheScope":"private",${SERVER_INFO}}`,
    );
  });

  it.each([
    ['resources' as const, 'resources'],
    ['templates' as const, 'resourceTemplates'],
    ['prompts' as const, 'prompts'],
  ])('lists %s as %s', (kind, member) => {
    const catalogue = catalogueOf({ fs: { resources: ['a:b'], templates: ['a:{b}'], prompts: ['p'] } });
    expect(Object.keys(JSON.parse(catalogue.list({ kind, endpoint: 'fs', era: 'legacy' }) ?? ''))).toEqual([
      member,
    ]);
    expect(
      JSON.parse(catalogue.list({ kind, endpoint: undefined, era: 'modern' }) ?? '')[member],
    ).toHaveLength(1);
  });

  it('takes the smallest ttl, and none while a server is missing [PROTO-R19]', () => {
    const ttlOf = (catalogue: Catalogue): unknown =>
      JSON.parse(catalogue.list({ kind: 'tools', endpoint: undefined, era: 'modern' }) ?? '').ttlMs;
    const hint = (ttlMs: number): Offer => ({ more: { tools: listOf([], { ttlMs }) } });
    expect(ttlOf(catalogueOf({ a: hint(7_000), b: hint(5_000), c: {} }))).toBe(5_000);
    expect(ttlOf(catalogueOf({ a: hint(3_600_000) }))).toBe(60_000);
    expect(ttlOf(catalogueOf({ a: {} }, { order: ['a', 'late'] }))).toBe(0);
    expect(ttlOf(catalogueOf({ a: {} }, { order: ['a', 'off'], off: ['off'] }))).toBe(60_000);
  });

  it('has the order of the configuration, whoever comes first', () => {
    const first = catalogueOf({ b: { tools: ['x'] }, a: { tools: ['y'] } }, { order: ['a', 'b'] });
    const second = catalogueOf({ a: { tools: ['y'] }, b: { tools: ['x'] } }, { order: ['a', 'b'] });
    expect(first.list({ kind: 'tools', endpoint: undefined, era: 'modern' })).toBe(
      second.list({ kind: 'tools', endpoint: undefined, era: 'modern' }),
    );
    expect(first.toolsOf(undefined).map(({ exposed }) => exposed)).toEqual(['a__y', 'b__x']);
  });

  it('builds a list of 500 tools once', () => {
    let reads = 0;
    const tools = Array.from({ length: 500 }, (_, index) => {
      const tool = toolItem(`t${index}`);
      return {
        ...tool,
        get text() {
          reads += 1;
          return tool.text;
        },
      };
    });
    const catalogue = catalogueOf({ fs: { more: { tools: listOf(tools) } } });
    const first = catalogue.list({ kind: 'tools', endpoint: undefined, era: 'modern' });
    expect(reads).toBeGreaterThan(0);
    reads = 0;
    expect(catalogue.list({ kind: 'tools', endpoint: undefined, era: 'modern' })).toBe(first);
    expect(reads).toBe(0);
  });

  it('keeps built lists when the same content comes again', () => {
    const catalogue = catalogueOf({ fs: { tools: ['a'] } });
    const { generation } = catalogue;
    catalogue.set('fs', offer('fs', { tools: ['a'] }));
    expect(catalogue.generation).toBe(generation);
    catalogue.set('fs', offer('fs', { tools: ['b'] }));
    expect(catalogue.generation).toBeGreaterThan(generation);
  });

  it('shows legacy clients the projected tools only, in a list that they accept', () => {
    const wrapped = '{"name":"w","inputSchema":{"type":"object"},"outputSchema":{"type":"array"}}';
    const modernOnly = '{"name":"m","inputSchema":{"type":"object","required":1}}';
    const catalogue = catalogueOf({ fs: { tools: [wrapped, modernOnly] } });
    const legacy = JSON.parse(catalogue.list({ kind: 'tools', endpoint: undefined, era: 'legacy' }) ?? '');
    expect(ListToolsResultSchema.safeParse(legacy).error).toBeUndefined();
    expect(legacy.tools).toMatchObject([{ name: 'fs__w', outputSchema: { type: 'object' } }]);
    expect(catalogue.list({ kind: 'tools', endpoint: 'fs', era: 'modern' })).toContain(
      `[${wrapped},${modernOnly}]`,
    );
    expect(catalogue.resolve('tool', 'w', 'fs')).toMatchObject({ tool: { wrapsOutput: true } });
  });

  it('is empty for a server that has not been read, and nothing for one that is not configured', () => {
    const catalogue = catalogueOf({}, { order: ['late'] });
    expect(catalogue.list({ kind: 'tools', endpoint: 'late', era: 'legacy' })).toBe('{"tools":[]}');
    expect(catalogue.list({ kind: 'tools', endpoint: 'nobody', era: 'legacy' })).toBeUndefined();
    expect(catalogue.capabilities('nobody', 'modern')).toBeUndefined();
    expect(catalogue.instructions('nobody')).toBeUndefined();
    expect(catalogue.toolsOf('nobody')).toEqual([]);
    expect(() => catalogue.set('nobody', undefined)).toThrow(
      expect.objectContaining({ code: 'OMNI_SERVER_UNKNOWN' }),
    );
  });

  it('loses what a server offered when it is gone', () => {
    const catalogue = catalogueOf({ a: { tools: ['x'] }, b: { tools: ['y'] } });
    catalogue.set('a', undefined);
    expect(catalogue.toolsOf(undefined).map(({ exposed }) => exposed)).toEqual(['b__y']);
  });

  it('keeps the last good list when the next cannot be read, and says so', () => {
    const catalogue = catalogueOf({ a: { tools: ['x', 'y'], prompts: ['p'] } });
    catalogue.set(
      'a',
      offer('a', {
        more: {
          tools: emptyList('too slow'),
          prompts: listOf([], { partial: 'the same cursor came twice' }),
        },
      }),
    );
    expect(catalogue.toolsOf('a')).toHaveLength(2);
    expect(catalogue.list({ kind: 'prompts', endpoint: 'a', era: 'legacy' })).toContain('"p"');
    expect(catalogue.describe('a').problems).toEqual([
      { list: 'tools', isPartial: false, reason: 'too slow' },
      { list: 'prompts', isPartial: true, reason: 'the same cursor came twice' },
    ]);
    catalogue.set('a', offer('a', { tools: ['z'] }));
    expect(catalogue.toolsOf('a').map(({ name }) => name)).toEqual(['z']);
  });

  it('lists a URI once', () => {
    const catalogue = catalogueOf({ a: { resources: ['x:1'] }, b: { resources: ['x:1', 'x:2'] } });
    expect(
      JSON.parse(catalogue.list({ kind: 'resources', endpoint: undefined, era: 'legacy' }) ?? '').resources,
    ).toMatchObject([{ uri: 'x:1' }, { uri: 'x:2' }]);
    expect(catalogue.describe('b').withheld).toMatchObject([{ list: 'resources', key: 'x:1' }]);
  });
});

describe('Catalogue changes', () => {
  it('tells the endpoint of the server and that of all, at once', () => {
    const catalogue = catalogueOf({}, { order: ['a', 'b'] });
    const heard = recorded(catalogue);
    catalogue.set('a', offer('a', { tools: ['x'], templates: ['x:{y}'] }));
    expect(heard).toEqual(['a: tools resources', '*: tools resources']);
  });

  it('says nothing when the bytes are the same [PROTO-R18]', () => {
    const catalogue = catalogueOf({ a: { tools: ['x'], prompts: ['p'] } });
    const heard = recorded(catalogue);
    catalogue.set('a', offer('a', { tools: ['x'], prompts: ['p'], more: { instructions: 'new' } }));
    expect(heard).toEqual([]);
  });

  // guard: change/storm
  it('gathers a storm into one announcement per pause [PROTO-R18]', () => {
    const clock = new VirtualClock();
    const catalogue = catalogueOf({}, { order: ['a'], clock });
    const heard = recorded(catalogue);
    for (let round = 0; round < 100; round += 1) {
      catalogue.set('a', offer('a', { tools: [`x${round}`] }));
      clock.advance(10);
    }
    clock.advance(1_000);
    // 1,000 ms hold five pauses of 200 ms: the leading announcement and one behind each pause.
    expect(heard.filter((line) => line.startsWith('*'))).toHaveLength(6);
    expect(clock.pendingTimers).toBe(0);
  });

  // guard: change/same-bytes
  it('says nothing of a change that was undone within the pause', () => {
    const clock = new VirtualClock();
    const catalogue = catalogueOf({}, { order: ['a'], clock });
    const heard = recorded(catalogue);
    for (const tool of ['x', 'y', 'x']) catalogue.set('a', offer('a', { tools: [tool] }));
    clock.advance(1_000);
    expect(heard).toEqual(['a: tools', '*: tools']);
  });

  it('does not let one server delay the announcements of another', () => {
    const catalogue = catalogueOf({}, { order: ['a', 'b'] });
    const heard = recorded(catalogue);
    catalogue.set('a', offer('a', { tools: ['x'] }));
    catalogue.set('b', offer('b', { tools: ['x'] }));
    expect(heard).toEqual(['a: tools', '*: tools', 'b: tools']);
  });

  it('waits as long as it was told', () => {
    const clock = new VirtualClock();
    const catalogue = catalogueOf({}, { order: ['a'], clock, debounceMs: 50 });
    const heard = recorded(catalogue);
    catalogue.set('a', offer('a', { tools: ['x'] }));
    catalogue.set('a', offer('a', { tools: ['y'] }));
    clock.advance(49);
    expect(heard).toHaveLength(2);
    clock.advance(1);
    expect(heard).toHaveLength(4);
  });

  it('is silent after the listener or the catalogue ended', () => {
    const clock = new VirtualClock();
    const catalogue = catalogueOf({}, { order: ['a'], clock });
    const listener = jest.fn<(change: CatalogueChange) => void>();
    const stop = catalogue.onChange(listener);
    stop();
    const heard = recorded(catalogue);
    catalogue.set('a', offer('a', { tools: ['x'] }));
    catalogue.set('a', offer('a', { tools: ['y'] }));
    catalogue.close();
    clock.advance(1_000);
    expect(listener).not.toHaveBeenCalled();
    expect(heard).toHaveLength(2);
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('Catalogue.describe', () => {
  it('counts, and names what is withheld from whom', () => {
    const catalogue = catalogueOf(
      {
        fs: {
          tools: ['read', '{"name":"odd","inputSchema":{"type":"object","required":1}}'],
          resources: ['x:1'],
        },
        db: {
          tools: ['read'],
          more: {
            serverInfo: '{"name":"d"}',
            withheld: [{ list: 'tools', key: 'bad', reason: 'name is missing' }],
          },
        },
      },
      { prefix: 'none', order: ['fs', 'db', 'late'] },
    );
    expect(['fs', 'db', 'late'].map((upstream) => catalogue.describe(upstream))).toMatchObject([
      {
        upstream: 'fs',
        isRead: true,
        counts: { tools: 2, resources: 1, templates: 0, prompts: 0 },
        withheld: [{ list: 'tools', key: 'odd', reason: expect.stringMatching(/^from legacy clients: /) }],
        problems: [],
      },
      {
        upstream: 'db',
        serverInfo: '{"name":"d"}',
        withheld: [
          { list: 'tools', key: 'bad', reason: 'name is missing' },
          {
            list: 'tools',
            key: 'read',
            reason: expect.stringMatching(/^on the endpoint of all servers: "fs"/),
          },
        ],
      },
      { upstream: 'late', isRead: false, counts: { tools: 0 } },
    ]);
  });
});

describe('Catalogue capabilities and instructions', () => {
  it('are those of one server or of all', () => {
    const catalogue = catalogueOf({
      a: { more: { capabilities: '{"vendor":1.0}', instructions: 'One.' } },
      b: { more: { capabilities: '{"logging":{}}', instructions: 'Two.' } },
    });
    expect(catalogue.capabilities('a', 'modern')).toBe('{"vendor":1.0}');
    expect(catalogue.capabilities(undefined, 'modern')).toContain('"logging":{}');
    expect(catalogue.instructions('a')).toBe('One.');
    expect(catalogue.instructions(undefined)).toBe('# a\n\nOne.\n\n# b\n\nTwo.');
  });
});

describe('Catalogue.setUpstreams', () => {
  const on = (...names: readonly string[]): { name: string; isOff: boolean }[] =>
    names.map((name) => ({ name, isOff: false }));

  it('takes out what removed and switched off servers offered, and says so once', () => {
    const clock = new VirtualClock();
    const catalogue = catalogueOf(
      { a: { tools: ['x'] }, b: { tools: ['y'], prompts: ['p'] }, c: { tools: ['z'] } },
      { clock },
    );
    clock.advance(1_000);
    const heard = recorded(catalogue);
    catalogue.setUpstreams([{ name: 'c', isOff: true }, ...on('a')]);
    clock.advance(1_000);
    expect(heard).toEqual(['*: tools prompts', 'b: tools prompts', 'c: tools']);
    expect(catalogue.toolsOf(undefined).map(({ exposed }) => exposed)).toEqual(['a__x']);
    expect(catalogue.list({ kind: 'tools', endpoint: 'b', era: 'modern' })).toBeUndefined();
    expect(catalogue.list({ kind: 'tools', endpoint: 'c', era: 'modern' })).toContain('"tools":[]');
    expect(() => catalogue.set('b', offer('b', {}))).toThrow(GatewayError);
  });

  it('lists in the new order, keeps what is known and says so once', () => {
    const clock = new VirtualClock();
    const catalogue = catalogueOf({ a: { tools: ['x'] }, b: { tools: ['y'] } }, { clock });
    clock.advance(1_000);
    const heard = recorded(catalogue);
    catalogue.setUpstreams(on('b', 'new', 'a'));
    expect(heard).toEqual(['*: tools']);
    expect(catalogue.toolsOf(undefined).map(({ exposed }) => exposed)).toEqual(['b__y', 'a__x']);
    catalogue.set('new', offer('new', { tools: ['z'] }));
    expect(catalogue.toolsOf(undefined).map(({ exposed }) => exposed)).toEqual(['b__y', 'new__z', 'a__x']);
  });

  it('says nothing when nothing is shown differently', () => {
    const catalogue = catalogueOf({ a: { tools: ['x'] } });
    const heard = recorded(catalogue);
    catalogue.setUpstreams(on('a', 'b'));
    expect(heard).toEqual([]);
  });

  it('asks no removed server for what it has mentioned', () => {
    const catalogue = catalogueOf({ a: {}, b: {}, c: {} });
    catalogue.rememberUri('x:1', 'b');
    expect(catalogue.resolveUri('x:1', undefined)).toEqual(['b']);
    catalogue.setUpstreams(on('a', 'c'));
    expect(catalogue.resolveUri('x:1', undefined)).toBeInstanceOf(GatewayError);
  });

  // guard: registry/own-items
  it('shows nothing of a predecessor beside what its successor could be read of', () => {
    const catalogue = catalogueOf({ a: { tools: ['x'], prompts: ['p'] } });
    const unread = { ...offer('a', { prompts: ['q'] }), tools: emptyList('not ready') };
    catalogue.set('a', unread);
    expect(catalogue.toolsOf('a').map(({ name }) => name)).toEqual(['x']);
    catalogue.set('a', unread, true);
    expect(catalogue.toolsOf('a')).toEqual([]);
  });
});
