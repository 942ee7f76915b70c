import { jsonText } from '../text/control-characters.ts';
import type { GatewayError } from './gateway-error.ts';

/**
 * @returns The JSON-RPC error for a failure that happened before the core could see a message; the id is not
 * known.
 */
export function errorBody(error: GatewayError): string {
  return jsonText({
    jsonrpc: '2.0',
    id: null,
    error: {
      code: error.facts.jsonRpcCode,
      message: error.message,
      data: { ...error.data, code: error.code, hint: error.hint },
    },
  });
}
