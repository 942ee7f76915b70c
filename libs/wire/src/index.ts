export { capabilitiesAcrossEras } from './client-capabilities.ts';
export { createChannelPair, type ChannelPairOptions } from './channel-pair.ts';
export { CountedByteBudget } from './counted-byte-budget.ts';
export type {
  Answer,
  AnswerServerRequest,
  ClientContext,
  GatewayRequest,
  ResponseHead,
  ChunkSink,
  ReplySink,
  RpcNotification,
  RunningCall,
  ClientBinding,
} from './gateway-request.ts';
export { forwardableHeaders, forwardedHeadersOf } from './forwarded-headers.ts';
export { decodeHeaderValue, encodeHeaderValue } from './header-value.ts';
export {
  memberOf,
  scanJson,
  stringAt,
  stringMember,
  type JsonLimits,
  type JsonMember,
  type JsonObject,
  type JsonProblem,
  type JsonScan,
  type JsonSpan,
  type RecordPlan,
} from './json-scan.ts';
export { ownsLargeBuffer, releaseBytes } from './release-bytes.ts';
export { metaOf, parseMessage, rawOf, type RpcBatch, type RpcMessage, type RpcRejection } from './rpc-message.ts';
export { errorText, notificationText, requestText, resultText, withId } from './rpc-text.ts';
export { applyEdits, setMember, setMembers, withoutMembers, type TextEdit } from './text-edit.ts';
export {
  callerKeyOf,
  callParams,
  internalCall,
  type CallListener,
  type UpstreamAnswer,
  type UpstreamCall,
  type UpstreamConnection,
} from './upstream-call.ts';
export { LiveList, type Place } from './live-list.ts';
export { traceHeadersOf, traceIdOf, withTraceContext } from './trace-context.ts';
