import { describe, expect, it } from '@jest/globals';
import { OMNI } from '@omni/ports';
import { CompiledPolicy } from './compiled-policy.ts';
import type { PolicyInput } from './document/policy-schema.ts';
import { NO_POLICY } from './policy.ts';
import { call, EVERYBODY, READ, tool, user, WRITE } from './policy.fixture.ts';

const ALICE = user('alice');
const OWNER = user(OMNI.id, { kind: OMNI.kind });

function policyOf(rules: PolicyInput['rules'], more: Partial<PolicyInput> = {}): CompiledPolicy {
  return new CompiledPolicy({ bindings: EVERYBODY, rules, ...more });
}

describe('NO_POLICY', () => {
  const target = tool('read');
  const operation = { kind: 'operations', server: '', name: 'omni:servers.stop' } as const;

  // guard: policy/nothing-granted
  it.each([
    ['the owner', OWNER, true, true],
    ['the token of the owner', user('owner'), true, true],
    ['a configured token', user('ci'), true, false],
    ['anonymous clients of open mode', user('anonymous', { kind: 'anonymous' }), true, false],
    ['a certificate', user('cn', { kind: 'certificate' }), false, false],
  ])('lets %s do what is theirs', (_who, principal, mayCall, mayManage) => {
    for (const [what, may] of [
      [target, mayCall],
      [operation, mayManage],
    ] as const) {
      expect(NO_POLICY.decide(call(principal, what)).effect).toBe(may ? 'allow' : 'deny');
      expect(NO_POLICY.mayBeAllowed(principal, what)).toBe(may);
    }
  });

  it('shows clients of one kind the same', () => {
    expect(NO_POLICY.viewKeyOf(user('ci'))).toBe(NO_POLICY.viewKeyOf(user('other')));
    expect(NO_POLICY.viewKeyOf(user('owner'))).not.toBe(NO_POLICY.viewKeyOf(user('other')));
  });
});

describe('CompiledPolicy', () => {
  it('denies everything that no rule allows [S003-SC-02]', () => {
    const policy = policyOf([{ id: 'search', effect: 'allow', tools: { allow: ['search'] } }]);
    expect(policy.decide(call(ALICE, tool('search')))).toMatchObject({ effect: 'allow', rule: 'search' });
    expect(policy.decide(call(ALICE, tool('read')))).toEqual({
      effect: 'deny',
      layer: 'default',
      why: 'No rule allows it.',
      tier: 'read',
    });
    expect(new CompiledPolicy({}).decide(call(ALICE, tool('search')))).toMatchObject({ layer: 'tenant' });
  });

  // guard: policy/denied-names
  it.each([
    ['all', [true, true]],
    [{ allow: ['read_*'] }, [true, false]],
    [{ deny: ['read_*'] }, [false, true]],
    ['none', [false, false]],
  ] as const)('knows the mode %j on every kind of thing [X001-04]', (mode, [first, second]) => {
    for (const kind of ['tools', 'resources', 'prompts', 'extensions', 'operations'] as const) {
      const scope = typeof mode === 'string' ? mode : structuredClone(mode);
      const other = kind === 'tools' ? 'prompts' : 'tools';
      const policy = policyOf([
        { id: 'one', effect: 'allow', roles: ['user'], [kind]: scope as 'all', [other]: { allow: ['x'] } },
      ]);
      const answers = ['read_a', 'write_a'].map(
        (name) => policy.decide(call(ALICE, tool(name, { kind }))).effect === 'allow',
      );
      expect(answers).toEqual([first, second]);
    }
  });

  it('gives a role what it has on its servers alone [X001-04]', () => {
    const policy = new CompiledPolicy({
      bindings: [
        { roles: ['dev'], groups: ['dev-*'] },
        { roles: ['sales'], claims: { department: 'sales' } },
      ],
      rules: [
        { id: 'dev', effect: 'allow', roles: ['dev'], servers: { allow: ['git*'] }, tools: 'all' },
        { id: 'sales', effect: 'allow', roles: ['sales'], servers: { deny: ['git*'] }, tools: 'all' },
      ],
    });
    const dev = user('d', { groups: ['dev-web'] });
    const sales = user('s', { claims: { department: ['sales', 'support'] } });
    const git = tool('log', { server: 'github' });
    const crm = tool('log', { server: 'crm' });
    expect([git, crm].map((target) => policy.mayBeAllowed(dev, target))).toEqual([true, false]);
    expect([git, crm].map((target) => policy.mayBeAllowed(sales, target))).toEqual([false, true]);
    expect(policy.mayBeAllowed(user('d'), git)).toBe(false);
  });

  it('lets deny beat ask, and ask beat allow, in any order', () => {
    const rules = [
      { id: 'allow', effect: 'allow', tools: 'all' },
      { id: 'deny', effect: 'deny', tools: { allow: ['drop'] } },
      { id: 'ask', effect: 'ask', tools: { allow: ['drop', 'write'] }, approver: 'approver' },
    ] as const;
    for (const order of [rules, [...rules].reverse()]) {
      const policy = policyOf(structuredClone(order) as unknown as PolicyInput['rules']);
      const effects = ['read', 'write', 'drop'].map((name) => policy.decide(call(ALICE, tool(name))).effect);
      expect(effects).toEqual(['allow', 'ask', 'deny']);
      expect(policy.decide(call(ALICE, tool('write'))).approver).toBe('approver');
      expect(policy.mayBeAllowed(ALICE, tool('write'))).toBe(true);
      expect(policy.mayBeAllowed(ALICE, tool('drop'))).toBe(false);
    }
  });

  // guard: policy/tenants
  it('lets no role count in another tenant', () => {
    const policy = new CompiledPolicy({
      bindings: [
        { roles: ['admin', 'user'], principals: ['alice'], tenant: 'acme' },
        { roles: ['viewer'], principals: ['alice'], tenant: 'globex' },
      ],
      rules: [
        { id: 'users', effect: 'allow', roles: ['user'], tools: 'all' },
        { id: 'all', effect: 'allow', prompts: 'all' },
      ],
    });
    const answerIn = (tenant: string, kind: 'tools' | 'prompts' | 'operations', name: string) =>
      policy.decide(call(ALICE, tool(name, { kind, tenant }))).effect;
    expect(answerIn('acme', 'tools', 'read')).toBe('allow');
    expect(answerIn('globex', 'tools', 'read')).toBe('deny');
    expect(answerIn('default', 'prompts', 'hello')).toBe('deny');
    expect(answerIn('globex', 'prompts', 'hello')).toBe('allow');
    expect(answerIn('acme', 'operations', 'omni:servers.stop')).toBe('allow');
    expect(answerIn('globex', 'operations', 'omni:servers.stop')).toBe('deny');
  });

  it('gives the built-in roles their operations, and admin to the owner', () => {
    const roles = ['viewer', 'operator', 'approver', 'auditor', 'admin'];
    const policy = new CompiledPolicy({
      bindings: roles.map((role) => ({ roles: [role], principals: [role] })),
    });
    const may = (id: string, name: string): boolean =>
      policy.decide(call(user(id), { kind: 'operations', server: '', name })).effect === 'allow';
    const table = ['servers.read', 'servers.stop', 'approvals.decide', 'audit.read', 'definitions.write'].map(
      (act) => [act, ...[...roles, 'owner', 'alice'].filter((id) => may(id, `omni:${act}`))],
    );
    expect(table).toEqual([
      ['servers.read', 'viewer', 'operator', 'admin', 'owner'],
      ['servers.stop', 'operator', 'admin', 'owner'],
      ['approvals.decide', 'approver', 'admin', 'owner'],
      ['audit.read', 'auditor', 'admin', 'owner'],
      ['definitions.write', 'admin', 'owner'],
    ]);
    expect(policy.mayBeAllowed(user('admin'), tool('read'))).toBe(false);
  });

  describe('tiers', () => {
    const upTo = (tier: 'read' | 'write' | 'destructive') =>
      policyOf([{ id: 'up', effect: 'allow', tools: 'all', upTo: tier }]);

    it('have those below them', () => {
      const tools = [
        tool('t'),
        tool('t', { hints: WRITE }),
        tool('t', { hints: { ...WRITE, isDestructive: true } }),
      ];
      const allowed = (['read', 'write', 'destructive'] as const).map((tier) =>
        tools.map((target) => upTo(tier).mayBeAllowed(ALICE, target)),
      );
      expect(allowed).toEqual([
        [true, false, false],
        [true, true, false],
        [true, true, true],
      ]);
    });

    // guard: policy/untrusted-hints
    it('do not come from annotations of a server that is not trusted, or from none', () => {
      expect(upTo('write').tierOf(tool('t', { trustsHints: false }))).toBe('destructive');
      expect(upTo('write').tierOf(tool('t', { hints: undefined }))).toBe('destructive');
      expect(upTo('write').tierOf({ kind: 'tools', server: 's', name: 't', hints: READ })).toBe(
        'destructive',
      );
      expect(upTo('write').mayBeAllowed(ALICE, tool('t', { trustsHints: false }))).toBe(false);
    });

    it('come from the operator first', () => {
      const policy = policyOf([{ id: 'up', effect: 'allow', tools: 'all', upTo: 'read' }], {
        tiers: [
          { servers: { allow: ['files'] }, tools: { allow: ['list*'] }, tier: 'read' },
          { tools: { allow: ['list*', 'liar'] }, tier: 'write' },
        ],
      });
      expect(policy.tierOf(tool('list', { hints: undefined }))).toBe('read');
      expect(policy.tierOf(tool('list', { server: 'other', hints: undefined }))).toBe('write');
      expect(policy.tierOf(tool('liar'))).toBe('write');
    });

    it('begin where a rule says', () => {
      const policy = policyOf([
        { id: 'all', effect: 'allow', tools: 'all' },
        { id: 'ask', effect: 'ask', tools: 'all', from: 'write' },
      ]);
      expect(policy.decide(call(ALICE, tool('t'))).effect).toBe('allow');
      expect(policy.decide(call(ALICE, tool('t', { hints: WRITE }))).effect).toBe('ask');
    });
  });

  describe('conditions', () => {
    const when = (text: string, effect: 'allow' | 'deny' | 'ask' = 'allow') =>
      policyOf([
        { id: 'base', effect: 'allow', tools: { allow: ['base*'] } },
        { id: 'cel', effect, tools: 'all', when: text },
      ]);

    it('look at the principal, the target, annotations, arguments and the time', () => {
      const facts = [
        'principal.id == "alice" && "dev" in principal.groups && principal.claims.level == 2',
        'target.server == "files" && target.kind == "tools" && target.tier == "read"',
        'annotations.readOnlyHint && !annotations.destructiveHint',
        'args.repo == "acme/x"',
        'now.getHours() == 12',
      ];
      const dev = user('alice', { groups: ['dev'], claims: { level: 2 } });
      for (const text of facts) {
        const { effect } = when(text).decide(call(dev, tool('t'), { repo: 'acme/x' }));
        expect([text, effect]).toEqual([text, 'allow']);
        const other = user('bob', { groups: [], claims: {} });
        const midnight = Date.parse('2026-01-01T00:00:00Z');
        const target = tool('t', { server: 'other', hints: WRITE });
        const { effect: denied } = when(text).decide(call(other, target, { repo: 'x' }, midnight));
        expect([text, denied]).toEqual([text, 'deny']);
      }
    });

    // guard: policy/failed-condition
    it.each(['allow', 'ask', 'deny'] as const)(
      'deny a call when one of a rule that would %s fails',
      (effect) => {
        for (const text of [
          'args.missing == 1',
          'args.text > 3',
          'args.n + 9223372036854775807 > 0',
          'args.text',
        ])
          expect(when(text, effect).decide(call(ALICE, tool('base'), { text: 'a', n: 1 }))).toMatchObject({
            effect: 'deny',
            layer: 'condition',
            rule: 'cel',
          });
        const settled = when('principal.claims.level > 1', effect);
        expect(settled.decide(call(ALICE, tool('base')))).toMatchObject({ layer: 'condition' });
        expect(settled.mayBeAllowed(ALICE, tool('base'))).toBe(false);
        expect(when('has(args.missing)', 'deny').decide(call(ALICE, tool('base'), {})).effect).toBe('allow');
      },
    );

    // guard: policy/cost
    it('deny a call when one would cost more than it may', () => {
      const text = 'args.list.all(one, args.list.exists(other, one == other))';
      const list = Array.from({ length: 400 }, (_, at) => at);
      expect(when(text).decide(call(ALICE, tool('t'), { list: list.slice(0, 40) })).effect).toBe('allow');
      expect(when(text).decide(call(ALICE, tool('t'), { list }))).toMatchObject({
        effect: 'deny',
        layer: 'condition',
      });
      const dear = policyOf([{ id: 'cel', effect: 'allow', tools: 'all', when: text }], {
        maxCost: 10_000_000,
      });
      expect(dear.decide(call(ALICE, tool('t'), { list })).effect).toBe('allow');
    });

    it('refuse arguments whose keys stand twice, or whose numbers are not exact', () => {
      const policy = when('args.n == 9007199254740993');
      const effectOf = (text: string) => policy.decide(call(ALICE, tool('t'), text));
      expect(effectOf('{"n":9007199254740993}').effect).toBe('allow');
      expect(effectOf('{"n":9007199254740992}').effect).toBe('deny');
      expect(effectOf('{"n":1,"n":9007199254740993}')).toEqual({
        effect: 'deny',
        layer: 'arguments',
        why: 'The key "n" stands twice.',
        tier: 'read',
      });
      expect(effectOf('{"n":9007199254740993.0}').layer).toBe('arguments');
      expect(effectOf('{"n":18446744073709551616}').layer).toBe('arguments');
      expect(effectOf('[]').layer).toBe('arguments');
    });

    it('hide only what is certainly denied', () => {
      const shown = (text: string, effect: 'allow' | 'deny' = 'allow', name = 't') =>
        when(text, effect).mayBeAllowed(ALICE, tool(name));
      expect(shown('args.n == 1')).toBe(true);
      expect(shown('now.getHours() < 3')).toBe(true);
      expect(shown('principal.id == "bob" && args.n == 1')).toBe(false);
      expect(shown('args.n == 1 && principal.id == "bob"')).toBe(false);
      expect(shown('args.n == 1', 'deny', 'base')).toBe(true);
      expect(shown('principal.id == "alice" || args.n == 1', 'deny', 'base')).toBe(false);
      expect(shown('args.n == 1', 'deny')).toBe(false);
    });
  });

  // guard: policy/changed-principal
  it('notices that claims and groups of a principal have changed', () => {
    const policy = new CompiledPolicy({
      bindings: [{ roles: ['dev'], groups: ['dev'] }],
      rules: [{ id: 'dev', effect: 'allow', tools: 'all' }],
    });
    expect(policy.mayBeAllowed(user('alice', { groups: ['dev'] }), tool('t'))).toBe(true);
    expect(policy.mayBeAllowed(user('alice', { groups: ['sales'] }), tool('t'))).toBe(false);
    expect(policy.mayBeAllowed(user('alice', { groups: ['dev'], kind: 'certificate' }), tool('t'))).toBe(
      true,
    );
    expect(policy.mayBeAllowed(user('alice'), tool('t'))).toBe(false);
  });

  it('denies what a condition asks of claims that cannot be read', () => {
    const policy = policyOf([{ id: 'cel', effect: 'allow', tools: 'all', when: 'principal.id == "alice"' }]);
    const claims: Record<string, unknown> = {};
    claims['self'] = claims;
    const alice = user('alice', { claims });
    expect(policy.decide(call(alice, tool('t')))).toMatchObject({ layer: 'condition' });
    expect(policy.viewKeyOf(alice)).toBe(policy.viewKeyOf({ ...alice, id: 'bob' }));
  });

  // guard: policy/view-of-principal
  it('has one view for all with the same roles, unless a condition looks at more of them', () => {
    const byRole = policyOf([{ id: 'all', effect: 'allow', tools: 'all', when: 'args.n == 1' }]);
    expect(byRole.viewKeyOf(ALICE)).toBe(byRole.viewKeyOf(user('bob')));
    const byId = policyOf([{ id: 'all', effect: 'allow', tools: 'all', when: 'principal.id == "alice"' }]);
    expect(byId.viewKeyOf(ALICE)).not.toBe(byId.viewKeyOf(user('bob')));
  });

  describe('safe-defaults [X002-05]', () => {
    const policy = new CompiledPolicy({
      use: ['safe-defaults'],
      bindings: EVERYBODY,
      rules: [{ id: 'all', effect: 'allow', tools: 'all', resources: 'all' }],
      paths: { roots: ['/srv/data'] },
    });

    it.each([
      ['delete-repo', false],
      ['remove-user', false],
      ['delete_file', false],
      ['remove_file', false],
      ['undelete-repo', true],
      ['list-deletes', true],
    ])('say of the tool %s that it may be called: %j', (name, may) => {
      expect(policy.mayBeAllowed(ALICE, tool(name))).toBe(may);
    });

    it('are read-only', () => {
      expect(policy.decide(call(ALICE, tool('t', { hints: WRITE })))).toMatchObject({
        effect: 'deny',
        rule: 'safe-defaults:read-only',
      });
      expect(policy.mayBeAllowed(ALICE, tool('t', { trustsHints: false }))).toBe(false);
      expect(policy.mayBeAllowed(ALICE, tool('t', { kind: 'extensions' }))).toBe(false);
    });

    it('confine paths', () => {
      const effectOf = (args: unknown) => policy.decide(call(ALICE, tool('t'), args)).effect;
      expect(effectOf({ path: '/srv/data/a' })).toBe('allow');
      expect(effectOf({ path: '/srv/data/../secret' })).toBe('deny');
      expect(effectOf({ query: '/etc/passwd' })).toBe('allow');
      expect(effectOf({ options: [{ targetFile: '/etc/passwd' }] })).toBe('deny');
      const file = (name: string) => policy.mayBeAllowed(ALICE, tool(name, { kind: 'resources' }));
      expect(file('file:///srv/data/a')).toBe(true);
      expect(file('file:///etc/passwd')).toBe(false);
      expect(file('docs://etc/passwd')).toBe(true);
    });

    it('declare a token budget, which a policy may set', () => {
      expect(policy.tokenBudget).toBe(25_000);
      expect(new CompiledPolicy({ use: ['safe-defaults'], tokenBudget: 9 }).tokenBudget).toBe(9);
      expect(new CompiledPolicy({}).tokenBudget).toBeUndefined();
    });

    it('let everybody with a role read, where no rule is written', () => {
      const bare = new CompiledPolicy({ use: ['safe-defaults'], bindings: EVERYBODY });
      expect(bare.mayBeAllowed(ALICE, tool('search'))).toBe(true);
      expect(bare.decide(call(ALICE, tool('read'), { path: 'a/b' })).effect).toBe('allow');
      expect(bare.decide(call(ALICE, tool('read'), { path: '../b' })).effect).toBe('deny');
    });
  });
});
