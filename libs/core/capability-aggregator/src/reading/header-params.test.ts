import { describe, expect, it } from '@jest/globals';
import { checkHeaderParams, headerParamsOf } from './header-params.ts';
import type { ToolFacts } from './upstream-catalogue.ts';

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

describe('checkHeaderParams', () => {
  const facts: ToolFacts = {
    wrapsOutput: false,
    headerParams: [
      { header: 'Mcp-Param-Region', path: ['region'], type: 'string' },
      { header: 'Mcp-Param-Size', path: ['page', 'size'], type: 'integer' },
      { header: 'Mcp-Param-Dry', path: ['dry'], type: 'boolean' },
    ],
  };
  const check = (args: string | undefined, headers: string[]): string | undefined => {
    const text = `{"arguments":${args ?? ''}}`;
    const span = args === undefined ? undefined : { start: 13, end: 13 + args.length };
    return checkHeaderParams(facts, text, span, headers)?.code;
  };

  it.each([
    [
      '{"region":"eu","page":{"size":7},"dry":true}',
      ['Mcp-Param-Region', 'eu', 'mcp-param-size', '7', 'MCP-PARAM-DRY', 'true'],
    ],
    ['{"region":"Größe"}', ['Mcp-Param-Region', '=?base64?R3LDtsOfZQ==?=']],
    ['{"region":"\\u0065u"}', ['Mcp-Param-Region', 'eu']],
    ['{"page":{"size":42}}', ['Mcp-Param-Size', '42.0']],
    ['{"page":{"size":4.2e1}}', ['Mcp-Param-Size', '42']],
    ['{"page":{"size":9007199254740993}}', []],
    ['{"region":null}', []],
    ['{"page":7}', []],
    ['{}', ['Mcp-Param-Other', 'x']],
    [undefined, []],
  ])('agrees: %s with %j', (args, headers) => {
    expect(check(args, headers)).toBeUndefined();
  });

  // guard: mirrored/twice, mirrored/undeclared, mirrored/differs
  it.each([
    ['missing', '{"region":"eu"}', []],
    ['different', '{"region":"eu"}', ['Mcp-Param-Region', 'us']],
    ['different case', '{"region":"eu"}', ['Mcp-Param-Region', 'EU']],
    ['malformed', '{"region":"eu"}', ['Mcp-Param-Region', '=?base64?*?=']],
    ['twice', '{"region":"eu"}', ['Mcp-Param-Region', 'eu', 'Mcp-Param-Region', 'eu']],
    ['sent for null', '{"region":null}', ['Mcp-Param-Region', 'eu']],
    ['sent for nothing', undefined, ['Mcp-Param-Region', 'eu']],
    ['another number', '{"page":{"size":7}}', ['Mcp-Param-Size', '8']],
    ['hexadecimal', '{"page":{"size":7}}', ['Mcp-Param-Size', '0x7']],
    ['beyond the safe range', '{"page":{"size":9007199254740993}}', ['Mcp-Param-Size', '9007199254740992']],
    ['another spelling of true', '{"dry":true}', ['Mcp-Param-Dry', 'True']],
    ['a key twice', '{"region":"eu","region":"us"}', ['Mcp-Param-Region', 'eu']],
  ])('disagrees: %s', (_, args, headers) => {
    expect(check(args, headers)).toBe('OMNI_HEADER_MISMATCH');
  });

  // guard: mirrored/prototype
  it('compares properties with names of the prototype like any other, and leaves the prototype alone', () => {
    const types = ['__proto__', 'constructor'] as const;
    for (const name of types) {
      const own: ToolFacts = {
        wrapsOutput: false,
        headerParams: [{ header: 'Mcp-Param-A', path: [name, 'a', 'b'], type: 'string' }],
      };
      const args = `{"${name}":{"a":{"b":"x"}}}`;
      const checked = (value: string): string | undefined =>
        checkHeaderParams(own, args, { start: 0, end: args.length }, ['Mcp-Param-A', value])?.code;
      expect(checked('x')).toBeUndefined();
      expect(checked('y')).toBe('OMNI_HEADER_MISMATCH');
    }
    expect(Object.hasOwn(Object, 'a')).toBe(false);
    expect(Object.hasOwn(Object.prototype, 'a')).toBe(false);
  });

  it('never says a value of the arguments', () => {
    const error = checkHeaderParams(facts, '{"region":"s3cret"}', { start: 0, end: 19 }, [
      'Mcp-Param-Region',
      'other',
    ]);
    expect(`${error?.message}${error?.hint}`).not.toContain('s3cret');
  });
});
