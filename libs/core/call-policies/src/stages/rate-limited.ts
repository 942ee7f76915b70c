import { GatewayError } from '@omni/ports';
import type { RateRefusal, RateScope } from '../rate/rate-limits.ts';

/** Whose rate each is, and the setting that says so. */
const WORDS: Readonly<Record<RateScope, readonly [whose: string, setting: string]>> = {
  principal: ['of this user', 'limits.userRate'],
  session: ['of this session', 'limits.sessionRate'],
  upstream: ['to this server', 'routing.rate'],
  capability: ['to this tool, prompt or resource', 'routing.capabilityRate'],
};

/** What a call is refused with that comes too soon. */
export function rateLimited({ scope, retryAfterMs }: RateRefusal): GatewayError {
  const [whose, setting] = WORDS[scope];
  return new GatewayError('OMNI_RATE_LIMITED', `Requests ${whose} come faster than ${setting} allows`, {
    data: { limit: scope },
    retryAfterS: Math.max(1, Math.ceil(retryAfterMs / 1_000)),
  });
}
