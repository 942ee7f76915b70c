export { capabilitiesAcrossEras } from './client-capabilities.ts';
export { createChannelPair, type ChannelPairOptions } from './channel-pair.ts';
export { forwardableHeaders, forwardedHeadersOf } from './forwarded-headers.ts';
export type {
  Answer,
  AnswerServerRequest,
  ChunkSink,
  ClientBinding,
  ClientContext,
  GatewayRequest,
  ReplySink,
  ResponseHead,
  RpcNotification,
  RunningCall,
} from './gateway-request.ts';
export { decodeHeaderValue, encodeHeaderValue } from './header-value.ts';
export { traceHeadersOf, traceIdOf, withTraceContext } from './trace-context.ts';
export {
  callerKeyOf,
  callParams,
  internalCall,
  type CallListener,
  type UpstreamAnswer,
  type UpstreamCall,
  type UpstreamConnection,
} from './upstream-call.ts';
