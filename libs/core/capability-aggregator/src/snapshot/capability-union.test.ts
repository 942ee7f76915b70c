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
    const merged = JSON.parse(
      united(
        '{"extensions":{"a/same":{"x":1,"y":[1.0]},"a/differs":{"x":1}},"experimental":{"e":{}}}',
        '{"extensions":{"a/same":{ "y":[1], "x":1 },"a/differs":{"x":2},"a/one":{}},"experimental":{"f":{}}}',
      ),
    );
    expect(merged).toMatchObject({
      extensions: { 'a/same': { x: 1, y: [1] }, 'a/one': {} },
      experimental: { e: {}, f: {} },
    });
    expect(merged.extensions).not.toHaveProperty('a/differs');
  });

  it('shows each era its own kind of tasks only', () => {
    const catalogues = [
      '{"tasks":{"list":{},"cancel":{},"requests":{"tools":{"call":{}}}}}',
      '{"tasks":{"requests":{"tools":{"call":{}}}},"extensions":{"io.modelcontextprotocol/tasks":{},"a/b":{}}}',
    ].map(catalogueWith);
    expect(JSON.parse(unitedCapabilities(catalogues, 'legacy'))).toEqual({
      tools: { listChanged: true },
      prompts: { listChanged: true },
      resources: { listChanged: true },
      tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } },
      extensions: { 'a/b': {} },
    });
    const modern = unitedCapabilities(catalogues, 'modern');
    expect(JSON.parse(modern)).toMatchObject({
      extensions: { 'io.modelcontextprotocol/tasks': {}, 'a/b': {} },
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
    expect(united('{"extensions":{"__proto__":{"x":1}}}')).toContain('"extensions":{"__proto__":{"x":1}}');
  });
});
