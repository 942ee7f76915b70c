import type { StatusLevel } from '@omni/ports';
import { describe, expect, it } from '@jest/globals';
import { rollUpLiveness, rollUpReadiness, type ComponentHealth, type HealthFacts } from './health-rollup.ts';

describe('health roll-up', () => {
  it.each<[critical: StatusLevel[], others: StatusLevel[], level: StatusLevel, ready: boolean]>([
    [[], [], 'ok', true],
    [['ok'], [], 'ok', true],
    [['ok'], ['ok'], 'ok', true],
    [['warn'], [], 'warn', true],
    [['unknown'], [], 'unknown', false],
    [['error'], [], 'error', false],
    [['ok', 'error'], [], 'error', false],
    [['unknown', 'error'], [], 'error', false],
    [['warn', 'unknown'], [], 'unknown', false],
    [['ok'], ['warn'], 'warn', true],
    [['ok'], ['unknown'], 'warn', true],
    [['ok'], ['error'], 'warn', true],
    [[], ['error'], 'warn', true],
    [['warn'], ['error'], 'warn', true],
    [['unknown'], ['error'], 'unknown', false],
    [['error'], ['ok'], 'error', false],
  ])('critical %j with others %j is %s, ready: %s [S003-HM-02]', (critical, others, level, ready) => {
    const facts = factsOf(critical, others);
    expect(rollUpReadiness(facts)).toMatchObject({ level, ready, live: true, reason: undefined });
    expect(rollUpLiveness(facts)).toMatchObject({ level: 'ok', ready, live: true, reason: undefined });
  });

  it('is not ready while it does not accept work, however well the components are', () => {
    const facts = { ...factsOf(['ok'], ['ok']), isAccepting: false };
    expect(rollUpReadiness(facts)).toMatchObject({
      ready: false,
      live: true,
      level: 'error',
      reason: 'not accepting work',
    });
    expect(rollUpLiveness(facts)).toMatchObject({ ready: false, live: true, level: 'ok', reason: undefined });
  });

  it('is neither live nor ready after something fatal [S003-HM-02]', () => {
    const facts = { ...factsOf(['ok'], ['ok']), fatal: 'out of memory' };
    expect(rollUpReadiness(facts)).toMatchObject({
      ready: false,
      live: false,
      level: 'error',
      reason: 'out of memory',
    });
    expect(rollUpLiveness(facts)).toMatchObject({
      ready: false,
      live: false,
      level: 'error',
      reason: 'out of memory',
    });
  });

  it('calls readiness ok or warn exactly when it is ready, over all pairs of levels', () => {
    const levels: StatusLevel[] = ['ok', 'warn', 'error', 'unknown'];
    for (const critical of levels) {
      for (const other of levels) {
        for (const isAccepting of [true, false]) {
          const { ready, level } = rollUpReadiness({ ...factsOf([critical], [other]), isAccepting });
          expect(ready).toBe(level === 'ok' || level === 'warn');
        }
      }
    }
  });

  // What each scope says of: Omni's own part, a critical server, another server.
  it.each<[own: StatusLevel, critical: StatusLevel, other: StatusLevel, core: boolean, all: boolean]>([
    ['ok', 'ok', 'ok', true, true],
    ['ok', 'ok', 'warn', true, true],
    ['ok', 'ok', 'error', true, false],
    ['ok', 'ok', 'unknown', true, false],
    ['ok', 'error', 'ok', true, false],
    ['ok', 'unknown', 'ok', true, false],
    ['error', 'ok', 'ok', false, false],
    ['unknown', 'ok', 'ok', false, false],
    ['warn', 'warn', 'warn', true, true],
  ])('own %s, critical server %s, other server %s: core %s, all %s ', (...row) => {
    const [own, critical, other, isCoreReady, isAllReady] = row;
    const { components, ...facts } = factsOf([own, critical], [other]);
    const named = components.map((component, index) =>
      index === 0 ? component : { ...component, server: component.name },
    );
    const readyIn = (scope: 'core' | 'critical' | 'all'): boolean =>
      rollUpReadiness({ ...facts, components: named }, scope).ready;
    expect([readyIn('core'), readyIn('all')]).toEqual([isCoreReady, isAllReady]);
    // The default lies between the two.
    expect(readyIn('critical')).toBe(isCoreReady && ['ok', 'warn'].includes(critical));
  });

  it('lists components for readiness and none for liveness', () => {
    const facts = factsOf(['ok'], ['error']);
    expect(rollUpReadiness(facts).components).toEqual(facts.components);
    expect(rollUpLiveness(facts).components).toEqual([]);
  });
});

function factsOf(critical: readonly StatusLevel[], others: readonly StatusLevel[]): HealthFacts {
  const component =
    (isCritical: boolean) =>
    (level: StatusLevel, index: number): ComponentHealth => ({
      name: `${isCritical ? 'critical' : 'other'}-${index}`,
      critical: isCritical,
      level,
      details: {},
      since: 0,
      scorecard: { score: null, changes: [] },
    });
  return {
    isAccepting: true,
    fatal: undefined,
    components: [...critical.map(component(true)), ...others.map(component(false))],
  };
}
