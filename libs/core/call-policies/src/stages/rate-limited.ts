import { GatewayError } from '@omni/ports';
import type { RateScope } from '../rate/rate-limits.ts';

/** What refuses a call that comes too soon. */
export interface LimitReached {
  /** `override`: what an operator has set for a while. */
  readonly scope: RateScope | 'override';
  readonly retryAfterMs: number;
}

/** Whose rate each is, and the setting that says so. */
const WORDS: Readonly<Record<LimitReached['scope'], readonly [whose: string, setting: string]>> = {
  principal: ['of this user', 'limits.userRate'],
  session: ['of this session', 'limits.sessionRate'],
  upstream: ['to this server', 'routing.rate'],
  capability: ['to this tool, prompt or resource', 'routing.capabilityRate'],
  override: ['to this server', 'an override'],
};

/** What a call is refused with that comes too soon. */
export function rateLimited({ scope, retryAfterMs }: LimitReached): GatewayError {
  const [whose, setting] = WORDS[scope];
  return new GatewayError('OMNI_RATE_LIMITED', `Requests ${whose} come faster than ${setting} allows`, {
    data: { limit: scope },
    retryAfterS: Math.max(1, Math.ceil(retryAfterMs / 1_000)),
  });
}
