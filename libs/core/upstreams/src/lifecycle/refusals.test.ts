import type { UpstreamState } from '@omni/model';
import { GatewayError } from '@omni/ports';
import { describe, expect, it } from '@jest/globals';
import { errorFactsOf } from './fall-of.ts';
import { disablingOf, refusalIn } from './refusals.ts';

const NOW = 1_800_000_000_000;
const EXITED = new GatewayError('OMNI_UPSTREAM_EXITED', '"up" exited with code 1', {
  data: { upstream: 'up', exitCode: 1, report: '0badcafe' },
});
const since = NOW;
const DOWN: UpstreamState = {
  phase: 'down',
  since,
  error: errorFactsOf(EXITED, []),
  nextAttemptAt: NOW + 11_200,
  circuit: null,
};

function refusal(state: UpstreamState, lastError?: GatewayError): GatewayError | undefined {
  return refusalIn('up', state, { lastError, now: NOW });
}

describe('refusalIn', () => {
  it('says why, when the next attempt is, and under which id the owner finds what the server wrote', () => {
    expect(refusal(DOWN, EXITED)).toMatchObject({
      code: 'OMNI_UPSTREAM_DOWN',
      message: '"up" is down: "up" exited with code 1',
      hint: 'Omni tries again in 12 s; omni ls shows its state and last error.',
      data: { reason: 'OMNI_UPSTREAM_EXITED', retryAfterS: 12, report: '0badcafe' },
    });
  });

  it('has no id where there is no report, or the state was restored', () => {
    expect(refusal(DOWN)?.data).toEqual({ reason: 'OMNI_UPSTREAM_EXITED', retryAfterS: 12 });
  });

  it('says that an attempt that is due is made in a second', () => {
    expect(refusal({ ...DOWN, nextAttemptAt: NOW - 5 })?.data).toMatchObject({ retryAfterS: 1 });
  });

  it('says that credentials are waited for', () => {
    const error = { code: 'OMNI_UPSTREAM_HTTP_STATUS', message: 'it answered 401', hint: '' } as const;
    expect(refusal({ phase: 'login', since, error, nextAttemptAt: NOW + 600_000 })).toMatchObject({
      code: 'OMNI_UPSTREAM_DOWN',
      message: '"up" is down: it answered 401',
      hint: 'It refuses its credentials: renew them; Omni connects again with others.',
      data: { reason: 'OMNI_UPSTREAM_HTTP_STATUS' },
    });
  });

  it('says of what cannot run as it is configured what is wrong, and what to do', () => {
    const error = {
      code: 'OMNI_UPSTREAM_SPAWN_FAILED',
      message: 'no such command',
      hint: 'Install it.',
    } as const;
    expect(refusal({ phase: 'misconfigured', since, error })).toMatchObject({
      code: 'OMNI_UPSTREAM_DISABLED',
      message: '"up" cannot run as it is configured: no such command',
      hint: 'Install it.',
      data: { reason: 'OMNI_UPSTREAM_SPAWN_FAILED' },
    });
  });

  it.each([
    ['admin', 'An admin has switched it off, and can enable it.'],
    ['configuration', 'See "disabled" of its entry.'],
    ['missing_env', 'Set what "requiredEnv" of its entry names, and restart Omni.'],
    ['feature_flag', 'See "featureFlag" of its entry.'],
    ['auto_downtime', 'Omni tries it no more: mend it, then enable it or change its entry.'],
    ['auto_cycles', 'Omni tries it no more: mend it, then enable it or change its entry.'],
    ['quarantine', 'An admin has to approve it first.'],
  ] as const)('says of what is disabled by %s what lifts it', (by, hint) => {
    const expected = {
      code: 'OMNI_UPSTREAM_DISABLED',
      message: '"up" is switched off: why',
      hint,
      data: { disabledBy: by },
    };
    expect(refusal({ phase: 'disabled', since, by, reason: 'why' })).toMatchObject(expected);
    const next = { phase: 'disabled', by, reason: 'why' } as const;
    expect(refusal({ phase: 'draining', since, until: NOW, next })).toMatchObject(expected);
  });

  it('lets those wait whose server starts soon', () => {
    expect(refusal({ phase: 'starting', since, isTrial: true })).toBeUndefined();
    expect(refusal({ phase: 'asleep', since })).toBeUndefined();
    for (const phase of ['starting', 'asleep'] as const)
      expect(refusal({ phase: 'draining', since, until: NOW, next: { phase } })).toBeUndefined();
    expect(refusal({ phase: 'stopped', since })).toMatchObject({ message: '"up" was stopped' });
  });
});

describe('disablingOf', () => {
  it.each([
    [undefined, 'configuration', 'it is disabled in the configuration'],
    ['disabled', 'configuration', 'disabled'],
    ['missing_env:[TOKEN]', 'missing_env', 'missing_env:[TOKEN]'],
    ['feature_off:new', 'feature_flag', 'feature_off:new'],
  ] as const)('says of the reason %s that it is off by %s', (disabledReason, by, reason) => {
    expect(disablingOf({ ...(disabledReason !== undefined && { disabledReason }) })).toEqual({ by, reason });
  });
});
