import { describe, expect, it } from '@jest/globals';
import { GatewayError } from '@omni/ports';
import { VirtualClock } from '@omni/testing';
import { type Override, type OverrideChange, Overrides } from './overrides.ts';

const OPEN: Override = { kind: 'breaker', state: 'open' };
const ADD = { method: 'tools/call', name: 'add' };

class Scene {
  readonly clock = new VirtualClock();
  readonly changes: string[] = [];
  readonly overrides = new Overrides({
    clock: this.clock,
    check: (upstream) => {
      if (upstream !== 'up' && upstream !== 'down') throw new GatewayError('OMNI_SERVER_UNKNOWN', upstream);
    },
  });

  constructor() {
    this.overrides.subscribe(
      ({ change, target: { upstream, called }, override }: OverrideChange) =>
        void this.changes.push(`${change} ${override.kind} ${upstream} ${called?.name ?? ''}`.trim()),
    );
  }
}

it.each([
  [{ kind: 'readonly' }, 'there is no override of the kind "readonly"'],
  [{ kind: 'breaker', state: 'opened' }, 'a breaker is held open or closed'],
])('is refused where it would do nothing: %j', (override, problem) => {
  const overrides = new Overrides({ clock: new VirtualClock(), check: () => {} });
  expect(() => overrides.set({ upstream: 'up' }, override as Override)).toThrow(problem);
});

it('is as it was when it was set', () => {
  const clock = new VirtualClock();
  const overrides = new Overrides({ clock, check: () => {} });
  const rate = { perSecond: 1, burst: 1 };
  const [a, b] = ['a', 'b'].map((name) => ({ upstream: 'up', called: { method: 'tools/call', name } }));
  if (a === undefined || b === undefined) throw new TypeError('there are two');
  for (const target of [a, b]) overrides.set(target, { kind: 'throttle', rate });
  rate.perSecond = 100;
  const [first, second] = [a, b].map(({ called }) => overrides.of('up')?.('throttle', called)?.rate);
  expect(first).toEqual({ perSecond: 1, burst: 1 });
  expect(first).not.toBe(second);
});

describe('overrides', () => {
  it('are in force until they are cleared', () => {
    const { overrides, changes } = new Scene();
    expect([overrides.isEmpty, overrides.of('up')]).toEqual([true, undefined]);
    overrides.set({ upstream: 'up' }, OPEN);
    expect(overrides.of('up')?.('breaker', ADD)).toEqual(OPEN);
    expect(overrides.of('up')?.('throttle', ADD)).toBeUndefined();
    expect(overrides.of('down')).toBeUndefined();
    expect(overrides.list()).toEqual([{ target: { upstream: 'up' }, override: OPEN, author: 'owner' }]);
    expect(overrides.clear({ upstream: 'up' }, 'breaker')).toBe(true);
    expect(overrides.clear({ upstream: 'up' }, 'breaker')).toBe(false);
    expect([overrides.isEmpty, changes]).toEqual([true, ['set breaker up', 'cleared breaker up']]);
  });

  it('of one tool come before those of its server', () => {
    const { overrides } = new Scene();
    overrides.set({ upstream: 'up' }, OPEN);
    overrides.set({ upstream: 'up', called: ADD }, { kind: 'breaker', state: 'closed' });
    const find = overrides.of('up');
    expect(find?.('breaker', ADD)?.state).toBe('closed');
    expect(find?.('breaker', { method: 'tools/call', name: 'other' })?.state).toBe('open');
    expect([overrides.isOnAll('up', 'breaker'), overrides.isOnAll('down', 'breaker')]).toEqual([true, false]);
  });

  // guard: overrides/expiry
  it('end by themselves when their time is over, counted from the last word', () => {
    const { overrides, clock, changes } = new Scene();
    overrides.set({ upstream: 'up' }, OPEN, { forMs: 1_000 });
    expect(overrides.list('up')[0]?.until).toBe(clock.now() + 1_000);
    clock.advance(900);
    overrides.set({ upstream: 'up' }, OPEN, { forMs: 1_000 });
    clock.advance(900);
    expect(overrides.isEmpty).toBe(false);
    clock.advance(100);
    expect([overrides.isEmpty, changes.at(-1), clock.pendingTimers]).toEqual([true, 'expired breaker up', 0]);
  });

  it('end by the wall clock, which is set forward and back', () => {
    const { overrides, clock } = new Scene();
    overrides.set({ upstream: 'up' }, OPEN, { forMs: 3_600_000 });
    overrides.set({ upstream: 'down' }, OPEN, { forMs: 7_200_000 });
    clock.setWallClock(clock.now() + 3_600_000);
    clock.advance(60_000);
    expect(overrides.list().map(({ target }) => target.upstream)).toEqual(['down']);
    clock.setWallClock(clock.now() - 3_600_000);
    clock.advance(3_600_000);
    expect(overrides.isEmpty).toBe(false);
    clock.advance(3_600_000);
    expect([overrides.isEmpty, clock.pendingTimers]).toEqual([true, 0]);
  });

  it('may be in force for longer than a timer waits', () => {
    const { overrides, clock } = new Scene();
    const { after } = clock;
    clock.after = (delayMs, action) => after.call(clock, Math.min(delayMs, 2 ** 31 - 1), action);
    overrides.set({ upstream: 'up' }, OPEN, { forMs: 30 * 86_400_000 });
    clock.advance(29 * 86_400_000);
    expect(overrides.isEmpty).toBe(false);
  });

  it('end with their server', () => {
    const { overrides, clock, changes } = new Scene();
    overrides.set({ upstream: 'up' }, { kind: 'hide' }, { forMs: 1_000 });
    overrides.set({ upstream: 'up', called: ADD }, { kind: 'read-only' });
    overrides.set({ upstream: 'down' }, { kind: 'hide' });
    overrides.forget('up');
    expect(overrides.list().map(({ target }) => target.upstream)).toEqual(['down']);
    expect(changes.slice(-2)).toEqual(['forgotten hide up', 'forgotten read-only up add']);
    expect(clock.pendingTimers).toBe(0);
  });

  it.each<[string, string, Override, number | undefined]>([
    ['of a server that is not there', 'other', OPEN, undefined],
    ['that let nothing through', 'up', { kind: 'throttle', rate: { perSecond: 0, burst: 1 } }, undefined],
    [
      'whose numbers are none',
      'up',
      { kind: 'throttle', rate: { perSecond: Number.NaN, burst: 1 } },
      undefined,
    ],
    ['for no time', 'up', OPEN, 0],
  ])('are refused that are %s', (_what, upstream, override, forMs) => {
    const { overrides, changes } = new Scene();
    expect(() => overrides.set({ upstream }, override, forMs === undefined ? {} : { forMs })).toThrow(
      GatewayError,
    );
    expect([overrides.isEmpty, changes]).toEqual([true, []]);
  });
});
