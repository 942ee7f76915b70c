export { ClientChannel } from './client-channel.ts';
export { createMasterServer } from './create-master-server.ts';
export type { MasterServerOptions } from './master-server-options.ts';
export {
  inProcessUpstream,
  type GatewayAdapters,
  type GatewayConfiguration,
  type GatewayConfigurationInput,
  type GatewayUpstream,
  type ReadStoredDefinitions,
} from './gateway-options.ts';
export type { DeclaredStage, StageInForce, StageSettings } from './modules/declared-stage.ts';
export type { RoutingPolicies } from './modules/routing-policies.ts';
export { IDENTITY, type Icon, type ServerIdentity } from './identity.ts';
export {
  MasterServer,
  type Listening,
  type SettleOptions,
  type StopOptions,
  type MasterServerParts,
} from './master-server.ts';
export type { ClientMemory } from './mount/client-memory.ts';
export type { FrontOptions } from './mount/mounted-front.ts';
export type {
  Scope,
  ScopeKind,
  ValueRegistration,
  Needs,
  FactoryRegistration,
  Parts,
  Lifetime,
} from './scope/scope.ts';
export { PhaseLog } from './phase-log.ts';
export type { OnSession } from './scope/session-scope.ts';
export { Token } from './token.ts';
export type { Measurements } from './telemetry/measurements.ts';
export type { UpstreamTelemetry, UpstreamTelemetryOptions } from './telemetry/upstream-telemetry.ts';
export type { OwnedUpstreamReport, ShownError, UpstreamReport } from './upstreams/upstream-report.ts';
export { HiddenItems, type HiddenItem } from './upstreams/hidden-items.ts';
export type { Pages, Page } from './health-pages.ts';
export type { UpstreamDirectory } from './upstreams/upstream-directory.ts';
export type { UpstreamHealth, UpstreamHealthParts, UpstreamLoad } from './upstreams/upstream-health.ts';
export type { ListedReplicas, ListedReplicasParts, ReadAgain } from './upstreams/listed-replicas.ts';
export type { ChangeOrigin } from './upstreams/definitions-in-force.ts';
