import { describe, expect, it } from '@jest/globals';
import { MirroredArguments } from './mirrored-arguments.ts';

describe('MirroredArguments', () => {
  const mirrored = new MirroredArguments([
    { header: 'Mcp-Param-Region', path: ['region'], type: 'string' },
    { header: 'Mcp-Param-Size', path: ['page', 'size'], type: 'integer' },
    { header: 'Mcp-Param-Dry', path: ['dry'], type: 'boolean' },
  ]);
  const check = (args: string | undefined, headers: string[]): string | undefined =>
    mirrored.check(args, headers)?.code;

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
      const own = new MirroredArguments([{ header: 'Mcp-Param-A', path: [name, 'a', 'b'], type: 'string' }]);
      const args = `{"${name}":{"a":{"b":"x"}}}`;
      const checked = (value: string): string | undefined => own.check(args, ['Mcp-Param-A', value])?.code;
      expect(checked('x')).toBeUndefined();
      expect(checked('y')).toBe('OMNI_HEADER_MISMATCH');
    }
    expect(Object.hasOwn(Object, 'a')).toBe(false);
    expect(Object.hasOwn(Object.prototype, 'a')).toBe(false);
  });

  it('never says a value of the arguments', () => {
    const error = mirrored.check('{"region":"s3cret"}', ['Mcp-Param-Region', 'other']);
    expect(`${error?.message}${error?.hint}`).not.toContain('s3cret');
  });

  it('says the values as headers, and none for what a header cannot say', () => {
    expect(mirrored.headersFor('{"region":"Größe","page":{"size":7},"dry":null}')).toEqual([
      'Mcp-Param-Region',
      '=?base64?R3LDtsOfZQ==?=',
      'Mcp-Param-Size',
      '7',
    ]);
    expect(mirrored.headersFor(undefined)).toEqual([]);
  });
});
