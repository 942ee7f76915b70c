import { describe, expect, it } from '@jest/globals';
import { GatewayError } from '@omni/ports';
import { startWaitMs } from './start-wait.ts';

const READ = { method: 'resources/read', isTrusted: false };
const CALL = { method: 'tools/call', isTrusted: true };
const STEPS = [500, 1_000, 2_000, 5_000, 10_000];
const STARTING = new GatewayError('OMNI_UPSTREAM_STARTING', 'x');

function down(retryAfterS?: number): GatewayError {
  return new GatewayError(
    'OMNI_UPSTREAM_DOWN',
    'x',
    retryAfterS === undefined ? {} : { data: { retryAfterS } },
  );
}

describe('startWaitMs', () => {
  // guard: repeat/starts-in-time
  it('lets a safe call wait for the next attempt to start its server, within its deadline', () => {
    expect(startWaitMs(READ, down(1), { stepsMs: STEPS, leftMs: 60_000 })).toBe(1_000);
    expect(startWaitMs(READ, down(1), { stepsMs: STEPS, leftMs: 300 })).toBe(0);
    expect(startWaitMs(READ, STARTING, { stepsMs: STEPS, leftMs: 700 })).toBe(50);
    expect(startWaitMs(READ, STARTING, { stepsMs: STEPS, leftMs: 0 })).toBe(0);
  });

  // guard: repeat/waits-if-safe
  it('lets all others fail at once', () => {
    for (const error of [down(1), STARTING])
      expect(startWaitMs(CALL, error, { stepsMs: STEPS, leftMs: 60_000 })).toBe(0);
  });

  it('does not let it wait for nothing', () => {
    const at = { stepsMs: STEPS, leftMs: 60_000 };
    expect(startWaitMs(READ, down(1.5), at)).toBe(1_500);
    expect(startWaitMs(READ, down(2), at)).toBe(0);
    const elsewhere = new GatewayError('OMNI_UPSTREAM_TIMEOUT', 'x', { data: { retryAfterS: 1 } });
    expect(startWaitMs(READ, elsewhere, at)).toBe(0);
    expect(startWaitMs(READ, down(), at)).toBe(0);
    expect(startWaitMs(READ, new GatewayError('OMNI_UPSTREAM_DISABLED', 'x'), at)).toBe(0);
    expect(startWaitMs(READ, STARTING, { stepsMs: [], leftMs: 60_000 })).toBe(0);
  });
});
