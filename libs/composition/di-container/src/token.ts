import type { DeclaredStage } from './modules/declared-stage.ts';
import type { RoutingPolicies } from './modules/routing-policies.ts';
import type { IdentityCheck, OriginGuard } from '@omni/auth';
import type {
  Balancers,
  CallQueues,
  CallRecords,
  Limiter,
  MemoryGuard,
  Overrides,
} from '@omni/call-policies';
import type {
  Catalogue,
  CatalogueReading,
  CatalogueRefresher,
  ListBudget,
  VariantReader,
} from '@omni/capabilities';
import type { ConfigurationManager } from '@omni/config';
import type { Supervision, SupervisionObserver } from '@omni/coordinator';
import type { EventBus } from '@omni/events';
import type { HealthMonitor } from '@omni/health';
import type {
  CallStage,
  CatalogueViews,
  ClientContext,
  Dialects,
  LifecycleOwner,
  RequestStage,
} from '@omni/model';
import type {
  AuditSink,
  ChannelDialer,
  ChildLauncher,
  Clock,
  CredentialProvider,
  HttpClient,
  Logger,
  HeapMeter,
  Metrics,
  Random,
  RoleHost,
} from '@omni/ports';
import type { Authentication, ProtocolHandler, RequestWatch, SessionScope } from '@omni/protocol';
import type { RequestRouter, ResourceSubscriptions } from '@omni/router';
import type { CallMeter, MetricRegistry, Tracer } from '@omni/telemetry';
import type { StartLimiter, UpstreamRegistry, VariantKeys, Upstreams } from '@omni/upstreams';
import type { ServiceIdentifier } from 'inversify';
import type { GatewayConfiguration, GatewayUpstream, ReadStoredDefinitions } from './gateway-options.ts';
import type { Pages } from './health-pages.ts';
import type { ServerIdentity } from './identity.ts';
import type { Listening, MasterServer } from './master-server.ts';
import type { PhaseLog } from './phase-log.ts';
import type { Measurements } from './telemetry/measurements.ts';
import type { UpstreamTelemetry } from './telemetry/upstream-telemetry.ts';
import type { HiddenItems } from './upstreams/hidden-items.ts';
import type { ListedReplicas } from './upstreams/listed-replicas.ts';
import type { UpstreamDirectory } from './upstreams/upstream-directory.ts';
import type { UpstreamHealth } from './upstreams/upstream-health.ts';

function token<Part>(name: string): ServiceIdentifier<Part> {
  return Symbol.for(`omni/${name}`);
}

/** Every part of the gateway, a line each. */
export const Token = {
  Configuration: token<GatewayConfiguration>('Configuration'),
  ConfigurationManager: token<ConfigurationManager<GatewayConfiguration>>('ConfigurationManager'),
  Identity: token<ServerIdentity>('Identity'),
  Instructions: token<string | undefined>('Instructions'),
  StartGraceMs: token<number>('StartGraceMs'),
  Dialects: token<Dialects>('Dialects'),
  // Adapters; the last four are absent where the runtime has none.
  Clock: token<Clock>('Clock'),
  Random: token<Random>('Random'),
  Logger: token<Logger>('Logger'),
  Audit: token<AuditSink>('Audit'),
  CredentialProvider: token<CredentialProvider>('CredentialProvider'),
  ChildLauncher: token<ChildLauncher | undefined>('ChildLauncher'),
  HttpClient: token<HttpClient | undefined>('HttpClient'),
  ChannelDialer: token<ChannelDialer | undefined>('ChannelDialer'),
  HeapMeter: token<HeapMeter | undefined>('HeapMeter'),
  // The client of a session, in the scope of the session; and what opens such a scope, where somebody wants
  // one.
  Client: token<ClientContext>('Client'),
  OpenSessionScope: token<((client: ClientContext) => SessionScope) | undefined>('OpenSessionScope'),
  // What is told of events, measured and traced; absent where nothing is measured or traced.
  EventBus: token<EventBus>('EventBus'),
  Metrics: token<MetricRegistry | undefined>('Metrics'),
  Tracer: token<Tracer | undefined>('Tracer'),
  CallMeter: token<CallMeter | undefined>('CallMeter'),
  RequestWatch: token<RequestWatch | undefined>('RequestWatch'),
  UpstreamTelemetry: token<UpstreamTelemetry>('UpstreamTelemetry'),
  MeasureRuntime: token<((metrics: Metrics) => () => void) | undefined>('MeasureRuntime'),
  Measurements: token<Measurements>('Measurements'),
  // Core.
  Catalogue: token<CatalogueReading>('Catalogue'),
  /** The same for those who supervise servers: nobody else changes what is offered (S001-ARC-05). */
  CatalogueWriter: token<Catalogue>('CatalogueWriter'),
  CatalogueRefresher: token<CatalogueRefresher>('CatalogueRefresher'),
  HiddenItems: token<HiddenItems>('HiddenItems'),
  ListBudget: token<ListBudget>('ListBudget'),
  ListedReplicas: token<ListedReplicas>('ListedReplicas'),
  VariantKeys: token<VariantKeys>('VariantKeys'),
  VariantReader: token<VariantReader>('VariantReader'),
  CatalogueViews: token<CatalogueViews>('CatalogueViews'),
  UpstreamRegistry: token<UpstreamRegistry<GatewayUpstream>>('UpstreamRegistry'),
  CallRecords: token<CallRecords>('CallRecords'),
  RoutingPolicies: token<RoutingPolicies>('RoutingPolicies'),
  Overrides: token<Overrides>('Overrides'),
  Balancers: token<Balancers>('Balancers'),
  RequestCandidates: token<DeclaredStage<RequestStage>>('RequestCandidates'),
  CallLimiter: token<Limiter>('CallLimiter'),
  CallQueues: token<CallQueues>('CallQueues'),
  /** Absent where the runtime does not say how full its heap is. */
  MemoryGuard: token<MemoryGuard | undefined>('MemoryGuard'),
  /** What every call to an upstream passes, in order. */
  CallStages: token<readonly DeclaredStage<CallStage>[]>('CallStages'),
  StartLimiter: token<StartLimiter>('StartLimiter'),
  Upstreams: token<Upstreams>('Upstreams'),
  RoleHost: token<RoleHost | undefined>('RoleHost'),
  Supervision: token<Supervision>('Supervision'),
  /** Filled in when everything is made: what supervision tells goes to parts that need it. */
  SupervisionObserver: token<Partial<SupervisionObserver>>('SupervisionObserver'),
  StoreSettings: token<unknown>('StoreSettings'),
  ReadStoredDefinitions: token<ReadStoredDefinitions | undefined>('ReadStoredDefinitions'),
  LifecycleOwner: token<LifecycleOwner>('LifecycleOwner'),
  UpstreamDirectory: token<UpstreamDirectory>('UpstreamDirectory'),
  RequestRouter: token<RequestRouter>('RequestRouter'),
  ResourceSubscriptions: token<ResourceSubscriptions>('ResourceSubscriptions'),
  Sha256: token<((text: string) => string) | undefined>('Sha256'),
  /** Whether somebody wants to be told every authentication. */
  AuditsAuthentication: token<boolean>('AuditsAuthentication'),
  Authentication: token<Authentication>('Authentication'),
  /** What Omni knows of who asks; absent where tokens are all there is. */
  IdentityCheck: token<IdentityCheck | undefined>('IdentityCheck'),
  OriginGuard: token<OriginGuard>('OriginGuard'),
  HealthMonitor: token<HealthMonitor>('HealthMonitor'),
  Pages: token<Pages | undefined>('Pages'),
  UpstreamHealth: token<UpstreamHealth>('UpstreamHealth'),
  ProtocolHandler: token<ProtocolHandler>('ProtocolHandler'),
  MasterServer: token<MasterServer>('MasterServer'),
  Listening: token<Listening | undefined>('Listening'),
  StartPhases: token<PhaseLog>('StartPhases'),
  // Ends what was registered with a way to end it.
  EndOfParts: token<() => Promise<void>>('EndOfParts'),
} as const;
