import { GATEWAY_ERRORS, type Era, type GatewayErrorCode, type Millis } from '@omni/ports';
import { LAST_STEP_MS, type BackoffRecord } from '../connection/backoff.ts';
import type { AfterDrain, ErrorFacts, UpstreamState } from './upstream-state.ts';

type Fields = Readonly<Record<string, unknown>>;

const MAX_FAILURES = 1_000_000;

/**
 * A state that was kept, as far as it can be believed: no time lies in the future but the next attempt, which
 * is at most the longest step of the backoff away, whatever the record says and however the clock was set
 * meanwhile.
 *
 * @param kept - What JSON gave.
 * @returns `undefined` for what is no state at all.
 */
export function restoreState(kept: unknown, now: Millis): UpstreamState | undefined {
  if (!isObject(kept)) return undefined;
  const since = within(kept['since'], 0, now, now);
  const backoff = backoffOf(kept['backoff']);
  const lastError = errorOf(kept['lastError']);
  switch (kept['phase']) {
    case 'stopped':
      return { phase: 'stopped', since };
    case 'disabled':
      return { phase: 'disabled', since, reason: textOf(kept['reason']) };
    case 'starting':
      return { phase: 'starting', since, backoff, lastError };
    case 'ready':
      return { phase: 'ready', since, era: eraOf(kept['era']), backoff, lastError };
    case 'down': {
      // Without a record of what is wrong there is nothing to wait for.
      if (lastError === null) return { phase: 'starting', since, backoff, lastError };
      const nextRetryAt = within(kept['nextRetryAt'], now, now + LAST_STEP_MS, now);
      return { phase: 'down', since, backoff, lastError, nextRetryAt };
    }
    case 'draining':
      return { phase: 'draining', since, until: now, next: afterOf(kept['next']) };
    default:
      return undefined;
  }
}

function backoffOf(value: unknown): BackoffRecord {
  const failures = isObject(value) ? Math.floor(within(value['failures'], 0, MAX_FAILURES, 0)) : 0;
  return { failures };
}

function errorOf(value: unknown): ErrorFacts | null {
  if (!isObject(value) || !isCode(value['code'])) return null;
  return { code: value['code'], message: textOf(value['message']), hint: textOf(value['hint']) };
}

function afterOf(value: unknown): AfterDrain {
  if (!isObject(value)) return { phase: 'stopped' };
  if (value['phase'] === 'disabled') return { phase: 'disabled', reason: textOf(value['reason']) };
  return { phase: value['phase'] === 'starting' ? 'starting' : 'stopped' };
}

function eraOf(value: unknown): Era {
  return value === 'modern' ? 'modern' : 'legacy';
}

/** @param otherwise - For what is no number. */
function within(value: unknown, least: number, most: number, otherwise: number): number {
  if (typeof value !== 'number' || Number.isNaN(value)) return otherwise;
  return Math.min(Math.max(value, least), most);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function isCode(value: unknown): value is GatewayErrorCode {
  return typeof value === 'string' && Object.hasOwn(GATEWAY_ERRORS, value);
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
