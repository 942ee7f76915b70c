export type { CallContext } from './call-context.ts';
export {
  compose,
  type CallStage,
  type ConnectionFacts,
  type InstanceIdentity,
  type SendCall,
} from './call-stage.ts';
export type { CatalogueView, CatalogueViews, Target, ViewChange, ViewKey } from './catalogue-view.ts';
export { createChannelPair, type ChannelPairOptions } from './channel-pair.ts';
export { capabilitiesAcrossEras } from './client-capabilities.ts';
export type { ClientBinding, ClientContext } from './client-context.ts';
export { DeferredEnd, refusedCall } from './deferred-end.ts';
export { ALL_SERVERS, endpointOf, isSameEndpoint, serverOf, type Endpoint } from './endpoint.ts';
export { FollowedCall } from './followed-call.ts';
export { forwardableHeaders, forwardedHeadersOf } from './forwarded-headers.ts';
export { ForwardingHandler } from './forwarding-handler.ts';
export { decodeHeaderValue, encodeHeaderValue } from './header-value.ts';
export { IGNORED } from './ignored-call.ts';
export type { ChangeKind, ListKind } from './list-kind.ts';
export { MODERN_VERSION } from './protocol-revision.ts';
export type {
  Answer,
  AnswerServerRequest,
  ChunkSink,
  Outcome,
  ReplySink,
  ResponseHead,
  RpcNotification,
} from './reply-sink.ts';
export { NOTHING_RUNS, type RunningCall } from './running-call.ts';
export { traceHeadersOf, traceIdOf, withTraceContext } from './trace-context.ts';
export {
  callerKeyOf,
  callParams,
  internalCall,
  type CallHandler,
  type CallPhase,
  type UpstreamAnswer,
  type UpstreamCall,
  type UpstreamConnection,
} from './upstream-call.ts';
