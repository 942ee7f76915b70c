import type { ComponentStatus, StatusLevel } from '@omni/ports';
import type { ErrorFacts, UpstreamState } from './upstream-state.ts';

/** How well an upstream in this state is. */
export function statusOf(state: UpstreamState, facts: Readonly<Record<string, unknown>>): ComponentStatus {
  return {
    level: levelOf(state),
    since: state.since,
    details: { phase: state.phase, ...detailsOf(state), ...facts },
  };
}

function levelOf(state: UpstreamState): StatusLevel {
  switch (state.phase) {
    case 'ready':
      return 'ok';
    case 'starting':
      return state.lastError === null ? 'unknown' : 'warn';
    case 'draining':
      return 'warn';
    case 'down':
      return 'error';
    case 'disabled':
    case 'stopped':
      return 'unknown';
  }
}

/** `attempts` counts those since it was last well. */
function detailsOf(state: UpstreamState): Readonly<Record<string, unknown>> {
  switch (state.phase) {
    case 'disabled':
      return { reason: state.reason };
    case 'starting':
      return { attempts: state.backoff.failures + 1, ...errorDetails(state.lastError) };
    case 'ready':
      return { attempts: state.backoff.failures + 1, era: state.era, ...errorDetails(state.lastError) };
    case 'down':
      return {
        attempts: state.backoff.failures,
        nextRetryAt: state.nextRetryAt,
        ...errorDetails(state.lastError),
      };
    case 'draining':
      return { until: state.until };
    case 'stopped':
      return {};
  }
}

function errorDetails(error: ErrorFacts | null): Readonly<Record<string, unknown>> {
  return error === null ? {} : { lastError: error.message, lastErrorCode: error.code };
}
