import { describe, expect, it } from '@jest/globals';
import { GatewayError, type OwnerReport } from '@omni/ports';
import { withOwnerReport } from './owner-report.ts';
import type { Target } from '../connection/target.ts';

const REPORT: OwnerReport = {
  id: '0badcafe',
  at: 0,
  what: 'exited with code 1',
  lines: ['cannot find', 'x'],
};
const FAILURE = new GatewayError(
  'OMNI_UPSTREAM_EXITED',
  '"up" exited; the owner finds it as report 0badcafe',
);
const { signal } = new AbortController();

function target(ownerReports: readonly OwnerReport[]): Target {
  const facts = {
    era: undefined,
    tools: 0,
    resources: 0,
    prompts: 0,
    lastError: undefined,
    retryInMs: undefined,
  };
  const server = { name: 'up', state: 'down', ...facts, problems: [], withheld: [], ownerReports };
  return { servers: () => Promise.resolve([server]), connect: () => fail(), close: () => Promise.resolve() };
}

function fail(): never {
  throw new TypeError('not asked for');
}

describe('withOwnerReport', () => {
  it('shows the owner what the server wrote, and keeps code and hint', async () => {
    const shown = await withOwnerReport(FAILURE, target([REPORT]), signal);
    expect(shown).toMatchObject({
      code: 'OMNI_UPSTREAM_EXITED',
      message: `${FAILURE.message}:\n  cannot find\n  x`,
      hint: FAILURE.hint,
    });
  });

  it('is the same failure for everybody else, and for one without a report', async () => {
    expect(await withOwnerReport(FAILURE, target([]), signal)).toBe(FAILURE);
    const other = new GatewayError('OMNI_UPSTREAM_EXITED', 'no report');
    expect(await withOwnerReport(other, target([REPORT]), signal)).toBe(other);
    expect(await withOwnerReport('thrown text', target([REPORT]), signal)).toBe('thrown text');
  });

  it('is the failure of the call when the status cannot be read', async () => {
    const servers = (): Promise<never> => Promise.reject(new GatewayError('OMNI_AUTH_REQUIRED', 'x'));
    expect(await withOwnerReport(FAILURE, { ...target([]), servers }, signal)).toBe(FAILURE);
  });
});
