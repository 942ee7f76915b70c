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
export { canAnswer, missingCapability, type AskedOfClient } from './declared-capabilities.ts';
export { DeferredEnd, refusedCall } from './deferred-end.ts';
export { ALL_SERVERS, endpointKey, endpointOf, isSameEndpoint, serverOf, type Endpoint } from './endpoint.ts';
export { FollowedCall } from './followed-call.ts';
export { forwardableHeaders, forwardedHeadersOf } from './forwarded-headers.ts';
export { ForwardingHandler } from './forwarding-handler.ts';
export { decodeHeaderValue, encodeHeaderValue } from './header-value.ts';
export type { Identity } from './identity.ts';
export { IGNORED } from './ignored-call.ts';
export { LIST_KINDS, type ChangeKind, type ListKind } from './list-kind.ts';
export type { ListSource, ListSources } from './list-source.ts';
export { isLogLevel, severityOf } from './log-levels.ts';
export { META_SUBSCRIPTION } from './meta-keys.ts';
export type {
  Answer,
  AnswerServerRequest,
  ChunkSink,
  Outcome,
  ReplySink,
  ResponseHead,
  RpcNotification,
} from './reply-sink.ts';
export {
  BATCH_VERSION,
  isLegacyVersion,
  isModernVersion,
  LATEST_LEGACY_VERSION,
  LEGACY_VERSIONS,
  MODERN_VERSION,
  MODERN_VERSIONS,
  SUPPORTED_VERSIONS,
} from './revisions.ts';
export { NOTHING_RUNS, type RunningCall } from './running-call.ts';
export { traceHeadersOf, traceIdOf, withTraceContext, type HeaderLookup } from './trace-context.ts';
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
