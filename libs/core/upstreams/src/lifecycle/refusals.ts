import type { ErrorFacts, UpstreamState } from '@omni/model';
import { GatewayError, type Millis, type UpstreamSpec } from '@omni/ports';
import { stoppedError } from '../connection/stopped-error.ts';

/** Failures of `initialize` that say that it is not spoken; others may pass. */
export const NOT_LEGACY: ReadonlySet<string> = new Set([
  'OMNI_UPSTREAM_PROTOCOL',
  'OMNI_UPSTREAM_ERA',
  'OMNI_UPSTREAM_EXITED',
  'OMNI_UPSTREAM_TIMEOUT',
]);

type DisabledState = Extract<UpstreamState, { readonly phase: 'disabled' }>;

export interface RefusalOptions {
  /** What the facts in the state were made of; `undefined` when the state was restored. */
  readonly lastError: GatewayError | undefined;
  readonly now: Millis;
}

/** Why an upstream in this state takes no calls; `undefined` while it does, or soon will. */
export function refusalIn(
  upstream: string,
  state: UpstreamState,
  { lastError, now }: RefusalOptions,
): GatewayError | undefined {
  switch (state.phase) {
    case 'ready':
    case 'starting':
    case 'asleep':
      return undefined;
    case 'down':
      // guard: restart/fails-fast
      return downError(upstream, state.error, {
        cause: lastError,
        nextAttemptS: Math.max(1, Math.ceil((state.nextAttemptAt - now) / 1_000)),
      });
    case 'login':
      return downError(upstream, state.error, { cause: lastError });
    case 'draining':
      if (state.next.phase === 'starting' || state.next.phase === 'asleep') return undefined;
      return state.next.phase === 'disabled' ? disabledError(upstream, state.next) : stoppedError(upstream);
    case 'disabled':
      return disabledError(upstream, state);
    case 'misconfigured':
      return misconfiguredError(upstream, state.error);
    case 'stopped':
      return stoppedError(upstream);
  }
}

/** @param nextAttemptS - Seconds; absent where credentials are waited for. */
function downError(
  upstream: string,
  facts: ErrorFacts,
  { cause, nextAttemptS }: { readonly cause: GatewayError | undefined; readonly nextAttemptS?: number },
): GatewayError {
  const report = cause?.data?.['report'];
  return new GatewayError('OMNI_UPSTREAM_DOWN', `"${upstream}" is down: ${facts.message}`, {
    data: {
      reason: facts.code,
      ...(nextAttemptS !== undefined && { retryAfterS: nextAttemptS }),
      ...(report !== undefined && { report }),
    },
    hint:
      nextAttemptS === undefined
        ? 'It refuses its credentials: renew them; Omni connects again with others.'
        : `Omni tries again in ${nextAttemptS} s; omni ls shows its state and last error.`,
    cause,
  });
}

const DISABLED_HINTS: Readonly<Record<DisabledState['by'], string>> = {
  admin: 'An admin has switched it off, and can enable it.',
  configuration: 'See "disabled" of its entry.',
  missing_env: 'Set what "requiredEnv" of its entry names, and restart Omni.',
  feature_flag: 'See "featureFlag" of its entry.',
  auto_downtime: 'Omni tries it no more: mend it, then enable it or change its entry.',
  auto_cycles: 'Omni tries it no more: mend it, then enable it or change its entry.',
  quarantine: 'An admin has to approve it first.',
};

export function disabledError(
  upstream: string,
  { by, reason }: Pick<DisabledState, 'by' | 'reason'>,
): GatewayError {
  return new GatewayError('OMNI_UPSTREAM_DISABLED', `"${upstream}" is switched off: ${reason}`, {
    data: { disabledBy: by },
    hint: DISABLED_HINTS[by],
  });
}

function misconfiguredError(upstream: string, { code, message, hint }: ErrorFacts): GatewayError {
  return new GatewayError(
    'OMNI_UPSTREAM_DISABLED',
    `"${upstream}" cannot run as it is configured: ${message}`,
    { data: { reason: code }, hint },
  );
}

/** By what, and why, a definition is off. */
export function disablingOf({
  disabledReason: reason = 'it is disabled in the configuration',
}: Pick<UpstreamSpec, 'disabledReason'>): Pick<DisabledState, 'by' | 'reason'> {
  if (reason.startsWith('missing_env:')) return { by: 'missing_env', reason };
  return { by: reason.startsWith('feature_off:') ? 'feature_flag' : 'configuration', reason };
}
