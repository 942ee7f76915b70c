import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { holdsCredential, redactorOf, withoutSecrets, withoutTokens } from './redactor.ts';

const ESC = '\u001b';
const SECRET = 'w0nd3rful-k3y-7741';
const bytes = Buffer.from(SECRET);
const redact = redactorOf([SECRET]);

describe('redactorOf', () => {
  // guard: redaction/values
  it('replaces each configured value, of those that overlap the whole', () => {
    expect(redactorOf(['hunter', 'hunter2-long'])('login hunter2-long then hunter.')).toBe(
      'login *** then ***.',
    );
  });

  // guard: redaction/lines
  it('replaces the lines of a value of several lines', () => {
    const redactKey = redactorOf(['-----BEGIN KEY-----\nAAAABBBBCCCC\nDDDDEEEEFFFF']);
    expect(redactKey('dump: DDDDEEEEFFFF')).toBe('dump: ***');
  });

  // guard: redaction/normalised-first
  it.each([
    ['a colour within it', `${SECRET.slice(0, 5)}${ESC}[1;31m${SECRET.slice(5)}`],
    ['an 8-bit sequence within it', `${SECRET.slice(0, 5)}\u009b0m${SECRET.slice(5)}`],
    [
      'a link around a part of it',
      `${ESC}]8;;https://x${ESC}\\${SECRET.slice(0, 5)}${ESC}]8;;${ESC}\\${SECRET.slice(5)}`,
    ],
    ['a title within it', `${SECRET.slice(0, 5)}${ESC}]0;title\u0007${SECRET.slice(5)}`],
    ['a NUL within it', `${SECRET.slice(0, 5)}\u0000${SECRET.slice(5)}`],
    ['a mark that turns text within it', `${SECRET.slice(0, 5)}\u202e${SECRET.slice(5)}`],
    ['a space without width within it', `${SECRET.slice(0, 5)}\u200b${SECRET.slice(5)}`],
    ['the end of a line within it', `${SECRET.slice(0, 5)}\r\n    ${SECRET.slice(5)}`],
    ['escapes around it', `${ESC}[36m${SECRET}${ESC}[0m`],
  ])('finds a value with %s', (_how, text) => {
    expect(redact(`key ${text} refused`)).toBe('key *** refused');
  });

  it.each([
    ['base64', bytes.toString('base64')],
    ['base64url', bytes.toString('base64url')],
    ['hexadecimal', bytes.toString('hex')],
    ['a URL', encodeURIComponent(SECRET)],
    ['a URL that encodes more than it must', SECRET.replaceAll('-', '%2d')],
    ['entities', SECRET.replaceAll('-', '&#45;')],
    ['a string literal', SECRET.replaceAll('-', '\\x2D')],
    ['JSON', SECRET.replaceAll('-', '\\u002d')],
  ])('finds a value in %s', (_how, text) => {
    expect(redact(`got ${text}.`)).toBe('got ***.');
  });

  it.each(['u:', 'us:', 'use:'])('finds a value in base64 behind %s', (before) => {
    const text = Buffer.from(before + SECRET).toString('base64');
    expect(redact(text)).not.toContain(bytes.toString('base64').slice(4, 16));
    expect(redact(text)).toContain('***');
  });

  it('finds values with quotes, slashes and letters beyond ASCII as JSON and URLs write them', () => {
    const odd = 'pä"ss/w\\örd\n🎈 9';
    for (const text of [odd, JSON.stringify(odd), encodeURIComponent(odd), JSON.stringify({ a: [odd] })])
      expect(redactorOf([odd])(text)).toMatch(/^[^p]*\*\*\*[^9]*$/);
  });

  const ODD = 'k9/Z q+3="7x&L\'w8';
  const rewritten = (write: (code: number) => string): string =>
    ODD.replaceAll(/\W/g, (character) => write(character.charCodeAt(0)));
  it.each([
    ['HTML, in hexadecimal', rewritten((code) => `&#x${code.toString(16).toUpperCase()};`)],
    ['HTML, in decimals', rewritten((code) => `&#${code};`)],
    ['a form', new URLSearchParams({ q: ODD }).toString()],
    ['a string of JavaScript', rewritten((code) => `\\u{${code.toString(16)}}`)],
    ['a string of Python', rewritten((code) => `\\U${code.toString(16).padStart(8, '0')}`)],
    ['a string of C', rewritten((code) => `\\${code.toString(8).padStart(3, '0')}`)],
    ['a command line', `'${ODD.replaceAll("'", "'\\''")}'`],
    ['a URL in HTML', encodeURIComponent(ODD).replaceAll('%', '&#x25;')],
    ['a buffer', inspect(Buffer.from(ODD))],
    ['a buffer in JSON', JSON.stringify(Buffer.from(ODD))],
  ])('finds a value as %s writes it', (_where, text) => {
    const redacted = redactorOf([ODD])(text);
    expect(redacted).toContain('***');
    expect(redacted).not.toMatch(/k9|w8|107|6b 39/);
  });

  it('keeps hiding passwords that begin like a word about one', () => {
    for (const text of ['password: not-so-simple1', 'token=string1secret', 'secret: none!but0this'])
      expect(redactorOf([])(text)).toMatch(/^\w+[:=] ?\*\*\*$/);
  });

  it.each([
    [
      'a path',
      ['/home/someone', '/home/someone/srv'],
      "Cannot find module '/home/someone/srv/dist/index.js'",
    ],
    [
      'what everybody would guess',
      ['production', 'admin', 'true', 'postgres'],
      'NODE_ENV=production admin true',
    ],
    ['a word within others', ['sword'], 'crossword, /opt/sword/x, sword-fish, a.sword.b'],
    ['digits within others', ['12345678'], 'order 9123456780 of 3'],
    ['nothing', ['abc', ''], 'abc alphabet'],
  ])('hides no harmless text because of %s', (_what, values, text) => {
    expect(redactorOf(values)(text)).toBe(text);
  });

  it('hides a short value that stands alone', () => {
    expect(redactorOf(['sword'])('user "sword", then sword. (sword)')).toBe('user "***", then ***. (***)');
  });

  // guard: redaction/patterns
  it.each([
    ['Authorization: Bearer abc.def-ghi', 'Authorization: Bearer ***'],
    ['key sk-proj-0123456789', 'key ***'],
    ['ghp_0123456789abcdef failed', '*** failed'],
    ['token=abcdef&x=1', 'token=***&x=1'],
    ['"password": "p4ssw0rd"', '"password": "***"'],
    ['{\\"api_key\\": \\"abcdefgh\\"}', '{\\"api_key\\": \\"***\\"}'],
    ['GITHUB_TOKEN=abcdef', 'GITHUB_TOKEN=***'],
    ['postgres://me:hunter2@db/x', 'postgres://***@db/x'],
    ['redis://:hunter2@db', 'redis://***@db'],
    ['password: swordfish', 'password: ***'],
    ['Bearer abcdefgh refused', 'Bearer *** refused'],
    ['Set-Cookie: sid=abcdef; Path=/', 'Set-Cookie: sid=***; Path=/'],
    ['run --token abc123def', 'run --token ***'],
    ['eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.c2lnbmF0dXJl', '***'],
    ['AKIAIOSFODNN7EXAMPLE', '***'],
    ['-----BEGIN PRIVATE KEY-----\nMIIEvAIBADANBgkq\n-----END PRIVATE KEY-----', '***'],
    [`${ESC}[36mpassword${ESC}[39m: hunter2`, 'password: ***'],
    [`${ESC}[31mBearer${ESC}[0m abcdefghijklmnop`, 'Bearer ***'],
  ])('recognises %j', (text, redacted) => {
    expect(redactorOf([])(text)).toBe(redacted);
  });

  it.each([
    'listening on http://127.0.0.1:8080, 3 tokens left, a secret place, at b@c.d',
    'SyntaxError: Unexpected token: foo',
    'secret: not found',
    'token: string, password: optional (any), credentials: include',
    'Authorization: Bearer <token>',
    'password: required',
    'token: expired at noon',
    'token=undefined password=<password> api_key=$API_KEY SECRET=/run/secrets/x',
    'Basic authentication failed',
    'Bearer token is missing, Bearer authentication needed',
    'max_tokens: 4096, disk-usage-2, use --token TOKEN',
  ])('leaves prose alone: %s', (text) => {
    expect(redactorOf([])(text)).toBe(text);
  });

  it('takes time in proportion to the text', () => {
    const shapes = ['a-', ' token =', 'http://', `${ESC}]`, '-----BEGIN PRIVATE KEY-----', 'password: '];
    const more = ['authorization: ', 'Bearer ', 'eyJ', 'sk-', 'Basic a', 'cookie: a=', SECRET.slice(0, -1)];
    for (const shape of [...shapes, ...more]) {
      const text = shape.repeat(65_536 / shape.length);
      const startedAt = performance.now();
      redact(text);
      expect([shape, performance.now() - startedAt < 500]).toEqual([shape, true]);
    }
  });
});

describe('withoutSecrets', () => {
  it('keeps escapes of what holds no secret, for sinks that show them', () => {
    expect(withoutSecrets(`${ESC}[31mred`)).toBe(`${ESC}[31mred`);
    expect(withoutSecrets(`${ESC}[31mtoken${ESC}[0m=abcdef`)).toBe('token=***');
    expect(withoutSecrets(`${ESC}[31m${SECRET}`, [SECRET])).toBe('***');
  });
});

describe('withoutTokens', () => {
  it('hides what is a credential whatever stands around it, and nothing else', () => {
    expect(withoutTokens('env.ghp_0123456789abcdef: password: required, token=abc')).toBe(
      'env.***: password: required, token=abc',
    );
  });
});

describe('holdsCredential', () => {
  it.each(['ghp_0123456789abcdef', 'sk_live_0123456789abcdef', 'a1b2c3d4e5f6a7b8c9d0'])(
    'sees it in %s',
    (name) => {
      expect(holdsCredential(name)).toBe(true);
    },
  );

  it.each(['OPENAI_API_KEY', 'OAUTH2_TOKEN', 'BASE64URL_KEY', 'NPM_TOKEN', 'x', ''])(
    'sees none in %j',
    (name) => {
      expect(holdsCredential(name)).toBe(false);
    },
  );
});
