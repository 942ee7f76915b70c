export type { ByteBudget, ByteReservation } from './byte-budget.ts';
export type { ChannelDialer, DialSpec, DialTarget } from './channel-dialer.ts';
export type { ChildChannel, ChildLauncher, ChildSpec } from './child-launcher.ts';
export { systemClock, type CancelTimer, type Clock, type Millis } from './clock.ts';
export { CountedByteBudget } from './counted-byte-budget.ts';
export type { ComponentStatus, StatusLevel } from './component-status.ts';
export {
  configuredCredentials,
  type CredentialProvider,
  type CredentialValues,
} from './credential-provider.ts';
export type { Exchange, ResponseStream } from './exchange.ts';
export { GatewayError, type GatewayErrorOptions } from './gateway-error.ts';
export { GATEWAY_ERRORS, type GatewayErrorCode, type GatewayErrorFacts } from './gateway-errors.ts';
export type { HeaderList, Payload } from './header-list.ts';
export type { HttpCall, HttpClient, HttpRequest, HttpResponseListener } from './http-client.ts';
export { LiveList, type Place } from './live-list.ts';
export { silentLogger, type LogFields, type Logger } from './logger.ts';
export type { FramingError, ChannelListener, MessageChannel, OpenChannel } from './message-channel.ts';
export type { Principal } from './principal.ts';
export type { Refusal } from './refusal.ts';
export { systemRandom, type Random } from './random.ts';
export { ownsLargeBuffer, releaseBytes } from './release-bytes.ts';
export type { ConnectionFacts, ListenerFacts, PeerCertificate, RequestFacts } from './request-facts.ts';
export type { SocketAddress } from './socket-address.ts';
export type { Era, UpstreamSpec, UpstreamTransport } from './upstream-spec.ts';
