import { describe, expect, it } from '@jest/globals';
import { ReferenceLife } from './reference-life.ts';

const FALL = {
  error: { code: 'OMNI_UPSTREAM_EXITED', message: 'gone', hint: '' },
  pauseMs: 0,
  nature: 'failure',
} as const;

/** Times of all attempts of a server that never comes back, in seconds after it fell. */
function attemptsAfterFall(): { readonly attempts: readonly number[]; readonly offAt: number } {
  const life = new ReferenceLife(undefined, 0);
  life.tell({ kind: 'started' }, 0);
  life.tell({ kind: 'connected', era: 'legacy' }, 0);
  life.tell({ kind: 'listed', hasProblem: false }, 0);
  life.tell({ kind: 'connectionLost', ...FALL }, 0);
  const attempts: number[] = [];
  for (let second = 0; ;) {
    const { phase, attempt } = life.view;
    if (phase === 'disabled') return { attempts, offAt: second };
    const next = Math.min(attempt?.[0] ?? 0, 1_800_000);
    life.tell({ kind: 'due' }, next);
    second = next / 1_000;
    if (life.view.phase !== 'starting') continue;
    attempts.push(second);
    life.tell({ kind: 'connectFailed', ...FALL }, next);
  }
}

describe('ReferenceLife', () => {
  it('gives the sequence of the requirements to a server that never returns', () => {
    expect(attemptsAfterFall()).toEqual({
      attempts: [0.5, 1.5, 3.5, 8.5, 18.5, 48.5, 108.5, 228.5, 468.5, 948.5, 1_548.5],
      offAt: 1_800,
    });
  });
});
