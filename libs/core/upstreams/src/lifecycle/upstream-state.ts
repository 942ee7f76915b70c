import type { ComponentStatus, Era, GatewayError, StatusLevel } from '@omni/ports';

/** Where an upstream is in its life. Times are milliseconds since the epoch; `attempts` counts those since it was last well. */
export type UpstreamState =
  | { readonly phase: 'disabled'; readonly since: number; readonly reason: string }
  | {
      readonly phase: 'starting';
      readonly since: number;
      readonly attempts: number;
      readonly lastError: GatewayError | undefined;
    }
  | {
      readonly phase: 'ready';
      readonly since: number;
      readonly era: Era;
      readonly attempts: number;
      readonly lastError: GatewayError | undefined;
    }
  | {
      readonly phase: 'down';
      readonly since: number;
      readonly attempts: number;
      readonly lastError: GatewayError;
      readonly nextRetryAt: number;
    }
  | { readonly phase: 'stopped'; readonly since: number };

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
      return state.lastError === undefined ? 'unknown' : 'warn';
    case 'down':
      return 'error';
    case 'disabled':
    case 'stopped':
      return 'unknown';
  }
}

function detailsOf(state: UpstreamState): Readonly<Record<string, unknown>> {
  switch (state.phase) {
    case 'disabled':
      return { reason: state.reason };
    case 'starting':
      return { attempts: state.attempts, ...errorDetails(state.lastError) };
    case 'ready':
      return { attempts: state.attempts, era: state.era, ...errorDetails(state.lastError) };
    case 'down':
      return { attempts: state.attempts, nextRetryAt: state.nextRetryAt, ...errorDetails(state.lastError) };
    case 'stopped':
      return {};
  }
}

function errorDetails(error: GatewayError | undefined): Readonly<Record<string, unknown>> {
  return error === undefined ? {} : { lastError: error.message, lastErrorCode: error.code };
}
