import { describe, expect, it } from '@jest/globals';
import { slowCount } from './slow-count.ts';

describe('slowCount', () => {
  it('reports every step in order', async () => {
    const steps: number[] = [];
    await slowCount({
      steps: 3,
      delayMs: 0,
      signal: new AbortController().signal,
      onStep: (step) => void steps.push(step),
    });
    expect(steps).toEqual([1, 2, 3]);
  });

  it('stops in the middle when it is aborted', async () => {
    const controller = new AbortController();
    const steps: number[] = [];
    const onStep = (step: number): void => {
      steps.push(step);
      if (step === 2) controller.abort();
    };
    await expect(slowCount({ steps: 100, delayMs: 0, signal: controller.signal, onStep })).rejects.toThrow(
      'aborted',
    );
    expect(steps).toEqual([1, 2]);
  });

  it('does not wait out a long delay once aborted', async () => {
    const controller = new AbortController();
    const counted = slowCount({ steps: 1, delayMs: 60_000, signal: controller.signal, onStep: () => {} });
    controller.abort();
    await expect(counted).rejects.toThrow('aborted');
  });
});
