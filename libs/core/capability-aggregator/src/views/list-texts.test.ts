import { describe, expect, it } from '@jest/globals';
import { ListTexts } from './list-texts.ts';

describe('ListTexts', () => {
  // guard: list/texts
  it('keeps the texts that were asked for last, as many as there is room for', () => {
    const texts = new ListTexts(100);
    const made: string[] = [];
    const keys = { a: {}, b: {}, c: {} };
    const get = (name: keyof typeof keys): void => {
      texts.get(keys[name], () => {
        made.push(name);
        return name.repeat(40);
      });
    };
    get('a');
    get('b');
    get('a');
    get('c');
    expect(texts.length).toBe(80);
    get('a');
    expect(made).toEqual(['a', 'b', 'c']);
    get('b');
    expect(made).toEqual(['a', 'b', 'c', 'b']);
    texts.clear();
    expect(texts.length).toBe(0);
  });

  it('keeps no text that is longer than all may be', () => {
    const texts = new ListTexts(10);
    expect(texts.get({}, () => 'x'.repeat(50))).toHaveLength(50);
    expect(texts.length).toBe(0);
  });
});
