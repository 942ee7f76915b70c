import type { ChannelDialer, ChildLauncher, Clock, HttpClient, Logger, OpenChannel, UpstreamSpec } from '@omni/ports';

/** What a gateway is told. Fits what `parseConfiguration` of `@omni/config` returns. */
export interface GatewayConfiguration {
  readonly server: {
    /** Address the listener binds; decides which Host and Origin headers are good. */
    readonly host: string;
    readonly port: number;
    readonly allowedHosts: readonly string[];
    readonly allowedOrigins: readonly string[];
    /** Whether clients of the transport HTTP+SSE (2024-11-05) are served. */
    readonly legacySse: boolean;
    readonly drainMs: number;
  };
  readonly auth: { readonly mode: 'token' | 'open'; readonly token?: string };
  readonly naming: { readonly prefix: 'always' | 'on-conflict' | 'none' };
  readonly limits: {
    readonly maxBodyBytes: number;
    readonly maxDepth: number;
    readonly maxElements: number;
    readonly maxUpstreamMessageBytes: number;
    readonly maxInFlight: number;
    readonly maxSessions: number;
    readonly sessionIdleMs: number;
    readonly maxSessionInFlight: number;
    readonly maxInstances: number;
  };
  readonly logging: { readonly level: 'debug' | 'info' | 'warn' | 'error' };
  readonly upstreams: readonly UpstreamSpec[];
}

/** How the outside is reached. What is absent cannot be configured either: no launcher, no stdio servers. */
export interface GatewayAdapters {
  readonly launcher?: ChildLauncher;
  readonly http?: HttpClient;
  readonly dialer?: ChannelDialer;
  /** Default: the runtime's timers. */
  readonly clock?: Clock;
  /** Default: nothing is logged. */
  readonly logger?: Logger;
}

/** How long the first list waits for servers that are still starting. */
export const HTTP_START_GRACE_MS = 700;
/** Clients on stdio start Omni themselves and often list once: they get more. */
export const STDIO_START_GRACE_MS = 5_000;

/**
 * A server in the same process.
 *
 * @param open - Called for each new instance; what is sent into the channel reaches the server.
 */
export function inProcessUpstream(name: string, open: OpenChannel): UpstreamSpec {
  return {
    name,
    enabled: true,
    protocol: 'auto',
    instances: 'auto',
    connectTimeoutMs: 30_000,
    callTimeoutMs: 60_000,
    maxCallTimeMs: 1_800_000,
    critical: true,
    transport: { kind: 'channel', open },
    secretValues: [],
  };
}
