import { ListToolsResultSchema } from '@modelcontextprotocol/sdk/types.js';
import { describe, expect, it } from '@jest/globals';
import { projectToolForLegacy } from './schema-projection.ts';

function toolWith(members: object): string {
  return JSON.stringify({ name: 't', inputSchema: { type: 'object' }, ...members });
}

/** The projected tool, which the official legacy client must accept. */
function projected(text: string): { tool: { [key: string]: unknown }; wrapsOutput: boolean } {
  const projection = projectToolForLegacy(text);
  if ('withheld' in projection) throw new TypeError(projection.withheld);
  const tool = JSON.parse(projection.text);
  expect(ListToolsResultSchema.safeParse({ tools: [tool] }).error).toBeUndefined();
  return { tool, wrapsOutput: projection.wrapsOutput };
}

describe('projectToolForLegacy', () => {
  it('returns a tool that fits as the same string', () => {
    const text =
      ' {"name":"t" , "x":1.0, "inputSchema":{"type":"object","properties":{"a":{"const":1e2}}},"outputSchema":{"type":"object"}}';
    expect(projectToolForLegacy(text)).toEqual({ text, wrapsOutput: false });
  });

  it('wraps an output schema whose root is no object, byte for byte within', () => {
    const text =
      '{"name":"t","inputSchema":{"type":"object"},"outputSchema":{"type":"array", "maxItems":1.0},"z":1.0}';
    expect(projectToolForLegacy(text)).toEqual({
      text: '{"name":"t","inputSchema":{"type":"object"},"outputSchema":{"type":"object","properties":{"result":{"type":"array", "maxItems":1.0}},"required":["result"]},"z":1.0}',
      wrapsOutput: true,
    });
    expect(projected(text).wrapsOutput).toBe(true);
  });

  it('wraps a root without a type, and keeps the dialect at the root', () => {
    const { tool, wrapsOutput } = projected(
      toolWith({ outputSchema: { $schema: 'https://json-schema.org/draft/2020-12/schema', anyOf: [] } }),
    );
    expect(wrapsOutput).toBe(true);
    expect(tool['outputSchema']).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
    });
  });

  it('lets pointers into the same document follow', () => {
    const outputSchema = {
      anyOf: [
        { $ref: '#' },
        { $ref: '#/$defs/a' },
        { $dynamicRef: '#/$defs/a' },
        { $ref: '#anchor' },
        { $ref: 'other.json#/a' },
      ],
      properties: { $ref: { $ref: '#/x' }, default: { $ref: '#/x' } },
      const: { $ref: '#/data' },
      enum: [{ $ref: '#/data' }],
      default: { $ref: '#/data' },
      examples: [{ $ref: '#/data' }],
      $defs: { a: { $id: 'https://a', $ref: '#/own' }, b: { $id: '#b', $ref: '#/x' } },
    };
    const { tool } = projected(toolWith({ outputSchema }));
    expect(tool['outputSchema']).toEqual({
      type: 'object',
      properties: {
        result: {
          ...outputSchema,
          anyOf: [
            { $ref: '#/properties/result' },
            { $ref: '#/properties/result/$defs/a' },
            { $dynamicRef: '#/properties/result/$defs/a' },
            { $ref: '#anchor' },
            { $ref: 'other.json#/a' },
          ],
          properties: { $ref: { $ref: '#/properties/result/x' }, default: { $ref: '#/properties/result/x' } },
          $defs: { a: { $id: 'https://a', $ref: '#/own' }, b: { $id: '#b', $ref: '#/properties/result/x' } },
        },
      },
      required: ['result'],
    });
  });

  it('rewrites nothing below a root with its own base', () => {
    const outputSchema = { $id: 'https://a', type: 'array', items: { $ref: '#/$defs/a' } };
    expect(projected(toolWith({ outputSchema })).tool['outputSchema']).toMatchObject({
      properties: { result: outputSchema },
    });
  });

  it('keeps a property called __proto__', () => {
    const projection = projectToolForLegacy(
      '{"name":"t","inputSchema":{"type":"object"},"outputSchema":{"properties":{"__proto__":{"$ref":"#"}}}}',
    );
    expect(projection).toMatchObject({
      text: expect.stringContaining('{"__proto__":{"$ref":"#/properties/result"}}'),
    });
  });

  it('writes boolean schemas of properties as objects', () => {
    const schema = { type: 'object', properties: { a: true, b: false, c: { not: true } } };
    const { tool } = projected(toolWith({ inputSchema: schema, outputSchema: schema }));
    const expected = { type: 'object', properties: { a: {}, b: { not: {} }, c: { not: true } } };
    expect(tool).toMatchObject({ inputSchema: expected, outputSchema: expected });
  });

  it.each([
    [{ taskSupport: 'sometimes', x: 1 }, { x: 1 }],
    [{ taskSupport: 1 }, {}],
    ['always', undefined],
    [{ taskSupport: 'optional' }, { taskSupport: 'optional' }],
  ])('makes execution %j into %j', (execution, expected) => {
    expect(projected(toolWith({ execution })).tool['execution']).toEqual(expected);
  });

  it('changes everything that needs it at once', () => {
    const { tool } = projected(
      toolWith({
        execution: 1,
        inputSchema: { type: 'object', properties: { a: true } },
        outputSchema: { type: 'null' },
      }),
    );
    expect(tool).toEqual({
      name: 't',
      inputSchema: { type: 'object', properties: { a: {} } },
      outputSchema: { type: 'object', properties: { result: { type: 'null' } }, required: ['result'] },
    });
  });

  it.each([
    ['required', { inputSchema: { type: 'object', required: 'a' } }],
    ['properties', { inputSchema: { type: 'object', properties: [] } }],
    ['a property', { inputSchema: { type: 'object', properties: { a: 1 } } }],
    ['an output property', { outputSchema: { type: 'object', properties: { a: null } } }],
    ['an output schema', { outputSchema: true }],
  ])('withholds a tool with a malformed %s', (_, members) => {
    expect(ListToolsResultSchema.safeParse({ tools: [JSON.parse(toolWith(members))] }).success).toBe(false);
    expect(projectToolForLegacy(toolWith(members))).toEqual({ withheld: expect.any(String) });
  });
});
