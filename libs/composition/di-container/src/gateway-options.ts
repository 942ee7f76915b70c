import type {
  AuditSink,
  ChannelDialer,
  ChildLauncher,
  Clock,
  CredentialProvider,
  HeapMeter,
  HttpClient,
  IdentitySettings,
  Logger,
  Metrics,
  Random,
  OpenChannel,
  RoleHost,
  StoredDefinition,
  UpstreamSpec,
  QuotaSettings,
  RateSettings,
} from '@omni/ports';
import type { MetricRegistry, Tracer } from '@omni/telemetry';

/** An upstream, and what it is told of the clients. */
export interface GatewayUpstream extends UpstreamSpec {
  /**
   * Names, in lower case, of headers of clients that go along with their requests over HTTP. Nothing is left
   * out of this list here: whoever writes it by hand keeps credentials off it, as `parseConfiguration` does.
   * Default: none.
   */
  readonly forwardHeaders?: readonly string[];
}

/** What a gateway is told, every setting present. Fits what `parseConfiguration` returns. */
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
  readonly auth: {
    readonly mode: 'token' | 'open';
    /** The owner's token. */
    readonly token?: string;
    /** Tokens of other principals; each name is the principal's id. */
    readonly tokens: readonly { readonly name: string; readonly token: string }[];
    /** How principals are known beside tokens; needs `http` for identity providers. Absent: not at all. */
    readonly identity?: IdentitySettings;
  };
  readonly naming: {
    readonly prefix: 'always' | 'on-conflict' | 'none';
    /** Whether what a server asks the user begins with its name, where there are several servers. */
    readonly labelElicitations: boolean;
  };
  /**
   * Keys of 32 bytes that states for clients are sealed with, the one that seals first; a random one when
   * there are none.
   */
  readonly sealing: { readonly keys: readonly Uint8Array<ArrayBuffer>[] };
  readonly limits: {
    readonly maxBodyBytes: number;
    readonly maxDepth: number;
    readonly maxElements: number;
    readonly maxUpstreamMessageBytes: number;
    readonly maxUnfinishedBytes: number;
    readonly maxListBytes: number;
    readonly maxListAnswerBytes: number;
    /** Of answers that clients have not read, on all connections. */
    readonly maxUnreadBytes: number;
    /** Requests of clients that run at the same time. */
    readonly maxInFlight: number;
    /** Requests that may wait for a place among those; 0: they are refused. */
    readonly maxWaiting: number;
    readonly maxWaitMs: number;
    /** Calls of one upstream, on all its instances, that run or wait for it to start. */
    readonly maxUpstreamInFlight: number;
    /** Calls of one instance of an upstream. */
    readonly maxInstanceInFlight: number;
    readonly maxSessions: number;
    readonly sessionIdleMs: number;
    readonly maxSessionInFlight: number;
    readonly maxInstances: number;
    /** Processes of servers that are being started at the same time. */
    readonly maxStarting: number;
    /** Processes of servers that are started within any second. */
    readonly maxStartsPerSecond: number;
    /** How fast the requests of one principal may come. Absent: at any speed. */
    readonly userRate?: RateSettings;
    /** How fast those of one session or connection may come. Absent: at any speed. */
    readonly sessionRate?: RateSettings;
    /** What calls of one session or connection may use in a time. Absent: any amount. */
    readonly sessionQuota?: QuotaSettings;
    /** Share of the heap behind which nothing new is begun, above 0; 1: there is none. */
    readonly maxHeapShare: number;
  };
  /** What is kept over restarts. */
  readonly storage: {
    /** `sqlite:` (in the state folder), `sqlite:PATH`, `memory:`, or the address of a PostgreSQL database. */
    readonly url: string;
    /** Of the tables in PostgreSQL. */
    readonly schema: string;
    readonly healthLogRetentionMs: number;
    /** How long a call with an idempotency key is remembered, and its outcome. */
    readonly callRetentionMs: number;
    /** Calls with idempotency keys that are remembered of one principal. */
    readonly maxCalls: number;
    /** Bytes of the outcomes of those calls that are kept of one principal. */
    readonly maxCallBytes: number;
    /** From one look at what is defined in the store to the next. */
    readonly scanMs: number;
  };
  /** How servers are reached over HTTP: `environment`, `none` or the address of a proxy. */
  readonly outgoing: { readonly proxy: string };
  /** How long the lists of a server that is gone are shown. */
  readonly catalogue: { readonly lingerMs: number };
  readonly logging: {
    readonly level: 'debug' | 'info' | 'warn' | 'error';
    /** Share of requests that are logged at info, from 0 to 1. */
    readonly sampleRequests: number;
  };
  readonly telemetry: {
    /** Whether requests, calls and servers are measured, for the owner at `/metrics`. */
    readonly metrics: boolean;
    /** Read by the program: where traces and metrics are sent. */
    readonly otlpEndpoint?: string;
    /** Read by the program: share of requests that are traced, from 0 to 1. */
    readonly traceShare: number;
  };
  /** What belongs to modules of the program, by their names; not checked. Default: nothing. */
  readonly modules?: Readonly<Record<string, unknown>>;
  readonly upstreams: readonly GatewayUpstream[];
}

/**
 * What a program says of it: sections and settings that are absent have the default of a configuration file.
 * Without `auth` nobody is let in over HTTP: there is no token.
 */
export type GatewayConfigurationInput = {
  readonly [Section in keyof Omit<GatewayConfiguration, 'upstreams'>]?: Partial<
    GatewayConfiguration[Section]
  >;
} & {
  /** Default: none; `MasterServer.apply` brings others. */
  readonly upstreams?: readonly GatewayUpstream[];
};

/**
 * Makes definitions of servers that are defined in the store. One that cannot be understood is left out, with
 * a line in the log, or switched off with its `flaw`.
 */
export type ReadStoredDefinitions = (stored: readonly StoredDefinition[]) => readonly GatewayUpstream[];

/** How the outside is reached. What is absent cannot be configured either: no launcher, no stdio servers. */
export interface GatewayAdapters {
  readonly launcher?: ChildLauncher;
  readonly http?: HttpClient;
  readonly dialer?: ChannelDialer;
  /**
   * Where the coordinator runs, which decides the life of upstreams: a host whose program is
   * `coordinatorProgram` of `@omni/coordinator`. Default: in this loop.
   */
  readonly coordinator?: RoleHost;
  /**
   * What the program of {@link coordinator} opens its store by: plain data. Default: nothing is remembered
   * over restarts.
   */
  readonly store?: unknown;
  /** Makes definitions of what is defined in the store. Default: nothing in the store is started. */
  readonly readStoredDefinitions?: ReadStoredDefinitions | undefined;
  /** What proves Omni to upstreams beside the configured headers and environments. Default: nothing. */
  readonly credentials?: CredentialProvider;
  /**
   * SHA-256 of text in hexadecimal digits, at once: what tokens of identity providers are remembered by.
   * Default: one in JavaScript, which takes longer.
   */
  readonly sha256?: ((text: string) => string) | undefined;
  /** Default: the runtime's timers. */
  readonly clock?: Clock;
  /** Default: the runtime's. */
  readonly random?: Random;
  /** Default: nothing is logged. */
  readonly logger?: Logger;
  /** Told of what operators decide, of secrets that are used, of authentications. Default: nobody. */
  readonly audit?: AuditSink | undefined;
  /** Where measurements are kept, where `telemetry.metrics` is on. Default: a registry of its own. */
  readonly metrics?: MetricRegistry;
  /** Measures the runtime. @returns Ends it. Default: the runtime is not measured. */
  readonly measureRuntime?: (metrics: Metrics) => () => void;
  /** Says how full the heap is. Default: nobody heeds `limits.maxHeapShare`. */
  readonly heap?: HeapMeter;
  /** Makes spans of requests and calls. Default: nothing is traced. */
  readonly tracer?: Tracer;
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
