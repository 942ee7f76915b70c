import { describe, expect, it } from '@jest/globals';
import { ownCapabilities, unitedCapabilities } from './capability-union.ts';
import { emptyList, type UpstreamCatalogue } from '../reading/upstream-catalogue.ts';

function catalogueWith(capabilities: string): UpstreamCatalogue {
  const list = emptyList();
  return {
    upstream: 's',
    era: 'legacy',
    capabilities,
    instructions: undefined,
    serverInfo: undefined,
    tools: list,
    resources: list,
    templates: list,
    prompts: list,
    withheld: [],
  };
}

const united = (...capabilities: string[]): string =>
  unitedCapabilities(capabilities.map(catalogueWith), 'legacy');

describe('ownCapabilities', () => {
  it('passes on what the server said, unknown parts byte for byte, and always offers listChanged', () => {
    const said =
      '{"vendor":{"x":1.0},"tools":{"listChanged":false,"y":1e2},"resources":{"subscribe":true},"logging":{},"experimental":{"e": 1}}';
    expect(ownCapabilities(catalogueWith(said), 'legacy')).toBe(
      '{"vendor":{"x":1.0},"tools":{"listChanged":true,"y":1e2},"resources":{"listChanged":true,"subscribe":true},"logging":{},"experimental":{"e": 1}}',
    );
  });

  it('shows each era its own kind of tasks only', () => {
    const catalogue = catalogueWith(
      '{"tasks":{"list":{}},"extensions":{"io.modelcontextprotocol/tasks":{},"a/b":{"c":1.0}}}',
    );
    expect(ownCapabilities(catalogue, 'legacy')).toBe('{"tasks":{"list":{}},"extensions":{"a/b":{"c":1.0}}}');
    expect(ownCapabilities(catalogue, 'modern')).toBe(
      '{"extensions":{"io.modelcontextprotocol/tasks":{},"a/b":{"c":1.0}}}',
    );
  });

  it('does not offer a list that was declared with something else than an object', () => {
    expect(ownCapabilities(catalogueWith('{"tools":null,"prompts":true}'), 'modern')).toBe('{}');
  });

  it('offers lists that can change while nothing is known', () => {
    expect(JSON.parse(ownCapabilities(undefined, 'legacy'))).toEqual({
      tools: { listChanged: true },
      prompts: { listChanged: true },
      resources: { listChanged: true },
    });
  });
});

describe('unitedCapabilities', () => {
  it('offers lists that can change without any server', () => {
    expect(united()).toBe(
      '{"tools":{"listChanged":true},"prompts":{"listChanged":true},"resources":{"listChanged":true}}',
    );
  });

  it('offers what at least one server does', () => {
    expect(
      JSON.parse(
        united(
          '{"resources":{"subscribe":false},"completions":{}}',
          '{"resources":{"subscribe":true}}',
          '{"logging":{}}',
        ),
      ),
    ).toEqual({
      tools: { listChanged: true },
      prompts: { listChanged: true },
      resources: { subscribe: true, listChanged: true },
      completions: {},
      logging: {},
    });
  });

  it('does not offer what no server does', () => {
    expect(JSON.parse(united('{"resources":{"subscribe":"yes"},"logging":null}'))).not.toMatchObject({
      resources: { subscribe: true },
    });
    expect(united('{"logging":null}')).not.toContain('logging');
  });

  it('merges extensions and experiments, and leaves out those that servers set differently', () => {
    const ui = (settings: string): string => `"extensions":{"io.modelcontextprotocol/ui":${settings}}`;
    const merged = united(
      `{${ui('{"x":1,"y":[1.0]}')},"experimental":{"e":{},"differs":{"x":1}}}`,
      `{${ui('{ "y":[1], "x":1 }')},"experimental":{"f":{},"differs":{"x":2}}}`,
    );
    expect(JSON.parse(merged)).toMatchObject({
      extensions: { 'io.modelcontextprotocol/ui': { x: 1, y: [1] } },
      experimental: { e: {}, f: {} },
    });
    expect(merged).not.toContain('differs');
    expect(united(`{${ui('{"x":1}')}}`, `{${ui('{}')}}`)).not.toContain('extensions');
  });

  // guard: capabilities/served
  it('offers no extension whose methods are served on the endpoint of its server alone', () => {
    const skills = '{"extensions":{"io.modelcontextprotocol/skills":{"directoryRead":true},"a/b":{}}}';
    expect(united(skills)).not.toContain('extensions');
    expect(JSON.parse(ownCapabilities(catalogueWith(skills), 'modern'))).toEqual(JSON.parse(skills));
  });

  it('shows each era its own kind of tasks only', () => {
    const catalogues = [
      '{"tasks":{"list":{},"cancel":{},"requests":{"tools":{"call":{}}}}}',
      '{"tasks":{"requests":{"tools":{"call":{}}}},"extensions":{"io.modelcontextprotocol/tasks":{},"io.modelcontextprotocol/ui":{}}}',
    ].map(catalogueWith);
    expect(JSON.parse(unitedCapabilities(catalogues, 'legacy'))).toEqual({
      tools: { listChanged: true },
      prompts: { listChanged: true },
      resources: { listChanged: true },
      tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } },
      extensions: { 'io.modelcontextprotocol/ui': {} },
    });
    const modern = unitedCapabilities(catalogues, 'modern');
    expect(JSON.parse(modern)).toMatchObject({
      extensions: { 'io.modelcontextprotocol/tasks': {}, 'io.modelcontextprotocol/ui': {} },
    });
    expect(modern).not.toContain('"tasks":');
  });

  it.each([
    '{"tasks":{}}',
    '{"tasks":{"list":{},"requests":{"tools":{}}}}',
    '{"tasks":{"requests":true}}',
    '{"tasks":null}',
  ])('offers no tasks where no call can become one: %s', (capabilities) => {
    expect(united(capabilities)).not.toContain('tasks');
  });

  it('can cancel and list no task where no server can', () => {
    expect(united('{"tasks":{"requests":{"tools":{"call":{}}}}}')).toContain(
      '"tasks":{"requests":{"tools":{"call":{}}}}',
    );
  });

  it('is not confused by keys of the prototype', () => {
    expect(united('{"experimental":{"__proto__":{"x":1}}}')).toContain(
      '"experimental":{"__proto__":{"x":1}}',
    );
  });
});
