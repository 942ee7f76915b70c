import { describe, expect, it } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import type { GoalResult } from './bench-result.ts';
import { judgeGoals } from './goals.ts';
import { storedResults } from './nginx-range.ts';

const STORED = storedResults(fileURLToPath(new URL('./results', import.meta.url)));

/** What the goals of today say of the newest stored run that has measured one. */
function newest(id: string): GoalResult | undefined {
  return STORED.toSorted((one, other) => one.manifest.startedAt.localeCompare(other.manifest.startedAt))
    .map((result) => judgeGoals(result).find((goal) => goal.id === id))
    .findLast((goal) => goal?.value !== undefined);
}

describe('the newest stored run', () => {
  it('answers 100 lists at the same time within 100 ms at p95 [S001-NF-01]', () => {
    expect(newest('list-crowd')).toMatchObject({ reached: true });
  });

  it('answers within a second at p99 while 512 connections saturate its core [S001-NF-10]', () => {
    expect(newest('cpu-second')).toMatchObject({ reached: true });
  });
});
