import { memberOf, type RpcMessage } from '@omni/jsonrpc';
import { internalCall, type UpstreamCall } from '@omni/model';

/** @param params - Parameters of `logging/setLevel`, as JSON. */
export function levelCall(params: string): UpstreamCall {
  return internalCall('logging/setLevel', params);
}

/** Whether the server said in its `initialize` answer that it logs. */
export function offersLogging(handshake: RpcMessage): boolean {
  const capabilities = memberOf(handshake.result?.object, 'capabilities');
  return (
    capabilities !== undefined &&
    /"logging"\s*:/.test(handshake.text.slice(capabilities.start, capabilities.end))
  );
}
