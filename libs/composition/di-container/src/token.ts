import type { OriginGuard, TokenCheck } from '@omni/auth';
import type { Catalogue, CatalogueRefresher, VariantReader } from '@omni/capabilities';
import type { HealthMonitor } from '@omni/health';
import type {
  ChannelDialer,
  ChildLauncher,
  Clock,
  CredentialProvider,
  HttpClient,
  Logger,
} from '@omni/ports';
import type { ProtocolHandler } from '@omni/protocol';
import type { RequestRouter, ResourceSubscriptions } from '@omni/router';
import type { VariantKeys, Upstreams } from '@omni/upstreams';
import type { ServiceIdentifier } from 'inversify';
import type { ClientViews } from './client-views.ts';
import type { GatewayConfiguration } from './gateway-options.ts';
import type { MasterServer } from './master-server.ts';
import type { UpstreamDirectory } from './upstream-directory.ts';

function token<Part>(name: string): ServiceIdentifier<Part> {
  return Symbol.for(`omni/${name}`);
}

/** Every part of the gateway, a line each. */
export const Token = {
  Configuration: token<GatewayConfiguration>('Configuration'),
  StartGraceMs: token<number>('StartGraceMs'),
  // Adapters; the last three are absent where the runtime has none.
  Clock: token<Clock>('Clock'),
  Logger: token<Logger>('Logger'),
  CredentialProvider: token<CredentialProvider>('CredentialProvider'),
  ChildLauncher: token<ChildLauncher | undefined>('ChildLauncher'),
  HttpClient: token<HttpClient | undefined>('HttpClient'),
  ChannelDialer: token<ChannelDialer | undefined>('ChannelDialer'),
  // Core.
  Catalogue: token<Catalogue>('Catalogue'),
  CatalogueRefresher: token<CatalogueRefresher>('CatalogueRefresher'),
  VariantKeys: token<VariantKeys>('VariantKeys'),
  VariantReader: token<VariantReader>('VariantReader'),
  ClientViews: token<ClientViews>('ClientViews'),
  Upstreams: token<Upstreams>('Upstreams'),
  UpstreamDirectory: token<UpstreamDirectory>('UpstreamDirectory'),
  RequestRouter: token<RequestRouter>('RequestRouter'),
  ResourceSubscriptions: token<ResourceSubscriptions>('ResourceSubscriptions'),
  TokenCheck: token<TokenCheck>('TokenCheck'),
  OriginGuard: token<OriginGuard>('OriginGuard'),
  HealthMonitor: token<HealthMonitor>('HealthMonitor'),
  ProtocolHandler: token<ProtocolHandler>('ProtocolHandler'),
  MasterServer: token<MasterServer>('MasterServer'),
} as const;
