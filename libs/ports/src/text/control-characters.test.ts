import { describe, expect, it } from '@jest/globals';
import { jsonText, oneLineText, plainText, printableJson, terminalText } from './control-characters.ts';

/**
 * Every control character and every mark of Unicode that turns the direction of text, among ordinary ones.
 */
const ACTING = Array.from({ length: 0xa0 }, (_, code) => String.fromCharCode(code))
  .filter((character) => /\p{Cc}/u.test(character))
  .concat('\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029'.split(''));
const BEYOND_LAYOUT = /[^\P{Cc}\t\n]|[\p{Bidi_Control}\u2028\u2029]/u;

describe('terminalText', () => {
  // guard: terminal/controls
  it('replaces each character that acts on a terminal, and shows that it was there', () => {
    for (const character of ACTING.filter((one) => one !== '\t' && one !== '\n'))
      expect(terminalText(`a${character}b`)).toBe('a\uFFFDb');
  });

  it('keeps tabs, line breaks and every letter', () => {
    expect(terminalText('ä\t中\n🎈 👩‍👩‍👧')).toBe('ä\t中\n🎈 👩‍👩‍👧');
  });
});

describe('jsonText', () => {
  it('says the same value without a character that acts on a terminal', () => {
    const value = { [`k${ACTING.join('')}`]: [ACTING.join('x'), 'ä中🎈', 1.5, null] };
    for (const text of [jsonText(value), jsonText(value, 2)]) {
      expect(text).not.toMatch(BEYOND_LAYOUT);
      expect(JSON.parse(text)).toEqual(value);
    }
  });
});

describe('printableJson', () => {
  it('leaves JSON without such characters as it is', () => {
    expect(printableJson('{\n\t"a": "ä"\n}')).toBe('{\n\t"a": "ä"\n}');
  });
});

describe('oneLineText', () => {
  it('shows what acts on a terminal, line breaks too', () => {
    expect(oneLineText('a\nb\u009b\u202e\u007f')).toBe(String.raw`a\u000ab\u009b\u202e\u007f`);
  });
});

describe('plainText', () => {
  it.each([
    ['colours', '\u001b[1;31mred\u001b[0m', 'red'],
    ['8-bit sequences', '\u009b31mred\u009bm', 'red'],
    ['a title', '\u001b]0;title\u0007text', 'text'],
    ['a link, but not its text', '\u001b]8;;https://x\u001b\\link\u001b]8;;\u001b\\', 'link'],
    ['a string that never ends, but not what it holds', '\u001b]0;text', '0;text'],
    ['short sequences', '\u001b(Ba\u001bcb', 'ab'],
    ['bells and backspaces', 'a\u0007\u0008b', 'ab'],
    ['marks of direction', 'a\u202eb\u2066c', 'abc'],
  ])('takes out %s', (_what, text, plain) => {
    expect(plainText(text)).toBe(plain);
  });

  it('ends every line in a line feed', () => {
    expect(plainText('a\r\nb\rc\u0085d\u2028e\tf')).toBe('a\nb\nc\nd\ne\tf');
  });
});
