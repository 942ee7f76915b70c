import { ListToolsResultSchema } from '@modelcontextprotocol/sdk/types.js';
import { describe, expect, it, jest } from '@jest/globals';
import { endpointKey, endpointOf } from '@omni/model';
import { silentLogger } from '@omni/ports';
import { VirtualClock } from '@omni/testing';
import {
  catalogueOf,
  listOf,
  type Offer,
  offer,
  toolItem,
  toolNames,
  upstreamsOf,
  viewOf,
} from './catalogue.fixture.ts';
import type { Catalogue } from './catalogue.ts';
import type { CatalogueChange } from './snapshot/change-announcer.ts';
import { emptyList } from './reading/upstream-catalogue.ts';

const SERVER_INFO = '"_meta":{"io.modelcontextprotocol/serverInfo":{"name":"omni","version":"1.0.0"}}';

describe('Catalogue lists', () => {
  const text =
    '{ "x":1.0, "name" : "re\\u0061d", "inputSchema":{"type":"object"}, "icons":[{"src":"a","z":1e2}] }';

  it('splices the exposed name and leaves every other byte', () => {
    const catalogue = catalogueOf({ fs: { tools: [text] } });
    expect(viewOf(catalogue).list('tools')).toBe(`{"tools":[${text.replace('"re\\u0061d"', '"fs__read"')}]}`);
    expect(viewOf(catalogue, 'fs').list('tools')).toBe(`{"tools":[${text}]}`);
  });

  it('writes modern results with their keys in a fixed order [PROTO-R05]', () => {
    const catalogue = catalogueOf({ fs: { tools: [text] } });
    expect(viewOf(catalogue, 'fs', 'modern').list('tools')).toBe(
      `{"resultType":"complete","tools":[${text}],"ttlMs":60000,"cacheScope":"private",${SERVER_INFO}}`,
    );
  });

  it('log once per list that answers leave items out, and nothing of those that leave out none', () => {
    const told: unknown[] = [];
    const logger = { ...silentLogger, warn: (fields: unknown) => void told.push(fields) };
    const tools = Array.from({ length: 20 }, (_, at) => `tool-${at}`);
    const catalogue = catalogueOf({ fs: { tools, prompts: ['p'] } }, { maxAnswerBytes: 500, logger });
    viewOf(catalogue, 'fs').list('prompts');
    expect(told).toEqual([]);
    const listed = toolNames(viewOf(catalogue, 'fs')).length;
    expect(listed).toBeGreaterThan(0);
    viewOf(catalogue, 'fs', 'modern').list('tools');
    catalogue.set('fs', offer('fs', { tools: [...tools, 'more'] }));
    viewOf(catalogue, 'fs').list('tools');
    expect(told).toEqual([{ list: 'tools', scope: 'fs', leftOut: 20 - listed }]);
    viewOf(catalogue).list('tools');
    expect(told).toHaveLength(2);
  });

  it.each([
    ['resources' as const, 'resources'],
    ['templates' as const, 'resourceTemplates'],
    ['prompts' as const, 'prompts'],
  ])('lists %s as %s', (kind, member) => {
    const catalogue = catalogueOf({ fs: { resources: ['a:b'], templates: ['a:{b}'], prompts: ['p'] } });
    expect(Object.keys(JSON.parse(viewOf(catalogue, 'fs').list(kind)))).toEqual([member]);
    expect(JSON.parse(viewOf(catalogue, undefined, 'modern').list(kind))[member]).toHaveLength(1);
  });

  it('takes the smallest ttl, and none while a server is missing [PROTO-R19]', () => {
    const ttlOf = (catalogue: Catalogue): unknown =>
      JSON.parse(viewOf(catalogue, undefined, 'modern').list('tools')).ttlMs;
    const hint = (ttlMs: number): Offer => ({ more: { tools: listOf([], { ttlMs }) } });
    expect(ttlOf(catalogueOf({ a: hint(7_000), b: hint(5_000), c: {} }))).toBe(5_000);
    expect(ttlOf(catalogueOf({ a: hint(3_600_000) }))).toBe(60_000);
    expect(ttlOf(catalogueOf({ a: {} }, { upstreams: upstreamsOf(['a', 'late']) }))).toBe(0);
    expect(ttlOf(catalogueOf({ a: {} }, { upstreams: upstreamsOf(['a', 'off'], ['off']) }))).toBe(60_000);
  });

  it('has the order of the configuration, whoever comes first', () => {
    const first = catalogueOf(
      { b: { tools: ['x'] }, a: { tools: ['y'] } },
      { upstreams: upstreamsOf(['a', 'b']) },
    );
    const second = catalogueOf(
      { a: { tools: ['y'] }, b: { tools: ['x'] } },
      { upstreams: upstreamsOf(['a', 'b']) },
    );
    expect(viewOf(first, undefined, 'modern').list('tools')).toBe(
      viewOf(second, undefined, 'modern').list('tools'),
    );
    expect(toolNames(viewOf(first))).toEqual(['a__y', 'b__x']);
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
    const first = viewOf(catalogue, undefined, 'modern').list('tools');
    expect(reads).toBeGreaterThan(0);
    reads = 0;
    expect(viewOf(catalogue, undefined, 'modern').list('tools')).toBe(first);
    expect(reads).toBe(0);
  });

  it('keeps built lists when the same content comes again', () => {
    const catalogue = catalogueOf({ fs: { tools: ['a'] } });
    const view = viewOf(catalogue);
    expect(catalogue.set('fs', offer('fs', { tools: ['a'] }))).toBe(false);
    expect(viewOf(catalogue)).toBe(view);
    expect(catalogue.set('fs', offer('fs', { tools: ['b'] }))).toBe(true);
    expect(viewOf(catalogue)).not.toBe(view);
  });

  it('shows legacy clients the projected tools only, in a list that they accept', () => {
    const wrapped = '{"name":"w","inputSchema":{"type":"object"},"outputSchema":{"type":"array"}}';
    const modernOnly = '{"name":"m","inputSchema":{"type":"object","required":1}}';
    const catalogue = catalogueOf({ fs: { tools: [wrapped, modernOnly] } });
    const legacy = JSON.parse(viewOf(catalogue).list('tools'));
    expect(ListToolsResultSchema.safeParse(legacy).error).toBeUndefined();
    expect(legacy.tools).toMatchObject([{ name: 'fs__w', outputSchema: { type: 'object' } }]);
    expect(viewOf(catalogue, 'fs', 'modern').list('tools')).toContain(`[${wrapped},${modernOnly}]`);
    expect(viewOf(catalogue, 'fs').route('tool', 'w')).toMatchObject({ wrapsOutput: true });
  });

  it.each(['late', 'nobody'])('is empty for "%s", which has not been read or is not configured', (server) => {
    const view = viewOf(catalogueOf({}, { upstreams: upstreamsOf(['late']) }), server);
    expect(view.list('tools')).toBe('{"tools":[]}');
    expect(view.instructions).toBeUndefined();
  });

  it('takes nothing from a server that is not configured', () => {
    const catalogue = catalogueOf({}, { upstreams: upstreamsOf(['late']) });
    expect(catalogue.serves(endpointOf('nobody'))).toBe(false);
    expect(catalogue.set('nobody', offer('nobody', { tools: ['x'] }))).toBe(false);
    expect(toolNames(viewOf(catalogue, 'nobody'))).toEqual([]);
    expect(toolNames(viewOf(catalogue))).toEqual([]);
  });

  it('loses what a server offered when it is gone', () => {
    const catalogue = catalogueOf({ a: { tools: ['x'] }, b: { tools: ['y'] } });
    catalogue.set('a', undefined);
    expect(toolNames(viewOf(catalogue))).toEqual(['b__y']);
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
    expect(toolNames(viewOf(catalogue, 'a'))).toHaveLength(2);
    expect(viewOf(catalogue, 'a').list('prompts')).toContain('"p"');
    expect(catalogue.describe('a').problems).toEqual([
      { list: 'tools', isPartial: false, reason: 'too slow' },
      { list: 'prompts', isPartial: true, reason: 'the same cursor came twice' },
    ]);
    catalogue.set('a', offer('a', { tools: ['z'] }));
    expect(toolNames(viewOf(catalogue, 'a'))).toEqual(['z']);
  });

  it('lists a URI once', () => {
    const catalogue = catalogueOf({ a: { resources: ['x:1'] }, b: { resources: ['x:1', 'x:2'] } });
    expect(JSON.parse(viewOf(catalogue).list('resources')).resources).toMatchObject([
      { uri: 'x:1' },
      { uri: 'x:2' },
    ]);
    expect(catalogue.describe('b').withheld).toMatchObject([{ list: 'resources', key: 'x:1' }]);
  });
});

describe('Catalogue changes', () => {
  function recorded(catalogue: Catalogue): string[] {
    const heard: string[] = [];
    catalogue.onChange(({ endpoint, kinds }: CatalogueChange) =>
      heard.push(`${endpointKey(endpoint)}: ${[...kinds].join(' ')}`),
    );
    return heard;
  }

  it('tells the endpoint of the server and that of all, at once', () => {
    const catalogue = catalogueOf({}, { upstreams: upstreamsOf(['a', 'b']) });
    const heard = recorded(catalogue);
    catalogue.set('a', offer('a', { tools: ['x'], templates: ['x:{y}'] }));
    expect(heard).toEqual(['a: tools resources', '*: tools resources']);
  });

  // guard: view/withdrawn
  it('tells what is withdrawn for a while, and what is there again; both are nowhere meanwhile [S003-RT-12]', () => {
    const clock = new VirtualClock();
    const catalogue = catalogueOf({ a: { tools: ['x', 'y'] }, b: { tools: ['x'] } }, { clock });
    clock.advance(1_000);
    const heard = recorded(catalogue);
    catalogue.withdraw('a', [{ kind: 'tools', key: 'x' }]);
    expect(toolNames(viewOf(catalogue))).toEqual(['a__y', 'b__x']);
    expect(viewOf(catalogue).route('tool', 'a__x')).toMatchObject({ code: 'OMNI_NAME_UNKNOWN' });
    expect(heard).toEqual(['a: tools', '*: tools']);
    clock.advance(1_000);
    catalogue.withdraw('a', []);
    expect(toolNames(viewOf(catalogue))).toEqual(['a__x', 'a__y', 'b__x']);
    expect(heard.slice(2)).toEqual(['a: tools', '*: tools']);
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
    const catalogue = catalogueOf({}, { upstreams: upstreamsOf(['a']), clock });
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
    const catalogue = catalogueOf({}, { upstreams: upstreamsOf(['a']), clock });
    const heard = recorded(catalogue);
    for (const tool of ['x', 'y', 'x']) catalogue.set('a', offer('a', { tools: [tool] }));
    clock.advance(1_000);
    expect(heard).toEqual(['a: tools', '*: tools']);
  });

  it('does not let one server delay the announcements of another', () => {
    const catalogue = catalogueOf({}, { upstreams: upstreamsOf(['a', 'b']) });
    const heard = recorded(catalogue);
    catalogue.set('a', offer('a', { tools: ['x'] }));
    catalogue.set('b', offer('b', { tools: ['x'] }));
    expect(heard).toEqual(['a: tools', '*: tools', 'b: tools']);
  });

  it('waits as long as it was told', () => {
    const clock = new VirtualClock();
    const catalogue = catalogueOf({}, { upstreams: upstreamsOf(['a']), clock, debounceMs: 50 });
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
    const catalogue = catalogueOf({}, { upstreams: upstreamsOf(['a']), clock });
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
      { prefix: 'none', upstreams: upstreamsOf(['fs', 'db', 'late']) },
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
    expect(viewOf(catalogue, 'a', 'modern').capabilities).toBe('{"vendor":1.0}');
    expect(viewOf(catalogue, undefined, 'modern').capabilities).toContain('"logging":{}');
    expect(viewOf(catalogue, 'a').instructions).toBe('One.');
    expect(viewOf(catalogue).instructions).toBe('# a\n\nOne.\n\n# b\n\nTwo.');
  });

  it('begin with those of the gateway for clients of all servers', () => {
    const offers = { a: { more: { instructions: 'One.' } }, b: {} };
    const catalogue = catalogueOf(offers, { instructions: 'Zero.' });
    expect(viewOf(catalogue).instructions).toBe('Zero.\n\n# a\n\nOne.');
    expect(viewOf(catalogue, 'a').instructions).toBe('One.');
    expect(viewOf(catalogue, 'b').instructions).toBeUndefined();
    expect(viewOf(catalogueOf({}, { instructions: 'Zero.' })).instructions).toBe('Zero.');
  });
});
