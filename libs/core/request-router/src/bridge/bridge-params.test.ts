import { describe, expect, it } from '@jest/globals';
import { toLegacyParams, toModernParams } from './bridge-params.ts';

const P = 'io.modelcontextprotocol/';
const ENVELOPE = `"${P}protocolVersion":"2026-07-28","${P}clientCapabilities":{},"${P}clientInfo":{"name":"x"}`;

describe('toModernParams', () => {
  it.each([
    ['nothing', '', `{"_meta":{${ENVELOPE}}}`],
    ['an empty object', '{}', `{"_meta":{${ENVELOPE}}}`],
    ['parameters', '{ "name":"x", "n":1.0e2 }', `{"_meta":{${ENVELOPE}}, "name":"x", "n":1.0e2 }`],
    ['a _meta of another type', '{"a":1,"_meta":null}', `{"a":1,"_meta":{${ENVELOPE}}}`],
  ])('adds the envelope to %s', (_what, params, sent) => {
    expect(toModernParams(params, '{"name":"x"}', '{}')).toEqual({ text: sent, progressToken: undefined });
  });

  it.each([
    ['foreign _meta', '{"a":[ ],"_meta":{"trace":"\\u0061", "progressToken":7},"b":1.0}'],
    ['an empty _meta', '{"_meta":{}}'],
    [
      'an envelope that was smuggled in',
      `{"_meta":{"${P}protocolVersion":"1","${P}clientCapabilities":{"sampling":{}},"k":1.0},"a":1}`,
    ],
  ])('adds the envelope to %s, once, and leaves the rest', (_what, params) => {
    const { text } = toModernParams(params, '{"name":"x"}', '{}');
    const parsed = JSON.parse(text);
    expect(parsed).toEqual({
      ...JSON.parse(params),
      _meta: { ...JSON.parse(params)._meta, ...JSON.parse(`{${ENVELOPE}}`) },
    });
    expect(text.match(/protocolVersion/g)).toHaveLength(1);
    for (const chunk of params.match(/"trace":"[^"]*"|1\.0|\[ \]/g) ?? []) expect(text).toContain(chunk);
  });

  // guard: era/answers-to-modern
  it('leaves out answers that nobody has asked for: a legacy client is asked by Omni', () => {
    const given = '{"a":1.0,"inputResponses":{"q":{"roots":[{"uri":"file:///"}]}},"requestState":"s"}';
    expect(JSON.parse(toModernParams(given, '{}', '{}').text)).toEqual({ a: 1, _meta: expect.any(Object) });
  });

  it.each(['7', '"t"', '1.0e2'])('says where the progress token %s stands now', (token) => {
    const { text, progressToken } = toModernParams(`{"_meta":{"progressToken":${token}}}`, '{}', '{}');
    expect(text.slice(progressToken?.start, progressToken?.end)).toBe(token);
  });
});

describe('toLegacyParams', () => {
  // guard: era/envelope-to-legacy
  it.each([
    ['nothing', '', ''],
    ['parameters without _meta', '{ "a":1.0 }', '{ "a":1.0 }'],
    [
      'foreign _meta',
      '{"_meta":{"k":1.0, "traceparent":"00"}, "a":1}',
      '{"_meta":{"k":1.0, "traceparent":"00"}, "a":1}',
    ],
    ['an envelope alone', `{"_meta":{${ENVELOPE},"${P}logLevel":"info"}}`, '{}'],
    ['an envelope beside parameters', `{"a":1.0e2,"_meta":{${ENVELOPE}},"b":[ ]}`, '{"a":1.0e2,"b":[ ]}'],
    [
      'an envelope beside foreign _meta',
      `{"_meta":{${ENVELOPE},"k":1.0e2,"progressToken":7},"a": 1}`,
      '{"_meta":{"k":1.0e2,"progressToken":7},"a": 1}',
    ],
    ['a _meta of another type', '{"_meta":5}', '{"_meta":5}'],
  ])('takes the envelope out of %s', (_what, params, sent) => {
    expect(toLegacyParams(params).text).toBe(sent);
  });

  it('says where the progress token stands now', () => {
    const { text, progressToken } = toLegacyParams(`{"_meta":{${ENVELOPE},"progressToken":"t"}}`);
    expect(text.slice(progressToken?.start, progressToken?.end)).toBe('"t"');
  });
});
