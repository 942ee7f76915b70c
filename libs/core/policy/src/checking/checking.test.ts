import { describe, expect, it } from '@jest/globals';
import { CompiledPolicy } from '../compiled-policy.ts';
import type { PolicyInput } from '../document/policy-schema.ts';
import { call, EVERYBODY, tool, user } from '../policy.fixture.ts';
import { RandomPolicies } from '../random-policy.fixture.ts';
import { diffPolicies } from './diff-policies.ts';
import { policyWarnings } from './policy-warnings.ts';
import { testPolicy, withTier } from './test-policy.ts';

const NOW_MS = Date.parse('2026-01-01T12:00:00Z');

function policyOf(rules: PolicyInput['rules'], more: Partial<PolicyInput> = {}): PolicyInput {
  return { bindings: EVERYBODY, rules, ...more };
}

describe('explain', () => {
  it('names the rule, the layer, and why each other rule does not speak', () => {
    const policy = new CompiledPolicy(
      policyOf([
        { id: 'allow-all', effect: 'allow', tools: 'all', roles: ['user'] },
        { id: 'ops', effect: 'deny', tools: 'all', roles: ['operator'] },
        { id: 'drops', effect: 'deny', tools: { allow: ['drop*'] } },
        { id: 'writes', effect: 'ask', tools: 'all', from: 'write' },
        { id: 'small', effect: 'deny', tools: 'all', when: 'args.n > 3' },
        { id: 'broken', effect: 'allow', tools: 'all', when: 'args.missing' },
      ]),
    );
    const { decision, roles, tenant, rules } = policy.explain(call(user('alice'), tool('read'), { n: 1 }));
    expect(decision).toMatchObject({ effect: 'deny', layer: 'condition', rule: 'broken' });
    expect([tenant, roles]).toEqual(['default', ['user']]);
    expect(
      Object.fromEntries(rules.filter(({ id }) => !id.includes(':')).map(({ id, verdict }) => [id, verdict])),
    ).toEqual({
      'allow-all': 'applies',
      ops: 'other-roles',
      drops: 'other-target',
      writes: 'other-tier',
      small: 'condition-false',
      broken: 'condition-failed',
    });
    const doubled = policy.explain(call(user('alice'), tool('read'), '{"n":1,"n":9}'));
    expect(doubled.decision.layer).toBe('arguments');
    expect(doubled.rules.find(({ id }) => id === 'small')?.verdict).toBe('condition-failed');
  });

  it('says that nobody of another tenant is concerned', () => {
    const policy = new CompiledPolicy(policyOf([{ id: 'all', effect: 'allow', tools: 'all' }]));
    const { decision, rules } = policy.explain(call(user('alice'), tool('read', { tenant: 'acme' })));
    expect(decision).toMatchObject({ effect: 'deny', layer: 'tenant' });
    expect(new Set(rules.map(({ verdict }) => verdict))).toEqual(new Set(['other-roles']));
  });
});

describe('testPolicy', () => {
  const document = policyOf(
    [
      { id: 'read', effect: 'allow', roles: ['dev'], tools: 'all', upTo: 'read' },
      { id: 'night', effect: 'deny', tools: 'all', when: 'now.getHours() < 6' },
      { id: 'acme', effect: 'ask', tools: 'all', from: 'write', when: 'args.repo.like("acme/*")' },
    ],
    { bindings: [{ roles: ['dev'], groups: ['dev'], claims: { level: 2 } }] },
  );
  const dev = { id: 'alice', groups: ['dev'], claims: { level: 2 } };
  const base = { principal: dev, server: 'git', call: 'log', at: '2026-01-01T12:00:00Z' } as const;

  it('passes what holds', () => {
    const tests: PolicyInput['tests'] = [
      { ...base, name: 'developers read', tier: 'read', expect: 'allow' },
      { ...base, name: 'not at night', tier: 'read', at: '2026-01-01T03:00:00Z', expect: 'deny' },
      { ...base, name: 'a push is asked for', tier: 'write', arguments: { repo: 'acme/x' }, expect: 'ask' },
      { ...base, name: 'what says nothing is destructive', arguments: { repo: 'b/x' }, expect: 'deny' },
      { ...base, name: 'others do nothing', principal: { id: 'bob' }, tier: 'read', expect: 'deny' },
      { ...base, name: 'nor elsewhere', tenant: 'acme', tier: 'read', expect: 'deny' },
      { ...base, name: 'nor prompts', kind: 'prompts', expect: 'deny' },
    ];
    expect(testPolicy({ ...document, tests })).toEqual({ passed: 7, failed: [] });
  });

  it('names what does not hold, and what was decided', () => {
    const tests: PolicyInput['tests'] = [
      { ...base, name: 'writers write', tier: 'write', arguments: { repo: 'x' }, expect: 'allow' },
    ];
    expect(testPolicy({ ...document, tests })).toMatchObject({
      passed: 0,
      failed: [{ name: 'writers write', expected: 'allow', decision: { effect: 'deny', layer: 'default' } }],
    });
  });
});

describe('policyWarnings', () => {
  it('warns of rules that another one speaks for, and of those that never match', () => {
    const warnings = policyWarnings(
      policyOf([
        { id: 'no-files', effect: 'deny', tools: { allow: ['file*'] } },
        {
          id: 'no-file-read',
          effect: 'deny',
          roles: ['user'],
          tools: { allow: ['file_read', 'file*_x'] },
          when: 'args.n == 1',
        },
        { id: 'ask-file', effect: 'ask', servers: { allow: ['a'] }, tools: { allow: ['file_read'] } },
        { id: 'some', effect: 'allow', tools: { deny: ['x'] }, upTo: 'write' },
        { id: 'fewer', effect: 'allow', tools: { deny: ['x', 'y'] }, upTo: 'read' },
        { id: 'empty', effect: 'allow', tools: { allow: [] } },
        { id: 'nowhere', effect: 'allow', tools: 'all', servers: 'none' },
        { id: 'inside-out', effect: 'allow', tools: 'all', from: 'write', upTo: 'read' },
      ]),
    );
    expect(warnings.map(({ rule, kind, by }) => [rule, kind, by])).toEqual([
      ['no-file-read', 'shadowed', 'no-files'],
      ['ask-file', 'shadowed', 'no-files'],
      ['fewer', 'shadowed', 'some'],
      ['empty', 'never-matches', undefined],
      ['nowhere', 'never-matches', undefined],
      ['inside-out', 'never-matches', undefined],
    ]);
  });

  it('is silent where a rule may change something', () => {
    expect(
      policyWarnings(
        policyOf([
          { id: 'a', effect: 'allow', tools: { allow: ['file*'] } },
          { id: 'b', effect: 'allow', tools: { allow: ['f*'] } },
          { id: 'c', effect: 'allow', tools: { allow: ['file_x'] }, when: 'args.n == 1' },
          { id: 'd', effect: 'deny', tools: { allow: ['file_y'] } },
          { id: 'e', effect: 'deny', tools: 'all', roles: ['operator'] },
          { id: 'f', effect: 'deny', tools: { allow: ['z'] }, from: 'write' },
          { id: 'g', effect: 'deny', tools: { allow: ['z'] } },
        ]),
      ),
    ).toEqual([]);
  });

  it('is right: what it calls shadowed can go without any answer changing', () => {
    let removed = 0;
    for (let seed = 0; seed < 150; seed++) {
      const random = new RandomPolicies(seed);
      const policy = random.policy();
      const idle = new Set(policyWarnings(policy).map(({ rule }) => rule));
      if (idle.size === 0) continue;
      removed += idle.size;
      const before = new CompiledPolicy(policy);
      const after = new CompiledPolicy({ ...policy, rules: policy.rules?.filter(({ id }) => !idle.has(id)) });
      for (let at = 0; at < 25; at++) {
        const request = random.request();
        expect(after.decide(request).effect).toBe(before.decide(request).effect);
      }
    }
    expect(removed).toBeGreaterThan(20);
  });
});

describe('diffPolicies', () => {
  const principals = [user('alice'), user('bob')];
  const targets = [tool('read'), tool('drop'), tool('hello', { kind: 'prompts' })];
  const diff = (before: PolicyInput, after: PolicyInput, argumentsTexts: readonly string[] = []) =>
    diffPolicies(before, after, principals, targets, { nowMs: NOW_MS, argumentsTexts });

  it('lists every principal, tool and tier whose answer changes', () => {
    const before = policyOf([{ id: 'all', effect: 'allow', tools: 'all', prompts: 'all' }]);
    const after = policyOf([
      { id: 'all', effect: 'allow', tools: 'all', prompts: 'all' },
      { id: 'bob', effect: 'deny', tools: { allow: ['drop'] }, from: 'write', when: 'principal.id == "bob"' },
    ]);
    expect(
      diff(before, after).map(({ principal, target, tier, before: was, after: is }) => [
        principal.id,
        target.name,
        tier,
        was,
        is,
      ]),
    ).toEqual([
      ['bob', 'drop', 'write', 'allow', 'deny'],
      ['bob', 'drop', 'destructive', 'allow', 'deny'],
    ]);
    expect(diff(before, before)).toEqual([]);
  });

  it('sees tiers that the operator sets, and who approves', () => {
    const ask = (approver: string): PolicyInput =>
      policyOf([{ id: 'ask', effect: 'ask', tools: { allow: ['drop'] }, approver }]);
    expect(diff(ask('user'), ask('approver'))).toHaveLength(6);
    const rules: PolicyInput['rules'] = [{ id: 'r', effect: 'allow', tools: 'all', upTo: 'read' }];
    const changes = diff(
      policyOf(rules),
      policyOf(rules, { tiers: [{ tools: { allow: ['read'] }, tier: 'read' }] }),
    );
    expect(changes.map(({ target, tier, after }) => [target.name, tier, after])).toEqual([
      ['read', 'write', 'allow'],
      ['read', 'destructive', 'allow'],
      ['read', 'write', 'allow'],
      ['read', 'destructive', 'allow'],
    ]);
  });

  it('says "undetermined" where arguments matter, with a witness', () => {
    const limit = (most: number): PolicyInput =>
      policyOf([{ id: 'few', effect: 'allow', tools: { allow: ['read'] }, when: `args.n < ${most}` }]);
    const [change, ...more] = diff(limit(3), limit(9), ['{"n":1}', '{"n":5}']);
    expect(more).toHaveLength(5);
    expect(change).toMatchObject({
      before: 'undetermined',
      after: 'undetermined',
      conditions: ['few: args.n < 3', 'few: args.n < 9'],
      witness: { argumentsText: '{"n":5}', before: 'deny', after: 'allow' },
    });
    expect(diff(limit(3), limit(3))).toEqual([]);
    const fromTests: PolicyInput = {
      ...limit(9),
      tests: [
        { name: 'five', principal: { id: 'alice' }, call: 'read', arguments: { n: 5 }, expect: 'allow' },
      ],
    };
    expect(diff(limit(3), fromTests)[0]?.witness?.after).toBe('allow');
    expect(diff(policyOf([]), limit(3))[0]).toMatchObject({ before: 'deny', after: 'undetermined' });
  });

  // guard: policy/same-answers
  it('is complete: what it does not list has the same answers', () => {
    let same = 0;
    for (let seed = 0; seed < 60; seed++) {
      const random = new RandomPolicies(seed);
      const before = random.policy();
      const after: PolicyInput = { ...before, rules: before.rules?.slice(1) };
      const [old, now] = [new CompiledPolicy(before), new CompiledPolicy(after)];
      for (let at = 0; at < 5; at++) {
        const { principal, target, ...rest } = random.request();
        const changes = diffPolicies(before, after, [principal], [target], { nowMs: rest.nowMs });
        for (const tier of ['read', 'write', 'destructive'] as const) {
          const request = { principal, target: withTier(target, tier), ...rest };
          const differs = old.decide(request).effect !== now.decide(request).effect;
          const isListed = changes.some((change) => change.tier === tier);
          if (!isListed) same++;
          if (target.kind === 'tools' && differs) expect(isListed).toBe(true);
        }
      }
    }
    expect(same).toBeGreaterThan(200);
  });
});
