import { describe, expect, it } from '@jest/globals';
import { CompiledPolicy } from './compiled-policy.ts';
import type { PolicyInput } from './document/policy-schema.ts';
import type { PolicyRequest } from './policy-request.ts';
import { RandomPolicies } from './random-policy.fixture.ts';
import { globs, referenceAnswer } from './reference-evaluator.fixture.ts';
import { Pattern } from './patterns/pattern.ts';

/** Cases; `OMNI_POLICY_CASES=100000` is the whole proof. */
const CASES = Number(process.env['OMNI_POLICY_CASES'] ?? 4_000);
const SEED = Number(process.env['OMNI_SEED'] ?? Date.now() % 1_000_000);
const REQUESTS = 4;

describe(`random policies (OMNI_SEED=${SEED})`, () => {
  it('are answered as an evaluator answers that compiles and remembers nothing [S003-SC-02]', () => {
    const seen = new Set<string>();
    for (let at = 0; at < CASES / REQUESTS; at++) {
      const random = new RandomPolicies(SEED + at);
      const policy = random.policy();
      const compiled = new CompiledPolicy(policy);
      for (let nth = 0; nth < REQUESTS; nth++) {
        const request = random.request();
        const expected = referenceAnswer(policy, request);
        const decision = compiled.decide(request);
        const answer = {
          effect: decision.effect,
          ...(decision.effect !== 'deny' && { rule: decision.rule }),
        };
        if (JSON.stringify(answer) !== JSON.stringify(expected))
          throw new Error(JSON.stringify({ at, policy, request, decision, expected }, undefined, 1));
        seen.add(`${decision.effect} ${decision.layer}`);
        if (decision.effect !== 'deny')
          expect(compiled.mayBeAllowed(request.principal, request.target)).toBe(true);
      }
    }
    // Nothing is proved of answers that never occur.
    expect([...seen].sort()).toEqual([
      'allow rule',
      'ask rule',
      'deny condition',
      'deny default',
      'deny rule',
      'deny tenant',
    ]);
  });

  it('show principals with the same key the same', () => {
    for (let at = 0; at < CASES / 40; at++) {
      const random = new RandomPolicies(SEED + at);
      const policy = new CompiledPolicy(random.policy());
      const principals = Array.from({ length: 12 }, () => random.principal());
      const targets = Array.from({ length: 12 }, () => random.target());
      const views = new Map<string, string>();
      for (const principal of principals) {
        const view = targets.map((target) => policy.mayBeAllowed(principal, target)).join();
        const key = policy.viewKeyOf(principal);
        expect(views.get(key) ?? view).toBe(view);
        views.set(key, view);
      }
    }
  });

  it('are told apart from policies that are changed in one place', () => {
    // The control: the comparison would notice a fault of the size of one rule.
    let noticed = 0;
    for (let at = 0; at < 400; at++) {
      const random = new RandomPolicies(SEED + at);
      const policy = random.policy();
      const broken = { ...policy, rules: policy.rules?.filter(({ effect }) => effect !== 'deny') };
      const request = random.request();
      if (differs(policy, broken, request)) noticed++;
    }
    expect(noticed).toBeGreaterThan(0);
  });
});

describe('Pattern', () => {
  it('fits what a search letter by letter fits', () => {
    const alphabet = ['', 'a', 'b', 'ab', '*', 'a*', '*b', '*a*'];
    for (const one of alphabet)
      for (const two of alphabet)
        for (const three of alphabet) {
          const text = one + two + three;
          const pattern = new Pattern(text);
          for (const name of ['', 'a', 'b', 'ab', 'ba', 'aab', 'abab', 'aabb', 'bbaa'])
            expect([text, name, pattern.fits(name)]).toEqual([text, name, globs(text, name)]);
        }
  });

  it('takes time in proportion to a long name', () => {
    const pattern = new Pattern(`${'a*'.repeat(60)}b`);
    expect(pattern.fits('a'.repeat(100_000))).toBe(false);
  });
});

function differs(policy: PolicyInput, broken: PolicyInput, request: PolicyRequest): boolean {
  return referenceAnswer(policy, request).effect !== new CompiledPolicy(broken).decide(request).effect;
}
