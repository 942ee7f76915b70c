import { describe, expect, it } from '@jest/globals';
import { canonicalUri } from './canonical-uri.ts';

describe('canonicalUri', () => {
  it.each([
    ['file:///a/b?c=[d]&e=f#g', 'file:///a/b?c=[d]&e=f#g'],
    ['file:///docs/café', 'file:///docs/caf%C3%A9'],
    ['file:///docs/caf%c3%a9', 'file:///docs/caf%C3%A9'],
    ['file:///my notes/%20', 'file:///my%20notes/%20'],
    ['a:%41%7e%2f', 'a:A~%2F'],
    ['a:100%', 'a:100%25'],
    ['a:"<>\\^`{|}', 'a:%22%3C%3E%5C%5E%60%7B%7C%7D'],
    ['a:😀', 'a:%F0%9F%98%80'],
    ['a:\ud800', 'a:%EF%BF%BD'],
  ])('writes %s as %s', (text, uri) => {
    expect(canonicalUri(text)).toBe(uri);
    expect(canonicalUri(uri)).toBe(uri);
  });
});
