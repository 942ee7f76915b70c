export type { ByteBudget, ByteReservation, FairByteBudget } from './memory/byte-budget.ts';
export type { ChannelDialer, DialSpec, DialTarget } from './transport/channel-dialer.ts';
export type { ChildChannel, ChildExit, ChildLauncher, ChildSpec } from './transport/child-launcher.ts';
export { systemClock, type CancelTimer, type Clock, type Millis } from './clock.ts';
export type { HeapFacts, HeapMeter } from './memory/heap-meter.ts';
export { CountedByteBudget, UNCOUNTED_BYTES } from './memory/counted-byte-budget.ts';
export { jsonText, oneLineText, printableJson, terminalText } from './text/control-characters.ts';
export {
  holdsCredential,
  redactorOf,
  type Redactor,
  withoutSecrets,
  withoutTokens,
} from './text/redactor.ts';
export { isSecretName, secretsIn } from './text/secret-value.ts';
export type { ComponentStatus, StatusLevel } from './component-status.ts';
export {
  configuredCredentials,
  type CredentialProvider,
  type CredentialValues,
} from './credential-provider.ts';
export type { Exchange, ResponseStream } from './transport/exchange.ts';
export { errorBody } from './errors/error-body.ts';
export { GatewayError, type GatewayErrorOptions } from './errors/gateway-error.ts';
export { GATEWAY_ERRORS, type GatewayErrorCode, type GatewayErrorFacts } from './errors/gateway-errors.ts';
export type { HeaderList, Payload } from './transport/header-list.ts';
export type { HttpCall, HttpClient, HttpRequest, HttpResponseListener } from './transport/http-client.ts';
export { callForeign, isThenable } from './foreign-code.ts';
export { GatheredBytes } from './memory/gathered-bytes.ts';
export { LiveList, type Place } from './memory/live-list.ts';
export { silentLogger, type LogFields, type Logger } from './logger.ts';
export type {
  Counter,
  Histogram,
  HistogramFacts,
  MetricFacts,
  MetricFamily,
  Metrics,
  ReadValue,
} from './metrics.ts';
export type {
  FramingError,
  ChannelListener,
  MessageChannel,
  OpenChannel,
} from './transport/message-channel.ts';
export { hostBody, hostPrincipal, type HostNamed } from './mount/host-answers.ts';
export { checkMount, type MountedFront, type MountOptions } from './mount/mounted-front.ts';
export { normalBasePath, outsideOf, pathWithin } from './mount/mounted-path.ts';
export { newReportId, type OwnerReport } from './owner-report.ts';
export type {
  ApiKeyRecord,
  IdentitySettings,
  IntrospectionSettings,
  IssuerSettings,
  KeySettings,
  ProxySettings,
} from './identity-settings.ts';
export {
  isOwner,
  isPrincipal,
  OMNI,
  onConnection,
  OWNER_ID,
  type Principal,
  type PrincipalClaims,
  type PrincipalLimits,
  sharerOf,
} from './principal.ts';
export { FairBytes } from './sharing/fair-bytes.ts';
export { FairPlaces, type FairPlacesOptions, type Occupant, type Share } from './sharing/fair-places.ts';
export { FairQueue, type FairQueueOptions, type QueueTicket, type Waiter } from './sharing/fair-queue.ts';
export { logUnread, type UnreadCut } from './sharing/unread-log.ts';
export { UnreadAnswers, type UnreadHolder } from './sharing/unread-answers.ts';
export type { Refusal } from './errors/refusal.ts';
export { systemRandom, type Random } from './random.ts';
export type { Role, RoleHost, RoleListener, RolePort, RoleProgram } from './role-host.ts';
export { ownsLargeBuffer, releaseBytes } from './memory/release-bytes.ts';
export { isReservedHeader } from './transport/reserved-headers.ts';
export type { PeerFacts, ListenerFacts, PeerCertificate, RequestFacts } from './transport/request-facts.ts';
export type { SocketAddress } from './transport/socket-address.ts';
export type { StateStore } from './store/state-store.ts';
export type { ConfigRevision, NewConfigRevision, StoredOverride } from './store/stored-configuration.ts';
export type {
  CallBeginning,
  CallToKeep,
  KeptCall,
  KeptCallLimits,
  KeptOutcome,
  DefinitionColumns,
  HealthLogQuery,
  HealthLogRow,
  OutsideDefinition,
  StoreBatch,
  StoredDefinition,
  StoredEvent,
  StoredHealthStatus,
  StoredList,
  StoredUpstream,
  StoreReport,
  UpstreamStateRow,
} from './store/stored-rows.ts';
export {
  DEFAULT_LIFECYCLE,
  type CircuitBreakerSettings,
  type LifecycleSettings,
} from './lifecycle-settings.ts';
export {
  DEFAULT_ROUTING,
  type QuotaSettings,
  type BalanceStrategy,
  type FaultSettings,
  type RateSettings,
  type RoutingSettings,
  serverAndTool,
} from './routing-settings.ts';
export type {
  Era,
  HealthProbe,
  Root,
  ToolSelection,
  ReplicaSettings,
  UpstreamSpec,
  UpstreamTransport,
} from './upstream-spec.ts';
export { type AuditRecord, type AuditSink, silentAudit } from './secrets/audit-sink.ts';
export type { KeyWrapper } from './secrets/key-wrapper.ts';
export type { CredentialOwner, SealedRow, SealedStore } from './secrets/sealed-store.ts';
export type { SharedText } from './secrets/shared-text.ts';
export { SecretBuffer } from './secrets/secret-buffer.ts';
export type { SecretProvider } from './secrets/secret-provider.ts';
export {
  isSecretReference,
  parseSecretReference,
  type SecretReference,
  secretReferenceText,
  type SecretScheme,
  shownReference,
  type SecretText,
  type UpstreamSecrets,
} from './secrets/secret-reference.ts';
