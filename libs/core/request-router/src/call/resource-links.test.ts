import { describe, expect, it } from '@jest/globals';
import { resourceLinksIn } from './resource-links.ts';

const LINK = '{"type":"resource_link","uri":"file:///a"}';

describe('resourceLinksIn', () => {
  it.each([
    ['a result', `{"content":[{"type":"text","text":"x"},${LINK}]}`, ['file:///a']],
    ['a whole response', `{"jsonrpc":"2.0","id":1,"result":{"content":[${LINK}]}}`, ['file:///a']],
    ['no link', '{"content":[{"type":"text","text":"resource_link"}]}', []],
    ['a link in a text', '{"content":[{"type":"text","text":"\\"resource_link\\""}]}', []],
    [
      'a link without URI',
      '{"content":[{"type":"resource_link"},{"type":"resource_link","uri":1},null,"resource_link"]}',
      [],
    ],
    ['content of another type', `{"content":${LINK}}`, []],
    ['no object', '["resource_link"]', []],
    ['a null result', '{"result":null,"x":"resource_link"}', []],
    ['no JSON', '{"resource_link"', []],
    ['an object with odd keys', `{"__proto__":{"content":[${LINK}]},"constructor":1}`, []],
  ])('finds the links of %s', (_what, json, uris) => {
    expect(resourceLinksIn(json)).toEqual(uris);
  });

  // guard: route/connections
  it('takes at most a thousand', () => {
    expect(
      resourceLinksIn(`{"content":[${Array.from({ length: 1_001 }, () => LINK).join(',')}]}`),
    ).toHaveLength(1_000);
  });
});
