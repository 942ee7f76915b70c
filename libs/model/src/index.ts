export type { CallContext, TellFailure } from './call/call-context.ts';
export type { CallPhase } from './call/call-phase.ts';
export { isOfRunning, mayHaveRun } from './call/may-have-run.ts';
export {
  compose,
  type CallStage,
  type ConnectionFacts,
  type HeldCalls,
  type InstanceIdentity,
  type SendCall,
} from './call/call-stage.ts';
export type {
  CatalogueView,
  CatalogueViews,
  Target,
  ViewChange,
  ViewKey,
} from './catalogue/catalogue-view.ts';
export { createChannelPair, type ChannelPairOptions } from './channel-pair.ts';
export { capabilitiesAcrossEras, withoutRoots } from './client/client-capabilities.ts';
export type { ClientBinding, ClientContext, Leftover } from './client/client-context.ts';
export { canAnswer, missingCapability, type AskedOfClient } from './client/declared-capabilities.ts';
export { NO_DIALECTS, Dialects, type Dialect } from './vocabulary/dialects.ts';
export { DeferredEnd, refusedCall } from './call/deferred-end.ts';
export {
  ALL_SERVERS,
  endpointKey,
  endpointOf,
  isSameEndpoint,
  serverOf,
  type Endpoint,
} from './client/endpoint.ts';
export { FollowedCall } from './call/followed-call.ts';
export { forwardableHeaders, forwardedHeadersOf } from './vocabulary/forwarded-headers.ts';
export { ForwardingHandler } from './call/forwarding-handler.ts';
export { ForwardingReply } from './call/forwarding-reply.ts';
export {
  composeRequest,
  type DispatchRequest,
  type DispatchStage,
  NO_HINTS,
  type RequestStage,
  type Destination,
  type RoutedRequest,
  type RunRequest,
  type ToolHints,
} from './call/request-stage.ts';
export { decodeHeaderValue, encodeHeaderValue } from './vocabulary/header-value.ts';
export type { Identity } from './client/identity.ts';
export { IGNORED } from './call/ignored-call.ts';
export { LIST_KINDS, type ChangeKind, type ListKind } from './catalogue/list-kind.ts';
export type { ListSource, ListSources } from './catalogue/list-source.ts';
export { isLogLevel, severityOf } from './vocabulary/log-levels.ts';
export { META_SUBSCRIPTION } from './vocabulary/meta-keys.ts';
export { shortHash } from './vocabulary/short-hash.ts';
export type { ModernListResult, ModernResult } from './vocabulary/results.ts';
export type {
  Answer,
  AnswerServerRequest,
  ChunkSink,
  FailedOutcome,
  Outcome,
  ReplySink,
  ResponseHead,
  RpcNotification,
} from './call/reply-sink.ts';
export {
  BATCH_VERSION,
  isLegacyVersion,
  isModernVersion,
  LATEST_LEGACY_VERSION,
  MODERN_VERSION,
  SUPPORTED_VERSIONS,
} from './vocabulary/revisions.ts';
export {
  CLIENT_CLOSED,
  CONNECTION_CLOSED,
  isClientGone,
  NOTHING_RUNS,
  OMNI_STOPPED,
  type RunningCall,
} from './call/running-call.ts';
export {
  parseTraceparent,
  traceHeadersOf,
  traceIdOf,
  traceparentIn,
  traceparentText,
  withParent,
  withTraceContext,
  type HeaderLookup,
  type TraceParent,
} from './vocabulary/trace-context.ts';
export {
  callerKeyOf,
  callParams,
  internalCall,
  type CallHandler,
  type UpstreamAnswer,
  type UpstreamCall,
  type UpstreamConnection,
} from './call/upstream-call.ts';
export type { CircuitBreakerSettings, LifecycleSettings } from '@omni/ports';
export { DEFAULT_LIFECYCLE } from '@omni/ports';
export { dueAt } from './lifecycle/due-at.ts';
export type {
  AdoptedUpstream,
  LifecycleExecutor,
  LifecycleHandle,
  LifecycleOwner,
} from './lifecycle/lifecycle-owner.ts';
export type { LifecycleKeeperOptions } from './lifecycle/lifecycle-keeper.ts';
export { LifecycleKeeper } from './lifecycle/lifecycle-keeper.ts';
export { outageMs } from './lifecycle/outage.ts';
export type { CircuitState, HealthStatus, InnerState, UpstreamProjection } from './lifecycle/projection.ts';
export { project } from './lifecycle/projection.ts';
export type { RestoreCircumstances } from './lifecycle/restore-record.ts';
export { restoreRecord } from './lifecycle/restore-record.ts';
export type { Circumstances, Transition } from './lifecycle/circumstances.ts';
export { transition } from './lifecycle/transition.ts';
export type {
  AfterDrain,
  DisabledBy,
  ErrorFacts,
  Fall,
  LifecycleNote,
  NoteKind,
  Outage,
  ReadyState,
  UpstreamCommand,
  UpstreamEvent,
  UpstreamHistory,
  UpstreamRecord,
  UpstreamState,
} from './lifecycle/upstream-state.ts';
export { NO_HISTORY, NOTE_KINDS } from './lifecycle/upstream-state.ts';
export { LISTEN, TASK_RESULT } from './vocabulary/open-ended.ts';
