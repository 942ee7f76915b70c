export { ChannelConnection, type ChannelConnectionOptions } from './channel-connection.ts';
export { VariantKeys } from './variant-keys.ts';
export { connect, type ConnectOptions } from './connect.ts';
export { Deadlines, type Deadline, type DeadlineListener } from './deadlines.ts';
export { EraMemory } from './era-memory.ts';
export { LegacyHttpConnection, type LegacyHttpConnectionOptions } from './legacy-http-connection.ts';
export type { ListSource } from './list-source.ts';
export { modernParams } from './mcp-revision.ts';
export { ModernHttpConnection, type ModernHttpConnectionOptions } from './modern-http-connection.ts';
export type {
  GatewayIdentity,
  ConnectionContext,
  ConnectionCounters,
  ConnectionEvents,
  ConnectionOptions,
  ListKind,
  OpenConnection,
} from './open-connection.ts';
export type { OnResourceUpdated, OnSubscribed } from './resource-watch.ts';
export { SseParser, type SseEvent, type SseProblem, type SseSink } from './sse-parser.ts';
export { DEFAULT_UPSTREAM_LIMITS, type UpstreamLimits } from './upstream-limits.ts';
export type { UpstreamState } from './upstream-state.ts';
export { Upstream, type UpstreamObserver, type UpstreamOptions } from './upstream.ts';
export { Upstreams, type UpstreamsOptions } from './upstreams.ts';
