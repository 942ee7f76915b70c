import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { UriTemplate } from './uri-template.ts';

function matches(template: string, uri: string): boolean | undefined {
  return UriTemplate.compile(template)?.matches(uri, { left: 1_000_000 });
}

describe('UriTemplate', () => {
  it.each([
    ['file:///a', 'file:///a', true],
    ['file:///a', 'file:///ab', false],
    ['db://{table}/rows', 'db://users/rows', true],
    ['db://{table}/rows', 'db://a/b/rows', false],
    ['db://{table}/rows', 'db:///rows', true],
    ['db://{table}/{id}', 'db://users/7', true],
    ['{+base}/x', 'http://host/a/b/x', true],
    ['file:///{+path}', 'file:///a/b/c.txt', true],
    ['x:{#part}', 'x:#top', true],
    ['x:{#part}', 'x:top', false],
    ['x:a{.ext}', 'x:a.txt', true],
    ['x:a{/path*}', 'x:a/b/c', true],
    ['x:a{/path*}', 'x:a', true],
    ['x:a{;p,q}', 'x:a;p=1;q=2', true],
    ['x:a{?p,q}', 'x:a?p=1&q=2', true],
    ['x:a{?p,q}', 'x:ap=1', false],
    ['x:a?f=1{&p}', 'x:a?f=1&p=2', true],
    ['x:{user-id}/{名前}', 'x:7/8', true],
    ['x:{a}b{c}b', 'x:1b2b', true],
    ['x:{a}b{c}b', 'x:bb', true],
    ['x:{a}b{c}b', 'x:1b2', false],
    ['x:{name}', 'x:é%00', true],
  ])('%s and %s: %s', (template, uri, expected) => {
    expect(matches(template, uri)).toBe(expected);
  });

  // guard: template/length
  it.each(['x:{', 'x:}', 'x:{}', 'x:{a', 'x:{a b}', 'x:{{a}}', 'x:{=a}', 'x'.repeat(2_049)])(
    'refuses %j',
    (template) => {
      expect(UriTemplate.compile(template)).toBeUndefined();
    },
  );

  it('matches every expansion of simple variables', () => {
    const value = fc.stringMatching(/^[A-Za-z0-9._~-]*$/);
    const literal = fc.stringMatching(/^[a-c/:]*$/);
    fc.assert(
      fc.property(fc.array(fc.tuple(literal, value), { maxLength: 5 }), literal, (parts, tail) => {
        const template = parts.map(([text], index) => `${text}{v${index}}`).join('') + tail;
        const uri = parts.map(([text, expansion]) => text + expansion).join('') + tail;
        expect(matches(template, uri)).toBe(true);
      }),
    );
  });

  // guard: template/budget
  it.each([
    ['forks', `x:${'{a}a'.repeat(400)}b`],
    ['has a long literal behind a variable', `x:{a}${'a'.repeat(1_500)}b`],
    ['has variables side by side', `x:${'{a}'.repeat(600)}`],
  ])('stops when the budget is used up by a template that %s', (_, text) => {
    const template = UriTemplate.compile(text);
    const budget = { left: 100_000 };
    expect(template?.matches(`x:${'a'.repeat(8_000)}`, budget)).toBe(false);
    expect(budget.left).toBeLessThanOrEqual(0);
    expect(budget.left).toBeGreaterThan(-10_000);
  });
});
