import { describe, expect, it } from '@jest/globals';
import { GrantTable, MAX_PLANS, rememberPlan } from './grants.ts';

describe('GrantTable', () => {
  const table = new GrantTable([{ roles: ['user'], tenant: 'default', principals: ['a*'] }]);

  it('remembers a principal while it is the same', () => {
    const alice = { id: 'alice', kind: 'token', claims: { level: 1 } } as const;
    expect(table.of(alice)).toBe(table.of({ ...alice }));
    expect(table.of(alice)).not.toBe(table.of({ ...alice, claims: { level: 1 } }));
    expect(table.of({ id: 'bob', kind: 'token' }).roles.size).toBe(0);
  });

  it('forgets principals that have not asked for long', () => {
    const first = table.of({ id: 'a', kind: 'token' });
    for (let at = 0; at < 1_000; at++) table.of({ id: `a${at}`, kind: 'token' });
    expect(table.of({ id: 'a', kind: 'token' })).not.toBe(first);
  });

  // guard: policy/bounded-plans
  it('remembers so many targets of a principal, and none of others goes for them', () => {
    const grants = table.of({ id: 'alice', kind: 'token' });
    const other = table.of({ id: 'amy', kind: 'token' });
    const plan = {
      kind: 'settled',
      decision: { effect: 'deny', layer: 'default', why: '', tier: 'read' },
    } as const;
    rememberPlan(other, 'tool', plan);
    for (let at = 0; at < 3 * MAX_PLANS; at++) rememberPlan(grants, `resource ${at}`, plan);
    expect(grants.plans.size).toBe(MAX_PLANS);
    expect(grants.plans.has(`resource ${3 * MAX_PLANS - 1}`)).toBe(true);
    expect(other.plans.has('tool')).toBe(true);
  });
});
