import { describe, expect, it } from '@jest/globals';
import { GatewayError } from '@omni/ports';
import { askedPauseMs } from './asked-pause.ts';

function refusal(data: Readonly<Record<string, unknown>>): GatewayError {
  return new GatewayError('OMNI_UPSTREAM_HTTP_STATUS', 'refused', { data });
}

describe('askedPauseMs', () => {
  it('is what the server says, and nothing where it says nothing', () => {
    expect(askedPauseMs(refusal({ status: 503, retryAfterSeconds: 40 }))).toBe(40_000);
    expect(askedPauseMs(refusal({ status: 503 }))).toBe(0);
  });

  // guard: restart/longest-pause
  it('is five minutes at most', () => {
    expect(askedPauseMs(refusal({ retryAfterSeconds: 9_999_999_999 }))).toBe(300_000);
  });
});
