import { describe, expect, it } from '@jest/globals';
import { headerValue, mirroredHeaders } from './mirrored-headers.ts';

const SCHEMA = {
  properties: {
    region: { type: 'string', 'x-mcp-header': 'Region' },
    count: { type: 'integer', 'x-mcp-header': 'Count' },
    dry: { type: 'boolean', 'x-mcp-header': 'Dry' },
    nested: { type: 'object', properties: { zone: { type: 'string', 'x-mcp-header': 'Zone' } } },
    bad: { type: 'string', 'x-mcp-header': 'no token: \r\n' },
    plain: { type: 'string' },
  },
};

describe('mirroredHeaders', () => {
  it('repeats the arguments that the schema names', () => {
    const args = { region: 'eu', count: 3, dry: false, nested: { zone: 'a' }, bad: 'x', plain: 'y' };

    expect(mirroredHeaders(SCHEMA, args)).toEqual({
      'Mcp-Param-Region': 'eu',
      'Mcp-Param-Count': '3',
      'Mcp-Param-Dry': 'false',
      'Mcp-Param-Zone': 'a',
    });
  });

  it('repeats neither what is absent nor what no header can say', () => {
    expect(mirroredHeaders(SCHEMA, { region: null, count: 2 ** 60, nested: [] })).toEqual({});
    expect(mirroredHeaders(undefined, { region: 'eu' })).toEqual({});
  });
});

describe('headerValue', () => {
  it.each([
    ['eu-west 1', 'eu-west 1'],
    ['Zürich', '=?base64?WsO8cmljaA==?='],
    ['a\r\nb', '=?base64?YQ0KYg==?='],
    ['', '=?base64??='],
    [' x', '=?base64?IHg=?='],
    ['=?base64?eA==?=', '=?base64?PT9iYXNlNjQ/ZUE9PT89?='],
  ])('writes %j as %s', (text, value) => {
    expect(headerValue(text)).toBe(value);
  });
});
