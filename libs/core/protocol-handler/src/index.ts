export type {
  Authentication,
  Dispatch,
  FrontLimits,
  HostCheck,
  Identity,
  ResourceUpdates,
} from './collaborators.ts';
export type { AdmittedClient, EndpointRequest, RefusedClient } from './http/endpoint-access.ts';
export type { Probes } from './http/http-front.ts';
export {
  ProtocolHandler,
  type Advertisement,
  type BindOptions,
  type Connection,
  type ProtocolHandlerOptions,
} from './protocol-handler.ts';
