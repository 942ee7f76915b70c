import { describe, expect, it } from '@jest/globals';
import { headerParamsOf } from './header-params.ts';

function schemaOf(properties: unknown, more: object = {}): string {
  return JSON.stringify({ type: 'object', properties, ...more });
}

describe('headerParamsOf', () => {
  it('finds annotations at any depth of properties', () => {
    const schema = schemaOf({
      region: { type: 'string', 'x-mcp-header': 'Region' },
      page: { type: 'object', properties: { size: { type: 'integer', 'x-mcp-header': 'Size' } } },
    });
    expect(headerParamsOf(schema)).toEqual({
      params: [
        { header: 'Mcp-Param-Region', path: ['region'], type: 'string' },
        { header: 'Mcp-Param-Size', path: ['page', 'size'], type: 'integer' },
      ],
    });
  });

  it('takes a property of that name, and data, for no annotation', () => {
    expect(
      headerParamsOf(schemaOf({ 'x-mcp-header': { type: 'string' }, a: { const: { 'x-mcp-header': 'A' } } })),
    ).toEqual({ params: [] });
  });

  // guard: mirrored/token, mirrored/twin
  it.each([
    ['a number', schemaOf({ a: { type: 'number', 'x-mcp-header': 'A' } })],
    ['no type', schemaOf({ a: { 'x-mcp-header': 'A' } })],
    ['several types', schemaOf({ a: { type: ['string', 'null'], 'x-mcp-header': 'A' } })],
    ['an empty token', schemaOf({ a: { type: 'string', 'x-mcp-header': '' } })],
    ['a token with a space', schemaOf({ a: { type: 'string', 'x-mcp-header': 'A B' } })],
    ['a token with a line break', schemaOf({ a: { type: 'string', 'x-mcp-header': 'A\r\nB' } })],
    ['a token that is no string', schemaOf({ a: { type: 'string', 'x-mcp-header': 1 } })],
    ['the root', schemaOf({}, { 'x-mcp-header': 'A' })],
    ['items', schemaOf({ a: { type: 'array', items: { type: 'string', 'x-mcp-header': 'A' } } })],
    ['a branch', schemaOf({}, { oneOf: [{ properties: { a: { type: 'string', 'x-mcp-header': 'A' } } }] })],
    ['definitions', schemaOf({}, { $defs: { a: { type: 'string', 'x-mcp-header': 'A' } } })],
    ['an escaped keyword', '{"type":"object","\\u0078-mcp-header":"A"}'],
    [
      'one header twice',
      schemaOf({ a: { type: 'string', 'x-mcp-header': 'A' }, b: { type: 'string', 'x-mcp-header': 'a' } }),
    ],
  ])('refuses %s', (_, schema) => {
    expect(headerParamsOf(schema)).toEqual({ reason: expect.stringMatching(/^x-mcp-header: /) });
  });
});
