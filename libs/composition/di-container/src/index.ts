export { ClientChannel } from './client-channel.ts';
export { createMasterServer, type MasterServerOptions } from './create-master-server.ts';
export {
  inProcessUpstream,
  type GatewayAdapters,
  type GatewayConfiguration,
  type GatewaySettings,
  type GatewayUpstream,
} from './gateway-options.ts';
export { IDENTITY, type Icon, type ServerIdentity } from './identity.ts';
export { MasterServer, type StopOptions } from './master-server.ts';
export type { ClientMemory } from './mount/client-memory.ts';
export type { FrontOptions } from './mount/mounted-front.ts';
export type { Scope } from './scope/scope.ts';
export type { OnSession } from './scope/session-scope.ts';
export { Token } from './token.ts';
export type { UpstreamReport } from './upstreams/upstream-report.ts';
