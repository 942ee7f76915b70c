import { describe, expect, it } from '@jest/globals';
import { GATEWAY_ERRORS, GatewayError, type GatewayErrorCode } from '@omni/ports';
import fc from 'fast-check';
import { type Culprit, whoseFailure } from './whose-failure.ts';

const CODES = Object.keys(GATEWAY_ERRORS) as GatewayErrorCode[];

function ofCode(code: GatewayErrorCode): Culprit {
  return whoseFailure({ kind: 'failure', error: new GatewayError(code, 'x') });
}

function ofStatus(status: number): { asAnswer: Culprit; asFailure: Culprit } {
  const error = new GatewayError('OMNI_UPSTREAM_HTTP_STATUS', 'x', { data: { status } });
  return {
    asAnswer: whoseFailure({ kind: 'answer', status }),
    asFailure: whoseFailure({ kind: 'failure', error }),
  };
}

describe('whoseFailure', () => {
  it('has an answer for every code', () => {
    for (const code of CODES)
      expect([code, ofCode(code)]).toEqual([code, expect.stringMatching(/^(upstream|nobody|caller|omni)$/)]);
  });

  it('counts what goes wrong on the way and at the other end, and nothing else', () => {
    expect(CODES.filter((code) => ofCode(code) === 'upstream').sort()).toEqual([
      'OMNI_FAULT_INJECTED',
      'OMNI_UPSTREAM_EXITED',
      'OMNI_UPSTREAM_HTTP_STATUS',
      'OMNI_UPSTREAM_PROTOCOL',
      'OMNI_UPSTREAM_SPAWN_FAILED',
      'OMNI_UPSTREAM_TIMEOUT',
      'OMNI_UPSTREAM_UNREACHABLE',
    ]);
  });

  it('takes limits, refusals, full queues and missing rights for what they are', () => {
    const others: Partial<Record<GatewayErrorCode, Culprit>> = {
      OMNI_OVERLOADED: 'omni',
      OMNI_MEMORY_FULL: 'omni',
      OMNI_RATE_LIMITED: 'omni',
      OMNI_CIRCUIT_OPEN: 'omni',
      OMNI_QUEUE_FULL: 'omni',
      OMNI_QUOTA_USED_UP: 'omni',
      OMNI_OVERRIDDEN: 'omni',
      OMNI_SHUTTING_DOWN: 'omni',
      OMNI_INTERNAL: 'omni',
      OMNI_UPSTREAM_DOWN: 'omni',
      OMNI_UPSTREAM_DISABLED: 'omni',
      OMNI_AUTH_UNAVAILABLE: 'omni',
      OMNI_AUTH_REQUIRED: 'caller',
      OMNI_CANCELLED: 'caller',
      OMNI_UPSTREAM_TOO_LARGE: 'caller',
      OMNI_TOOL_FAILED: 'nobody',
    };
    for (const code of CODES) if (code in others) expect([code, ofCode(code)]).toEqual([code, others[code]]);
  });

  it('takes every answer below 500 for a sign of life, with an error or without', () => {
    for (const status of [200, 202, 400, 404, 405, 409, 422])
      expect([status, ofStatus(status).asAnswer]).toEqual([status, 'nobody']);
    expect(whoseFailure({ kind: 'cancelled' })).toBe('caller');
  });

  it('counts every status of 500 and above, with a message or without', () => {
    for (const status of [500, 501, 502, 503, 504, 505, 520, 599])
      expect([status, ofStatus(status)]).toEqual([status, { asAnswer: 'upstream', asFailure: 'upstream' }]);
  });

  // guard: breaker/credentials
  it('never counts refused credentials', () => {
    for (const status of [401, 403, 407, 511])
      expect([status, ofStatus(status)]).toEqual([status, { asAnswer: 'omni', asFailure: 'omni' }]);
  });

  // guard: breaker/asked-too-much
  it('never counts that an upstream is asked too often', () => {
    for (const status of [408, 429])
      expect([status, ofStatus(status)]).toEqual([status, { asAnswer: 'caller', asFailure: 'caller' }]);
  });

  it('takes redirections and unknown paths for a wrong address', () => {
    for (const status of [301, 308, 404, 410])
      expect([status, ofStatus(status).asFailure]).toEqual([status, 'omni']);
  });

  // guard: breaker/callers-timeout
  it('never counts the time that a caller gives its call', () => {
    const error = new GatewayError('OMNI_UPSTREAM_TIMEOUT', 'x');
    expect(whoseFailure({ kind: 'failure', error, isCallersTimeout: true })).toBe('caller');
    expect(whoseFailure({ kind: 'failure', error, isCallersTimeout: false })).toBe('upstream');
  });

  it('counts a status by its hundreds but for six, whichever it is', () => {
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 999 }), (status) => {
        const { asAnswer, asFailure } = ofStatus(status);
        const isExcepted = '401 403 407 408 429 511'.includes(String(status));
        const counts = !isExcepted && String(status) >= '500';
        expect(asAnswer === 'upstream').toBe(counts);
        expect(asFailure === 'upstream').toBe(counts);
      }),
      { seed: 1_104, numRuns: 500 },
    );
  });
});
