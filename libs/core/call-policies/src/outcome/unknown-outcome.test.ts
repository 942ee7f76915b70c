import { describe, expect, it } from '@jest/globals';
import { type CallPhase, mayHaveRun as goesOn } from '@omni/model';
import { GatewayError, type GatewayErrorCode } from '@omni/ports';
import fc from 'fast-check';
import { isCut, operationId, tellingCuts, unknownOutcome } from './unknown-outcome.ts';

function failure(code: GatewayErrorCode, phase?: CallPhase, data?: Record<string, unknown>) {
  const error = new GatewayError(code, 'It broke', data === undefined ? {} : { data });
  return { kind: 'error', error, ...(phase !== undefined && { phase }) } as const;
}

describe('a call that has failed', () => {
  it.each([
    ['OMNI_UPSTREAM_EXITED', 'sent', true],
    ['OMNI_UPSTREAM_EXITED', 'head-received', true],
    ['OMNI_UPSTREAM_EXITED', 'not-sent', false],
    ['OMNI_UPSTREAM_TIMEOUT', 'sent', true],
    ['OMNI_UPSTREAM_UNREACHABLE', 'sent', true],
    ['OMNI_UPSTREAM_DISABLED', 'sent', true],
    ['OMNI_SHUTTING_DOWN', 'sent', true],
    ['OMNI_MEMORY_FULL', 'head-received', true],
    ['OMNI_INTERNAL', 'sent', true],
    ['OMNI_CANCELLED', 'sent', true],
    ['OMNI_FAULT_INJECTED', 'sent', true],
    // The server has answered; what it said is the failure.
    ['OMNI_UPSTREAM_PROTOCOL', 'head-received', false],
    ['OMNI_UPSTREAM_TOO_LARGE', 'head-received', false],
    ['OMNI_OVERLOADED', 'not-sent', false],
    ['OMNI_STATE_INVALID', 'head-received', false],
  ] as const)('%s, %s: was cut is %s', (code, phase, expected) => {
    expect(isCut(failure(code, phase), false)).toBe(expected);
  });

  // guard: outcome/refused
  it.each([
    [500, true],
    [503, true],
    [408, true],
    [200, true],
    [501, false],
    [505, false],
    [511, false],
    [400, false],
    [401, false],
    [404, false],
    [429, false],
    [302, false],
  ])('with HTTP status %i: was cut is %s', (status, expected) => {
    expect(isCut(failure('OMNI_UPSTREAM_HTTP_STATUS', 'sent', { status }), false)).toBe(expected);
  });

  it('goes by what its connection has said where the failure does not say how far it came', () => {
    expect(isCut(failure('OMNI_UPSTREAM_TIMEOUT'), true)).toBe(true);
    expect(isCut(failure('OMNI_UPSTREAM_TIMEOUT'), false)).toBe(false);
    expect(isCut(failure('OMNI_UPSTREAM_TIMEOUT', 'not-sent'), true)).toBe(false);
  });

  it('may have run when something fails that goes on with it, whatever that is', () => {
    const { error } = failure('OMNI_UPSTREAM_HTTP_STATUS', 'sent', { status: 429 });
    expect(isCut({ kind: 'error', error: goesOn(error), phase: 'not-sent' }, false)).toBe(true);
  });
});

describe('an unknown outcome', () => {
  it('says what cut it, and when to come back no more', () => {
    const cause = new GatewayError('OMNI_UPSTREAM_DOWN', '"up" says "secret"', {
      logText: '"up" is down',
      data: { exitCode: 1, retryAfterS: 5 },
    });
    const error = unknownOutcome('op1', cause);
    expect(error).toMatchObject({
      code: 'OMNI_OUTCOME_UNKNOWN',
      message: 'The call may have run: "up" says "secret"',
      logText: 'The call may have run: "up" is down',
      data: { exitCode: 1, cause: 'OMNI_UPSTREAM_DOWN', operation: 'op1' },
    });
    expect(error.data).not.toHaveProperty('retryAfterS');
    expect(error.cause).toBe(cause);
    expect(error.facts.retryable).toBe(false);
  });

  it('is told once, and of cuts alone', () => {
    const cuts: unknown[] = [];
    const context = { wasSent: true };
    const tell = tellingCuts(
      context,
      () => 'op1',
      (cut) => cuts.push(cut),
    );
    const told = tell(failure('OMNI_UPSTREAM_EXITED', 'sent'));
    expect(told).toMatchObject({ error: { code: 'OMNI_OUTCOME_UNKNOWN' }, phase: 'sent' });
    expect(tell(told)).toBe(told);
    const other = failure('OMNI_UPSTREAM_PROTOCOL', 'sent');
    expect(tell(other)).toBe(other);
    expect(cuts).toEqual([{ operation: 'op1', cause: 'OMNI_UPSTREAM_EXITED' }]);
  });

  it('has an id of 16 letters and digits', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (random) => {
        expect(operationId(() => random)).toMatch(/^[0-9a-z]{16}$/);
      }),
    );
  });
});
