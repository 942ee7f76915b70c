export { ChannelConnection, type ChannelConnectionOptions } from './channel/channel-connection.ts';
export { VariantKeys } from './instances/variant-keys.ts';
export { connect, type ConnectOptions } from './connect.ts';
export {
  connectionContext,
  type ConnectionContextOptions,
  type SharedContext,
} from './connection-context.ts';
export { UpstreamCredentials, type UpstreamCredentialsOptions } from './credentials/upstream-credentials.ts';
export { InstanceHttp } from './cookies/instance-http.ts';
export {
  ModernHttpConnection,
  type ModernHttpConnectionOptions,
  type ModernHttpCall,
} from './http/modern-http-connection.ts';
export type {
  ConnectionContext,
  ConnectionCounters,
  ConnectionEvents,
  ConnectionOptions,
  ListKind,
  OpenConnection,
} from './connection/open-connection.ts';
export type { GatewayIdentity } from './connection/mcp-revision.ts';
export type { OnResourceUpdated, OnSubscribed } from './subscriptions/resource-watch.ts';
export { SseParser, type SseEvent, type SseProblem, type SseSink } from './http/sse-parser.ts';
export { DEFAULT_UPSTREAM_LIMITS, type UpstreamLimits } from './connection/upstream-limits.ts';
export { errorFactsOf } from './lifecycle/fall-of.ts';
export { refusalIn, type RefusalOptions } from './lifecycle/refusals.ts';
export type { UpstreamFacts, UpstreamSnapshot } from './lifecycle/upstream-snapshot.ts';
export {
  UpstreamDefinitions,
  UpstreamRegistry,
  type UpstreamGroup,
  type DefinitionChanges,
  type DefinitionsListener,
} from './registry/upstream-registry.ts';
export type { UpstreamObserver } from './lifecycle/upstream-observer.ts';
export { Upstream, type UpstreamOptions, type OnFound } from './upstream.ts';
export {
  DEFAULT_START_LIMITS,
  StartLimiter,
  type StartLimits,
  type StartRequest,
} from './starting/start-limiter.ts';
export type { ProbedConnection, ProbedPlace, ProbeOptions, ProbeOutcome } from './probing/probe.ts';
export { Prober } from './probing/prober.ts';
export type { Watched } from './probing/silence-watch.ts';
export { Upstreams, type UpstreamsOptions } from './upstreams.ts';
export type { HeadedChannel, HeadedListener } from './channel/headed-channel.ts';
export type { StagedConnection } from './connection/staged-connection.ts';
export type { CallOwner, ChannelCall, ChannelCallOptions } from './channel/channel-call.ts';
export type { HoldPlace, CallChains, CallChainsOptions } from './connection/call-chains.ts';
export type { Deadlines, DeadlineListener, Deadline, WheelEntry } from './connection/deadlines.ts';
export type { EraMemory, EraPlan, RememberedEra } from './connection/era-memory.ts';
export type { CookieJar } from './cookies/cookie-jar.ts';
export type { RequestHeaders } from './http/http-headers.ts';
export type { OwnerReports, OwnerReportsOptions } from './lifecycle/owner-reports.ts';
export type { AskingCall } from './connection/server-requests.ts';
export type { HttpMessageSink, PassingSink } from './http/http-message-reader.ts';
export type { Departures } from './lifecycle/departures.ts';
