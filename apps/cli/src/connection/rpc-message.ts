import { GATEWAY_ERRORS, GatewayError, type GatewayErrorCode } from '@omni/ports';
import { isJsonObject, member, textMember, type JsonObject } from '../output/json-value.ts';

/** The revision that the command speaks. */
export const PROTOCOL_VERSION = '2026-07-28';

/** What a server says of a call that runs. */
export interface Progress {
  readonly progress: number;
  readonly total: number | undefined;
  readonly message: string | undefined;
}

export interface RpcOptions {
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
  /** Headers that repeat arguments; on HTTP only. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A connection to one endpoint of a gateway. */
export interface RpcConnection {
  /**
   * @returns The result.
   * @throws {@link GatewayError} what the answer says, or how it failed to come.
   */
  request(method: string, params: JsonObject, options: RpcOptions): Promise<JsonObject>;
  close(): Promise<void>;
}

/** A request that stands alone, as the modern era has it; `id` is its progress token, too. */
export function requestMessage(id: number, method: string, params: JsonObject): string {
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': PROTOCOL_VERSION,
    'io.modelcontextprotocol/clientCapabilities': {},
    progressToken: id,
  };
  return JSON.stringify({ jsonrpc: '2.0', id, method, params: { ...params, _meta } });
}

/** What a message means for the request with this id; `undefined` when it is not about it. */
export function readMessage(
  message: unknown,
  id: number,
):
  | { readonly kind: 'progress'; readonly progress: Progress }
  | { readonly kind: 'result'; readonly result: JsonObject }
  | { readonly kind: 'error'; readonly error: GatewayError }
  | undefined {
  if (!isJsonObject(message)) return undefined;
  if (message['method'] === 'notifications/progress') {
    const params = member(message, 'params');
    const progress = member(params, 'progress');
    const total = member(params, 'total');
    if (member(params, 'progressToken') !== id || typeof progress !== 'number') return undefined;
    return {
      kind: 'progress',
      progress: {
        progress,
        total: typeof total === 'number' ? total : undefined,
        message: textMember(params, 'message'),
      },
    };
  }
  const error = member(message, 'error');
  // A request that could not even be read is answered without its id.
  if (isJsonObject(error) && (message['id'] === id || message['id'] === null))
    return { kind: 'error', error: rpcFailure(error) };
  if (message['id'] !== id) return undefined;
  const result = member(message, 'result');
  return isJsonObject(result) ? { kind: 'result', result } : { kind: 'error', error: notRpc() };
}

/**
 * The failure of a call as an error of the table: Omni's own code where Omni answered, else the closest one.
 */
function rpcFailure(error: JsonObject): GatewayError {
  const data = member(error, 'data');
  const message = textMember(error, 'message') ?? 'The server answered with an error that says nothing';
  const own = textMember(data, 'code');
  const hint = textMember(data, 'hint');
  if (error['code'] === CAPABILITY_MISSING) {
    return new GatewayError(
      'OMNI_INPUT_REQUIRED',
      `The tool asks its client for something that this command cannot give: ${message}`,
    );
  }
  if (isErrorCode(own)) return new GatewayError(own, message, hint === undefined ? {} : { hint });
  if (error['code'] === INVALID_PARAMS)
    return new GatewayError('OMNI_ARGUMENTS_INVALID', `The server refused the arguments: ${message}`);
  return new GatewayError(
    'OMNI_TOOL_FAILED',
    `The server answered with error ${String(error['code'])}: ${message}`,
  );
}

const INVALID_PARAMS = -32602;
/** MCP 2026-07-28, basic, "Error Codes": the request needs a client capability that was not declared. */
const CAPABILITY_MISSING = -32021;

function isErrorCode(code: string | undefined): code is GatewayErrorCode {
  return code !== undefined && Object.hasOwn(GATEWAY_ERRORS, code);
}

/** What answers does not speak the protocol. */
export function notRpc(): GatewayError {
  return new GatewayError('OMNI_GATEWAY_UNREACHABLE', 'The program at this address is not Omni');
}
