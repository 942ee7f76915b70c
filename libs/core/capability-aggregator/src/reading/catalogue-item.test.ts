import {
  ListPromptsResultSchema,
  ListResourcesResultSchema,
  ListResourceTemplatesResultSchema,
  ListToolsResultSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readItem, readTool } from './catalogue-item.ts';

const INPUT = { type: 'object' };
const tool = (members: object): string => JSON.stringify({ name: 't', inputSchema: INPUT, ...members });

function reasonOf(text: string): string | undefined {
  const reading = readTool(text);
  return 'reason' in reading ? reading.reason : undefined;
}

describe('readTool', () => {
  it('keeps a good tool byte for byte and knows where its name stands', () => {
    const text =
      '{ "inputSchema":{"type":"object","x":1.0}, "name" : "a\\u0062", "vendor":[1e2], "annotations":{"y":1} }';
    const reading = readTool(text);
    if (!('item' in reading)) throw new TypeError(reading.reason);
    const { key, keySpan } = reading.item;
    expect(reading.item.text).toBe(text);
    expect(key).toBe('ab');
    expect(text.slice(keySpan.start, keySpan.end)).toBe('"a\\u0062"');
    expect(reading.item.legacy).toEqual({ kind: 'listed', text, keySpan });
  });

  it('leaves out what the server says it does not have, and nothing else [PROTO-R20]', () => {
    const reading = readTool(
      '{ "title":null, "name" : "t","description": null ,"annotations":{ "title":null,"readOnlyHint":true, "openWorldHint":null,"vendor":null},"icons":[{"src":"a", "sizes":null},{ "theme":null ,"src":"b"}],"outputSchema":null,"_meta":{"k":null},"vendor":null,"inputSchema":{"type":"object","default":null,"properties":{"title":{"default":null}}},"execution":{"taskSupport":null}}',
    );
    expect(reading).toMatchObject({
      item: {
        text: '{ "name" : "t" ,"annotations":{"readOnlyHint":true,"vendor":null},"icons":[{"src":"a"},{"src":"b"}],"_meta":{"k":null},"vendor":null,"inputSchema":{"type":"object","default":null,"properties":{"title":{"default":null}}},"execution":{}}',
      },
    });
    if (!('item' in reading)) throw new TypeError(reading.reason);
    const { text, keySpan } = reading.item;
    expect(text.slice(keySpan.start, keySpan.end)).toBe('"t"');
    expect(() => ListToolsResultSchema.parse({ tools: [JSON.parse(text)] })).not.toThrow();
  });

  it.each(['annotations', 'icons', 'title', 'outputSchema', 'execution', '_meta'])(
    'offers a tool whose %s is null as one without it [PROTO-R20]',
    (member) => {
      expect(readTool(`{"name":"t","inputSchema":{"type":"object"},"${member}":null}`)).toMatchObject({
        item: { text: '{"name":"t","inputSchema":{"type":"object"}}' },
      });
    },
  );

  it('adds a missing root type, without which all clients refuse the list', () => {
    const reading = readTool('{"inputSchema":{"properties":{}},"name":"t"}');
    expect(reading).toMatchObject({
      item: { text: '{"inputSchema":{"type":"object","properties":{}},"name":"t"}' },
    });
    if ('item' in reading)
      expect(reading.item.text.slice(reading.item.keySpan.start, reading.item.keySpan.end)).toBe('"t"');
  });

  // guard: item/prototype
  it('takes members with names of the prototype for members like any other', () => {
    const text = '{"name":"t","inputSchema":{"type":"object"},"valueOf":1,"hasOwnProperty":2,"__proto__":3}';
    expect(readTool(text)).toMatchObject({ item: { text } });
  });

  it('is offered to modern clients alone when legacy clients would refuse it', () => {
    const reading = readTool(tool({ inputSchema: { type: 'object', required: 1 } }));
    expect(reading).toMatchObject({
      item: { legacy: { kind: 'withheld', reason: expect.stringContaining('required') } },
    });
  });

  // guard: item/malformed, item/size, item/name-length, item/control-characters, item/depth, item/subschemas
  it.each([
    ['an array', '[]'],
    ['no name', '{"inputSchema":{"type":"object"}}'],
    ['an empty name', tool({ name: '' })],
    ['a name with a line break', tool({ name: 'a\nb' })],
    ['a name of 257 characters', tool({ name: 'a'.repeat(257) })],
    ['no input schema', '{"name":"t"}'],
    ['null for an input schema', tool({ inputSchema: null })],
    ['an array for an input schema', tool({ inputSchema: [] })],
    ['a string schema', tool({ inputSchema: { type: 'string' } })],
    ['several root types', tool({ inputSchema: { type: ['object'] } })],
    ['a dialect that is no string', tool({ inputSchema: { type: 'object', $schema: 1 } })],
    ['a boolean output schema', tool({ outputSchema: true })],
    ['a key twice', '{"name":"t","name":"u","inputSchema":{"type":"object"}}'],
    ['100 levels', `{"name":"t","inputSchema":{"type":"object","a":${'['.repeat(100)}${']'.repeat(100)}}}`],
    ['10 MB', tool({ inputSchema: { type: 'object', enum: ['x'.repeat(10_000_000)] } })],
    [
      '6,000 sub-schemas',
      tool({ inputSchema: { type: 'object', oneOf: Array.from({ length: 6_000 }, () => ({})) } }),
    ],
    [
      '6,000 boolean sub-schemas',
      tool({ outputSchema: { anyOf: Array.from({ length: 6_000 }, () => true) } }),
    ],
    [
      '200,000 values',
      tool({ inputSchema: { type: 'object', enum: Array.from({ length: 200_000 }, () => 1) } }),
    ],
    ['an invalid x-mcp-header', tool({ inputSchema: { type: 'object', 'x-mcp-header': 'A' } })],
    ['null for a name', tool({ name: null })],
    ['null inside an annotation list', tool({ icons: [null] })],
    ['a number for a title', tool({ title: 1 })],
    ['icons without a source', tool({ icons: [{}] })],
    ['an unknown icon theme', tool({ icons: [{ src: 'a', theme: 'blue' }] })],
    ['a string for a hint', tool({ annotations: { readOnlyHint: 'yes' } })],
    ['an array for _meta', tool({ _meta: [] })],
  ])('withholds a tool with %s', (_, text) => {
    expect(reasonOf(text)).toEqual(expect.any(String));
  });

  it('names the tool that is nested too deeply', () => {
    expect(readTool(`{"name":"deep","a":${'['.repeat(100)}${']'.repeat(100)},"inputSchema":{}}`)).toEqual({
      key: 'deep',
      reason: 'it is nested deeper than 64 levels',
    });
  });

  it('lets references, cycles and slow patterns be: it follows and runs nothing', () => {
    const schema = {
      type: 'object',
      properties: { a: { $ref: '#' }, b: { $ref: 'http://127.0.0.1:9/x' }, c: { pattern: '(a+)+$' } },
    };
    expect(reasonOf(tool({ inputSchema: schema }))).toBeUndefined();
  });

  it('lets nothing pass on whose account the official legacy client refuses a list', () => {
    const json = fc.jsonValue({ maxDepth: 2 });
    const mostly = <T>(good: fc.Arbitrary<T>): fc.Arbitrary<unknown> =>
      fc.oneof({ weight: 5, arbitrary: good }, { weight: 1, arbitrary: json });
    const members = (shape: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<unknown> =>
      fc.record(shape, { requiredKeys: [] });
    const schema = (type: fc.Arbitrary<string>): fc.Arbitrary<unknown> =>
      mostly(
        members({
          type: mostly(type),
          properties: mostly(
            fc.dictionary(fc.string(), mostly(fc.oneof(fc.boolean(), fc.constant({ type: 'string' })))),
          ),
          required: mostly(fc.array(fc.string())),
        }),
      );
    const tools = fc.record(
      {
        name: mostly(fc.string()),
        title: mostly(fc.string()),
        description: mostly(fc.string()),
        icons: mostly(
          fc.array(
            members({
              src: mostly(fc.string()),
              sizes: mostly(fc.array(fc.string())),
              theme: mostly(fc.constant('dark')),
            }),
          ),
        ),
        annotations: mostly(
          members({
            title: mostly(fc.string()),
            readOnlyHint: mostly(fc.boolean()),
            openWorldHint: mostly(fc.boolean()),
          }),
        ),
        execution: mostly(members({ taskSupport: mostly(fc.constantFrom('optional', 'sometimes')) })),
        inputSchema: schema(fc.constant('object')),
        outputSchema: schema(fc.constantFrom('object', 'array')),
        _meta: mostly(fc.dictionary(fc.string(), json)),
      },
      { requiredKeys: ['name', 'inputSchema'] },
    );
    let passed = 0;
    fc.assert(
      fc.property(tools, (value) => {
        const reading = readTool(JSON.stringify(value));
        if (!('item' in reading) || reading.item.legacy.kind !== 'listed') return;
        passed += 1;
        expect(
          ListToolsResultSchema.safeParse({ tools: [JSON.parse(reading.item.legacy.text)] }).error,
        ).toBeUndefined();
      }),
      { numRuns: 3_000 },
    );
    // Enough to prove something; how many are whole depends on the seed.
    expect(passed).toBeGreaterThan(10);
  });
});

describe('readItem', () => {
  it.each([
    [
      'resources' as const,
      {
        uri: 'a:b',
        name: 'n',
        size: 1,
        annotations: { audience: ['user'], priority: 1, lastModified: '2026-01-02T03:04:05Z' },
      },
    ],
    ['templates' as const, { uriTemplate: 'a:{b}', name: 'n', mimeType: 'text/plain' }],
    ['prompts' as const, { name: 'n', arguments: [{ name: 'a', required: true }], vendor: { x: null } }],
  ])('keeps good %s', (list, value) => {
    const text = JSON.stringify(value);
    expect(readItem(list, text)).toMatchObject({ item: { text } });
  });

  it.each([
    [
      'resources' as const,
      '{"uri":"a:b","title":null,"name":"n","mimeType":null,"size":null,"annotations":{"audience":null,"priority":1.0}}',
      '{"uri":"a:b","name":"n","annotations":{"priority":1.0}}',
    ],
    [
      'templates' as const,
      '{"description":null,"uriTemplate":"a:{b}","name":"n","annotations":null}',
      '{"uriTemplate":"a:{b}","name":"n"}',
    ],
    ['prompts' as const, '{"name":"n","arguments":null}', '{"name":"n"}'],
    [
      'prompts' as const,
      '{"name":"n","arguments":[{"name":"a","description":null,"required":null}]}',
      '{"name":"n","arguments":[{"name":"a"}]}',
    ],
  ])('leaves out of %s what is null: %s [PROTO-R20]', (list, listed, text) => {
    expect(readItem(list, listed)).toMatchObject({ item: { text } });
  });

  it.each([
    ['resources' as const, { uri: 'a:b' }],
    ['resources' as const, { uri: 1, name: 'n' }],
    ['resources' as const, { uri: `a:${'b'.repeat(8_200)}`, name: 'n' }],
    ['resources' as const, { uri: 'a:b', name: 'n', annotations: { lastModified: '2026-01-02' } }],
    ['resources' as const, { uri: 'a:b', name: 'n', annotations: { priority: 2 } }],
    ['resources' as const, { uri: 'a:b', name: 'n', annotations: { audience: ['nobody'] } }],
    ['resources' as const, { uri: 'a:b', name: 'n', annotations: { audience: 'user' } }],
    ['resources' as const, { uri: 'a:b', name: 'n', annotations: { lastModified: '2000-06-09T00:00Z' } }],
    ['resources' as const, { uri: 'a:b', name: 'n', annotations: { lastModified: '2000-02-30T00:00:00Z' } }],
    ['resources' as const, { uri: 'a:b', name: 'n', annotations: { lastModified: '2000-06-09T24:00:00Z' } }],
    ['templates' as const, { uri: 'a:b', name: 'n' }],
    ['prompts' as const, { name: 'n', arguments: [{}] }],
    ['prompts' as const, { name: 'n', arguments: [{ name: null }] }],
    ['prompts' as const, { name: null }],
  ])('withholds from %s: %j', (list, value) => {
    expect(readItem(list, JSON.stringify(value))).toMatchObject({ reason: expect.any(String) });
  });

  it.each([
    ['resources' as const, ListResourcesResultSchema, 'resources'],
    ['templates' as const, ListResourceTemplatesResultSchema, 'resourceTemplates'],
    ['prompts' as const, ListPromptsResultSchema, 'prompts'],
  ])('lets nothing pass on whose account the official legacy client refuses %s', (list, schema, member) => {
    const json = fc.jsonValue({ maxDepth: 2 });
    const annotations = fc.record(
      {
        audience: json,
        priority: fc.oneof(json, fc.double()),
        lastModified: fc.oneof(
          json,
          fc.date().map((date) => date.toJSON()),
          fc.stringMatching(/^20\d\d-\d\d-\d\dT\d\d:\d\d(:\d\d)?Z$/),
        ),
      },
      { requiredKeys: [] },
    );
    const members = fc.record(
      {
        name: fc.string(),
        uri: fc.string({ minLength: 1 }),
        uriTemplate: fc.string({ minLength: 1 }),
        title: fc.option(fc.string(), { freq: 9 }),
        mimeType: fc.oneof(fc.string(), json),
        size: fc.oneof(fc.integer(), json),
        annotations: fc.oneof(annotations, json),
        arguments: fc.oneof(json, fc.array(fc.record({ name: json, required: json }, { requiredKeys: [] }))),
      },
      { requiredKeys: ['name', 'uri', 'uriTemplate'] },
    );
    let passed = 0;
    fc.assert(
      fc.property(members, (value) => {
        const reading = readItem(list, JSON.stringify(value));
        if (!('item' in reading)) return;
        passed += 1;
        expect(schema.safeParse({ [member]: [JSON.parse(reading.item.text)] }).error).toBeUndefined();
      }),
      { numRuns: 3_000 },
    );
    expect(passed).toBeGreaterThan(10);
  });
});
