import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeHeaderValue, encodeHeaderValue } from './header-value.ts';

describe('encodeHeaderValue', () => {
  // guard: header/looks-encoded
  it.each([
    ['get_weather', 'get_weather'],
    ['file:///a b/c', 'file:///a b/c'],
    ['a\tb', 'a\tb'],
    ['', '=?base64??='],
    [' lead', '=?base64?IGxlYWQ=?='],
    ['trail ', '=?base64?dHJhaWwg?='],
    ['Größe', '=?base64?R3LDtsOfZQ==?='],
    ['a\r\nX-Evil: 1', '=?base64?YQ0KWC1FdmlsOiAx?='],
    ['=?base64?YQ==?=', '=?base64?PT9iYXNlNjQ/WVE9PT89?='],
    ['=?BASE64?YQ==?=', '=?BASE64?YQ==?='],
  ])('writes %j as %j', (value, header) => {
    expect(encodeHeaderValue(value)).toBe(header);
    expect(decodeHeaderValue(header)).toBe(value);
  });

  // guard: header/line-break
  it('never writes a control character and always comes back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (value) => {
        const header = encodeHeaderValue(value);
        expect(header).toMatch(/^[\t\x20-\x7e]+$/);
        expect(decodeHeaderValue(header)).toBe(value);
      }),
    );
  });
});

describe('decodeHeaderValue', () => {
  // guard: header/utf8, header/base64
  it.each(['=?base64?YQ=?=', '=?base64?Y Q==?=', '=?base64?/w==?=', 'Grö', 'a\nb', ' a'])(
    'refuses %j',
    (header) => {
      expect(decodeHeaderValue(header)).toBeUndefined();
    },
  );

  it('reads an overlapping marker as plain text', () => {
    expect(decodeHeaderValue('=?base64?=')).toBe('=?base64?=');
  });
});
