import { describe, expect, it } from '@jest/globals';
import { CompiledPolicy } from '../compiled-policy.ts';
import { parsePolicy } from './parse-policy.ts';
import { policyJsonSchema } from './policy-schema.ts';

const EVERYBODY = [{ roles: ['user'], principals: ['*'] }];

describe('parsePolicy', () => {
  it('fills in every default', () => {
    expect(parsePolicy({})).toEqual({
      use: [],
      bindings: [],
      rules: [],
      tiers: [],
      paths: { roots: ['.'] },
      maxCost: 100_000,
      tests: [],
    });
    expect(
      parsePolicy({ bindings: EVERYBODY, rules: [{ id: 'r', effect: 'allow', tools: 'all' }] }),
    ).toMatchObject({
      bindings: [{ tenant: 'default' }],
      rules: [
        {
          servers: 'all',
          resources: 'none',
          prompts: 'none',
          extensions: 'none',
          operations: 'none',
          from: 'read',
          upTo: 'destructive',
          approver: 'user',
        },
      ],
    });
  });

  // guard: policy/bound-to-nobody
  it.each([
    ['an unknown key', { rule: [] }, 'policy: has no setting "rule"'],
    [
      'an unknown mode',
      { rules: [{ id: 'r', effect: 'allow', tools: 'some' }] },
      'rules.0.tools: must be "all"',
    ],
    ['a rule about nothing', { rules: [{ id: 'r', effect: 'allow' }] }, 'names none of tools'],
    ['a role of nobody', { rules: [{ id: 'r', effect: 'allow', tools: 'all', roles: ['x'] }] }, 'role "x"'],
    [
      'an approver of nobody',
      { rules: [{ id: 'r', effect: 'ask', tools: 'all', approver: 'x' }] },
      'role "x"',
    ],
    [
      'an approver of what nobody holds',
      { rules: [{ id: 'r', effect: 'allow', tools: 'all', approver: 'admin' }] },
      'approver belongs to ask rules',
    ],
    [
      'two rules of one id',
      { rules: ['deny', 'allow'].map((effect) => ({ id: 'r', effect, tools: 'all' })) },
      'another rule has this id',
    ],
    [
      'the id of a built-in rule',
      { rules: [{ id: 'role:admin', effect: 'deny', tools: 'all' }] },
      'another rule',
    ],
    ['a binding of everybody by accident', { bindings: [{ roles: ['user'] }] }, 'names no principals'],
    [
      'a test at no time',
      { tests: [{ name: 't', principal: { id: 'a' }, call: 'x', at: 'noon', expect: 'deny' }] },
      'tests.0.at',
    ],
  ])('refuses %s', (_what, input, why) => {
    expect(() => parsePolicy(input)).toThrow(why);
    expect(() => parsePolicy(input)).toThrow(expect.objectContaining({ code: 'OMNI_CONFIG_INVALID' }));
  });

  it('names the rule whose condition is none', () => {
    const rules = [{ id: 'bad', effect: 'allow', tools: 'all', when: 'args.' }];
    expect(() => new CompiledPolicy({ rules })).toThrow(/^Rule "bad": The condition/);
  });
});

describe('policyJsonSchema', () => {
  it('describes every setting', () => {
    const missing: string[] = [];
    walk(policyJsonSchema(), 'policy', missing);
    expect(missing).toEqual([]);
  });
});

/** Members of principals in tests speak for themselves. */
const UNDESCRIBED = /\.(?:allow|deny)$|\.tests\.principal\./;

function walk(schema: unknown, path: string, missing: string[]): void {
  if (typeof schema !== 'object' || schema === null) return;
  const {
    properties = {},
    items,
    anyOf = [],
  } = schema as {
    readonly properties?: Readonly<Record<string, { readonly description?: string }>>;
    readonly items?: unknown;
    readonly anyOf?: readonly unknown[];
  };
  for (const [key, member] of Object.entries(properties)) {
    if (member.description === undefined && !UNDESCRIBED.test(`${path}.${key}`))
      missing.push(`${path}.${key}`);
    walk(member, `${path}.${key}`, missing);
  }
  walk(items, path, missing);
  for (const one of anyOf) walk(one, path, missing);
}
