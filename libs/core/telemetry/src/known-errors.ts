import { TOOL_ERROR } from './semantic-names.ts';

/**
 * Codes of JSON-RPC and of all revisions of MCP, and those that the SDKs send. A server may write any other
 * number.
 */
const KNOWN = new Set([
  ...['-32700', '-32600', '-32601', '-32602', '-32603'],
  ...['-32000', '-32001', '-32002', '-32042'],
  ...['-32020', '-32021', '-32022'],
  TOOL_ERROR,
  'cancelled',
  'error',
  '',
]);
/** Of Omni's table: no server can write one. */
const OWN = 'OMNI_';

/** `error.type` as a label: what nobody knows is `other`. */
export function knownError(error: string): string {
  return /* guard: metrics/error-code */ KNOWN.has(error) || error.startsWith(OWN) ? error : 'other';
}
