import { GatewayError } from '@omni/ports';
import type { QuotaKind, QuotaRefusal } from './quota.ts';

/** Whose quota it is. */
export type QuotaScope = 'session' | 'upstream';

const WORDS: Readonly<Record<QuotaKind, string>> = {
  calls: 'calls',
  bytes: 'bytes',
  busy: 'time that calls may run',
};

/** What a call is refused with of which nothing is left. */
export function quotaUsedUp(scope: QuotaScope, { kind, retryAfterMs }: QuotaRefusal): GatewayError {
  const [whose, setting] =
    scope === 'session'
      ? ['This session has', 'limits.sessionQuota']
      : ['Calls to this server have', 'routing.quota'];
  return new GatewayError('OMNI_QUOTA_USED_UP', `${whose} used up the ${WORDS[kind]} of ${setting}`, {
    data: { limit: scope, quota: kind },
    retryAfterS: Math.max(1, Math.ceil(retryAfterMs / 1_000)),
  });
}
