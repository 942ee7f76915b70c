export { ChannelConnection, type ChannelConnectionOptions } from './channel/channel-connection.ts';
export { VariantKeys } from './instances/variant-keys.ts';
export { connect, type ConnectOptions } from './connect.ts';
export { connectionContext, type ConnectionContextOptions } from './connection-context.ts';
export { UpstreamCredentials } from './credentials/upstream-credentials.ts';
export { InstanceHttp } from './cookies/instance-http.ts';
export { ModernHttpConnection, type ModernHttpConnectionOptions } from './http/modern-http-connection.ts';
export type {
  GatewayIdentity,
  ConnectionContext,
  ConnectionCounters,
  ConnectionEvents,
  ConnectionOptions,
  ListKind,
  OpenConnection,
} from './connection/open-connection.ts';
export type { OnResourceUpdated, OnSubscribed } from './subscriptions/resource-watch.ts';
export { SseParser, type SseEvent, type SseProblem, type SseSink } from './http/sse-parser.ts';
export { DEFAULT_UPSTREAM_LIMITS, type UpstreamLimits } from './connection/upstream-limits.ts';
export { restoreState } from './lifecycle/restore-state.ts';
export { transition, type Circumstances, type Transition } from './lifecycle/transition.ts';
export type { UpstreamFacts, UpstreamSnapshot } from './lifecycle/upstream-snapshot.ts';
export type {
  AfterDrain,
  ErrorFacts,
  UpstreamCommand,
  UpstreamEvent,
  UpstreamState,
} from './lifecycle/upstream-state.ts';
export {
  UpstreamDefinitions,
  UpstreamRegistry,
  type DefinitionChanges,
  type DefinitionsListener,
} from './registry/upstream-registry.ts';
export type { UpstreamObserver } from './lifecycle/upstream-observer.ts';
export { Upstream, type UpstreamOptions } from './upstream.ts';
export { Upstreams, type UpstreamsOptions } from './upstreams.ts';
