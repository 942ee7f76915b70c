import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { plainText } from './control-characters.ts';
import { redactorOf } from './redactor.ts';

/** What a program may put between two characters of a value, and nobody sees. */
const invisible = fc.constantFrom(
  '',
  '',
  '',
  '\u001b[0m',
  '\u001b[1;31m',
  '\u009b0m',
  '\u0007',
  '\u0000',
  '\u202e',
  '\u001b(B',
  '\u007f',
);
const wrap = fc.constantFrom('', '', '', '', '\n', '\r\n  ');
/**
 * Credentials as they are: no spaces, more than letters, and no path, which is hidden only where it stands
 * alone.
 */
const secret = fc
  .string({ minLength: 8, maxLength: 60, unit: fc.constantFrom(...Array.from('abcXYZ0189-_.+/=%$!"\\ä🎈')) })
  .filter((text) => /\d/.test(text) && /[A-Za-z]/.test(text) && !/^[./\\]/.test(text));
const encoding = fc.constantFrom<(text: string) => string>(
  (text) => text,
  (text) => JSON.stringify(text).slice(1, -1),
  (text) => encodeURIComponent(text),
  (text) => new URLSearchParams({ '': text }).toString().slice(1),
  (text) => text.replaceAll(/[^A-Za-z0-9]/gu, (letter) => `&#x${letter.codePointAt(0)?.toString(16)};`),
  (text) => text.replaceAll(/\W/gu, (letter) => `\\u{${letter.codePointAt(0)?.toString(16)}}`),
  (text) => JSON.stringify(Buffer.from(text)),
  (text) => Buffer.from(text).toString('base64'),
  (text) => Buffer.from(text).toString('base64url'),
  (text) => Buffer.from(text).toString('hex'),
  (text) => Buffer.from(`user:${text}`).toString('base64'),
);
const word = fc.constantFrom(
  'cannot',
  'find',
  'module',
  "'/srv/app/dist/index.js'",
  'in',
  'production,',
  'status',
  '404',
  'ä',
  '🎈',
);

describe('redactorOf, whatever is printed', () => {
  it('shows no configured value, in whatever form and however it is torn', () => {
    fc.assert(
      fc.property(
        secret,
        encoding,
        fc.array(fc.tuple(invisible, wrap), { minLength: 1, maxLength: 80 }),
        fc.array(word, { maxLength: 6 }),
        (value, encode, between, words) => {
          const printed = encode(value);
          const torn = Array.from(printed)
            .map((one, at) => one + (between[at % between.length] ?? []).join(''))
            .join('');
          const shown = redactorOf([value])(`${words.join(' ')} ${torn}\n${words.join(' ')}`);
          // What stands behind the last whole group of base64 belongs to what follows, and two characters
          // tell nobody anything.
          const tail = printed.slice(3, -3);
          expect(shown).not.toContain(tail);
          expect(shown.replaceAll(/\s/g, '')).not.toContain(tail.replaceAll(/\s/g, ''));
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('hides nothing of a text that holds no secret', () => {
    fc.assert(
      fc.property(fc.array(secret), fc.array(word), (values, words) => {
        const text = words.join(' ');
        fc.pre(!values.some((value) => text.includes(value)));
        expect(redactorOf(values)(text)).toBe(plainText(text));
      }),
    );
  });

  it('needs no second look: what is redacted stays so', () => {
    fc.assert(
      fc.property(secret, fc.string({ unit: 'binary', maxLength: 200 }), (value, text) => {
        const redact = redactorOf([value]);
        const once = redact(text + value);
        expect(redact(once)).toBe(once);
      }),
    );
  });
});
