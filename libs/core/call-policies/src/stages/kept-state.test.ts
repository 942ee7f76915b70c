import { describe, expect, it } from '@jest/globals';
import { DEFAULT_ROUTING, type UpstreamSpec } from '@omni/ports';
import { KeptState } from './kept-state.ts';
import { specWith } from './stage-scene.fixture.ts';

const ONE = { perSecond: 1, burst: 1 };

describe('what a policy keeps of an upstream', () => {
  function scene() {
    const reset: string[] = [];
    let made = 0;
    const state = new KeptState({
      settingsOf: ({ rate }) => rate ?? null,
      create: () => ++made,
      onReset: ({ name }, former) => void reset.push(`${name} ${former}`),
    });
    // What is edited in place.
    const spec: { -readonly [K in keyof UpstreamSpec]: UpstreamSpec[K] } = specWith({ rate: ONE });
    return { reset, state, spec };
  }

  it('is made when it is asked for', () => {
    const { state, spec } = scene();
    expect([state.find(spec), state.of(spec), state.find(spec)]).toEqual([undefined, 1, 1]);
    expect(state.of(specWith({}))).toBe(2);
  });

  // guard: policies/other-settings
  it('outlives edits of what it is not made of, and begins anew with others', () => {
    const { state, spec, reset } = scene();
    expect(state.of(spec)).toBe(1);
    spec.routing = { ...DEFAULT_ROUTING, deadlineMs: 5, rate: { ...ONE } };
    expect([state.of(spec), reset]).toEqual([1, []]);
    spec.routing = { ...DEFAULT_ROUTING, rate: { perSecond: 2, burst: 1 } };
    expect([state.find(spec), reset]).toEqual([undefined, ['up 1']]);
    expect(state.of(spec)).toBe(2);
    delete spec.routing;
    expect(state.of(spec)).toBe(3);
  });
});
