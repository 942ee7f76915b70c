export { ChannelConnection, type ChannelConnectionOptions } from './channel/channel-connection.ts';
export { VariantKeys } from './instances/variant-keys.ts';
export { connect, type ConnectOptions } from './connect.ts';
export { Deadlines, type Deadline, type DeadlineListener } from './connection/deadlines.ts';
export { UpstreamCredentials } from './connection/upstream-credentials.ts';
export { EraMemory } from './connection/era-memory.ts';
export { LegacyHttpConnection, type LegacyHttpConnectionOptions } from './http/legacy-http-connection.ts';
export type { ListSource } from './list-source.ts';
export { modernParams } from './connection/mcp-revision.ts';
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
export type { UpstreamState } from './lifecycle/upstream-state.ts';
export { Upstream, type UpstreamObserver, type UpstreamOptions } from './upstream.ts';
export { Upstreams, type UpstreamsOptions } from './upstreams.ts';
