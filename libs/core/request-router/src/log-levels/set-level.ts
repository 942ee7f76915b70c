import { memberOf, type RpcMessage } from '@omni/jsonrpc';
import { type CallHandler, internalCall, type UpstreamCall } from '@omni/model';
import { GatewayError } from '@omni/ports';

/** A call whose answer nobody waits for. */
export const IGNORED: CallHandler = {
  onNotification: () => true,
  onDrain(listener) {
    listener();
  },
  onServerRequest(_message, answer) {
    // guard: route/level-question
    answer(new GatewayError('OMNI_METHOD_UNKNOWN', 'No client can be asked during this request'));
  },
  onAnswer() {},
  onFailure() {},
};

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
