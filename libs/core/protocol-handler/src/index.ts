export type {
  Authentication,
  AuthenticationWait,
  Dispatch,
  FollowedRequest,
  FrontLimits,
  HostCheck,
  Identity,
  MemoryPressure,
  RequestWatch,
  ResourceUpdates,
  SessionScope,
  TaskWatching,
  WatchedRequest,
} from './collaborators.ts';
export type { AdmittedClient, EndpointDecision, RefusedClient } from './http/endpoint-access.ts';
export type { EndpointRequest } from './http/endpoint-request.ts';
export type { OpenPage, Probes } from './http/http-front.ts';
export {
  ProtocolHandler,
  type Advertisement,
  type BindOptions,
  type Connection,
  type ProtocolHandlerOptions,
  type RequestChecks,
} from './protocol-handler.ts';
export type { Page } from './http/plain-answers.ts';
