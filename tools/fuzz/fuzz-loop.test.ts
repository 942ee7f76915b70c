import { afterAll, describe, expect, it } from '@jest/globals';
import { BlockCoverage, stopCounting } from './block-coverage.ts';
import { fuzz } from './fuzz-loop.ts';
import { BrokenPromise, promise, type FuzzTarget } from './fuzz-target.ts';
import { openStages } from './staged-secret.fixture.ts';

const STAGED = targetOf((input) => promise(!openStages(input), 'the last stage stays closed'));

afterAll(stopCounting);

describe('fuzz', () => {
  it('finds step by step what it cannot guess at once', async () => {
    const guide = new BlockCoverage(STAGED.covers);
    const guided = await fuzz(STAGED, { seed: 1, maxRuns: 10_000, guide });
    expect(guided.findings.map(({ key }) => key)).toEqual(['BrokenPromise: the last stage stays closed']);
    const blind = await fuzz(STAGED, { seed: 1, maxRuns: 10_000 });
    expect(blind.runs).toBe(10_000);
    expect(blind.findings).toEqual([]);
  });

  it('tries the same inputs for the same seed, and others for another', async () => {
    const rows = await Promise.all(
      [3, 3, 4].map(async (seed) => {
        const inputs: string[] = [];
        await fuzz(
          targetOf(() => {}),
          { seed, maxRuns: 200, onInput: (input) => inputs.push(Buffer.from(input).toString('hex')) },
        );
        return inputs.join();
      }),
    );
    expect(rows[0] === rows[1]).toBe(true);
    expect(rows[0] === rows[2]).toBe(false);
  });

  it('makes what it finds smaller and tells it once', async () => {
    const target = targetOf((input) =>
      promise(!input.includes(0x7f) || input.includes(0x41), 'a rule', () => `of ${input.length}`),
    );
    const { findings } = await fuzz(target, { seed: 2, maxRuns: 20_000, maxFindings: 2 });
    expect(findings.map(({ key, input }) => [key, [...input]])).toEqual([['BrokenPromise: a rule', [0x7f]]]);
  });

  it('takes an input that takes too long for a finding, and what is thrown for one', async () => {
    const slow = await fuzz(
      targetOf(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)),
      { seed: 1, maxRuns: 1, maxInputMs: 1 },
    );
    const broken = await fuzz(
      targetOf(() => Promise.reject(new TypeError('x is "12" of 3'))),
      { seed: 1, maxRuns: 1 },
    );
    expect(slow.findings[0]?.key).toBe('slow');
    expect(broken.findings[0]?.key).toBe('TypeError: x is "…" of 0');
  });

  it('keeps an input with a new outcome', async () => {
    const target = { ...targetOf(() => {}), check: (input: Uint8Array) => String(input.length > 40) };
    const { kept } = await fuzz(target, { seed: 1, maxRuns: 2_000 });
    expect(kept.map(({ length }) => length > 40)).toEqual([false, true]);
  });

  it('never tries more than the target takes', async () => {
    const target = targetOf((input) => promise(input.length <= 64, 'short'));
    expect((await fuzz(target, { seed: 5, maxRuns: 5_000 })).findings).toEqual([]);
    expect(() => promise(false, 'this can fail')).toThrow(BrokenPromise);
  });
});

function targetOf(check: (input: Uint8Array) => unknown): FuzzTarget {
  return {
    name: 'test',
    promise: '',
    covers: /staged-secret\.fixture\.ts$/,
    seeds: ['....'],
    dictionary: ['x'],
    isJson: false,
    maxBytes: 64,
    check: async (input) => {
      await check(input);
      return 'fine';
    },
  };
}
