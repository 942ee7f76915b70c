import type { StatusLevel } from '@omni/ports';
import { describe, expect, it } from '@jest/globals';
import { healthDocument } from './health-document.ts';
import { rollUpLiveness, rollUpReadiness, type ComponentHealth, type HealthFacts } from './health-rollup.ts';

describe('healthDocument', () => {
  it.each<[StatusLevel, boolean, string, string]>([
    ['ok', true, 'pass', 'pass'],
    ['warn', true, 'warn', 'warn'],
    ['error', true, 'fail', 'fail'],
    ['unknown', true, 'fail', 'fail'],
    ['ok', false, 'pass', 'pass'],
    ['error', false, 'warn', 'fail'],
    ['unknown', false, 'warn', 'fail'],
  ])('shows %s (critical: %s) as %s, and its check as %s', (level, critical, status, check) => {
    const document = healthDocument(rollUpReadiness(facts({ level, critical })));
    expect(document).toEqual({
      status,
      checks: {
        'upstream:a': [{ status: check, observedValue: level, critical, time: '2026-11-20T09:00:00.000Z' }],
      },
    });
  });

  it('says why nothing is accepted', () => {
    expect(healthDocument(rollUpReadiness({ isAccepting: false, fatal: undefined, components: [] }))).toEqual(
      {
        status: 'fail',
        output: 'not accepting work',
      },
    );
  });

  it('shows liveness without components', () => {
    expect(healthDocument(rollUpLiveness(facts({ level: 'error', critical: true })))).toEqual({
      status: 'pass',
    });
    expect(healthDocument(rollUpLiveness({ ...facts({}), fatal: 'no memory' }))).toEqual({
      status: 'fail',
      output: 'no memory',
    });
  });

  it('leaves details out: whoever reaches the page may read it', () => {
    const rollup = rollUpReadiness(facts({ details: { lastError: 'canary-url-and-token' } }));
    expect(JSON.stringify(rollup)).toContain('canary');
    expect(JSON.stringify(healthDocument(rollup))).not.toContain('canary');
  });

  it('takes __proto__ for a name like any other', () => {
    const document = healthDocument(rollUpReadiness(facts({ name: '__proto__' })));
    expect(JSON.parse(JSON.stringify(document))).toHaveProperty(
      ['checks', '__proto__', '0', 'status'],
      'pass',
    );
    expect(Object.hasOwn(document.checks ?? {}, '__proto__')).toBe(true);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, 8.64e15 + 1])(
    'leaves out a time that is no date: %s',
    (since) => {
      expect(healthDocument(rollUpReadiness(facts({ since }))).checks?.['upstream:a']?.[0]).toEqual({
        status: 'pass',
        observedValue: 'ok',
        critical: true,
      });
    },
  );
});

function facts(component: Partial<ComponentHealth>): HealthFacts {
  const whole = {
    name: 'upstream:a',
    critical: true,
    level: 'ok',
    details: {},
    since: Date.UTC(2026, 10, 20, 9),
    scorecard: { score: null, changes: [] },
    ...component,
  } as const;
  return { isAccepting: true, fatal: undefined, components: [whole] };
}
