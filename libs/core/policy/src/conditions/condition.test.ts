import { describe, expect, it } from '@jest/globals';
import { readArguments } from './argument-values.ts';
import { Condition, type ConditionFacts } from './condition.ts';
import { stepsOf } from './condition-cost.ts';

const NOBODY: ConditionFacts = { target: new Map(), annotations: new Map() };

function holds(text: string, args?: string): boolean | undefined {
  return new Condition(text).holds({
    ...NOBODY,
    ...(args !== undefined && { args: readArguments(args).values }),
  });
}

describe('Condition', () => {
  it('compares integers beyond 2^53 exactly', () => {
    expect(holds('args.n == 9007199254740993', '{"n":9007199254740993}')).toBe(true);
    expect(holds('args.n == 9007199254740992', '{"n":9007199254740993}')).toBe(false);
    expect(holds('args.n < 1.5', '{"n":1}')).toBe(true);
    expect(holds('args.n * args.n > 0', '{"n":9007199254740993}')).toBeUndefined();
  });

  it('fails rather than guess', () => {
    expect(holds('args.n == 1', '{}')).toBeUndefined();
    expect(holds('args.a.b.c', '{"a":1}')).toBeUndefined();
    expect(holds('args.n', '{"n":1}')).toBeUndefined();
    expect(holds('has(args.n)', '{}')).toBe(false);
    expect(holds('args.constructor == "x"', '{}')).toBeUndefined();
    expect(holds('has(args.__proto__)', '{}')).toBe(false);
  });

  it('has an answer for all calls where arguments do not matter', () => {
    expect(holds('false && args.n == 1')).toBe(false);
    expect(holds('args.n == 1 || true')).toBe(true);
    expect(holds('args.n == 1')).toBeUndefined();
    expect(new Condition('args.n == 1').isOfCall).toBe(true);
    expect(new Condition('principal.id == "a"').isOfCall).toBe(false);
  });

  it('fits patterns', () => {
    expect(holds('"feature/x".like("feature/*")')).toBe(true);
    expect(holds('args.branch.like("main")', '{"branch":"main2"}')).toBe(false);
    expect(holds('args.path.within(["/srv"])', '{"path":"/srv/../etc"}')).toBe(false);
  });

  // guard: policy/unbounded-functions
  // guard: policy/time-zones
  it.each([
    ['args.a.matches("(a+)+$")', 'matches cannot be called'],
    ['args.a.split("") == []', 'split cannot be called'],
    ['args.a.join() == ""', 'join cannot be called'],
    ['cel.bind(x, args.a + args.a, x == "")', 'bind cannot be called'],
    ['now.getHours("Europe/Berlin") > 3', 'takes no time zone'],
    ['bytes("a") == b"a"', 'bytes cannot be called'],
    ['1 + 1', 'must be true or false'],
    ['1 + "a" == 2', 'no such overload'],
    ['nobody.id == 1', 'nobody'],
    ['args.a ==', 'Unexpected'],
    [Array.from({ length: 300 }, () => 'true').join(' && '), 'xceeded'],
  ])('refuses %s', (text, why) => {
    expect(() => new Condition(text)).toThrow(why);
    expect(() => new Condition(text)).toThrow(expect.objectContaining({ code: 'OMNI_CONFIG_INVALID' }));
  });
});

describe('stepsOf', () => {
  const steps = (text: string, longest: number, length = 0) =>
    stepsOf(new Condition(text).cost, longest, length);

  it('grows with what is walked, and how deep', () => {
    expect(steps('args.n == 1', 1_000)).toBe(steps('args.n == 1', 1));
    expect(steps('args.a.all(x, x > 1)', 1_000)).toBeGreaterThan(3_000);
    expect(steps('args.a.all(x, args.a.all(y, x == y))', 1_000)).toBeGreaterThan(3_000_000);
    expect(steps('args.n in args.a', 1_000)).toBeGreaterThan(1_000);
    expect(steps('args.n == 1', 1, 10_240)).toBe(11 * steps('args.n == 1', 1));
  });

  // guard: policy/searches
  it('multiplies the lengths of texts where one is looked for in the other', () => {
    expect(steps('args.a.contains(args.b)', 1, 512 * 1_024)).toBeGreaterThan(512 ** 2);
    expect(steps('args.a.startsWith(args.b)', 1, 512 * 1_024)).toBeLessThan(512 * 10);
  });

  it('counts what a condition puts together and holds itself', () => {
    const long = `[${'1, '.repeat(50)}1].all(x, args.n > x)`;
    expect(steps(long, 1)).toBeGreaterThan(150);
    expect(steps('(args.a + args.a).all(x, x > 1)', 100)).toBeGreaterThan(2 * 3 * 100);
  });
});
