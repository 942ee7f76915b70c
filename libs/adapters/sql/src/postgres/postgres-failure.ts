import { GatewayError, type GatewayErrorCode } from '@omni/ports';
import type { EngineFailure } from '../engine.ts';

/** By SQLSTATE, or the class that it begins with (PostgreSQL, appendix A). */
const STATES: ReadonlyMap<string, GatewayErrorCode> = new Map([
  ['53100', 'OMNI_STORE_FULL'], // disk_full
  ['42501', 'OMNI_STORE_DENIED'], // insufficient_privilege
  ['3F', 'OMNI_STORE_DENIED'], // invalid schema name: one that this user may not look into
  ['28', 'OMNI_STORE_DENIED'], // invalid authorization
  ['XX001', 'OMNI_STORE_CORRUPT'], // data_corrupted
  ['XX002', 'OMNI_STORE_CORRUPT'], // index_corrupted
  ['40', 'OMNI_STORE_UNAVAILABLE'], // transaction rollback: deadlock, serialization
  ['55', 'OMNI_STORE_UNAVAILABLE'], // object not in prerequisite state: a lock that is not to be had
  ['57014', 'OMNI_STORE_UNAVAILABLE'], // query_canceled: a time limit
  ['22', 'OMNI_INTERNAL'], // data exception
  ['23', 'OMNI_INTERNAL'], // integrity constraint
  ['42', 'OMNI_INTERNAL'], // syntax or unknown name
]);

/**
 * What is not known to leave the connection as it was ends it, such as a server that stops, or one that has
 * become a read-only standby.
 */
export function postgresFailure(error: unknown): EngineFailure {
  if (error instanceof GatewayError) return { error, endsConnection: error.code === 'OMNI_STORE_LOCKED' };
  const state = stateOf(error);
  const known = STATES.get(state) ?? STATES.get(state.slice(0, 2));
  // Node has no message where each address of a name fails in its own way.
  const text = (error instanceof Error && error.message) || state || 'unknown failure';
  return {
    error: new GatewayError(known ?? 'OMNI_STORE_UNAVAILABLE', `PostgreSQL: ${text}`, { cause: error }),
    endsConnection: known === undefined || known === 'OMNI_STORE_DENIED',
  };
}

function stateOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : '';
}
