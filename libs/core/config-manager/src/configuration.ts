import type { IdentitySettings, QuotaSettings, RateSettings } from '@omni/ports';
import { GatewaySettingsSchema, type GatewaySettings } from './schema/configuration-schema.ts';
import { identityOf } from './schema/identity-schema.ts';
import type { ListenAddress } from './schema/listen-address.ts';
import { quotaOf, rateOf } from './schema/routing-schema.ts';
import { type SecretsSettings, secretsSettings } from './schema/secrets-schema.ts';
import type { UpstreamConfig } from './upstream-config.ts';

/** Everything the gateway is told, validated, with defaults; durations in milliseconds. */
export interface Configuration {
  readonly server: ListenAddress & {
    readonly allowedHosts: readonly string[];
    readonly allowedOrigins: readonly string[];
    readonly legacySse: boolean;
    /** `true`: in the state folder; text: at this path, which starts where that of the source does. */
    readonly unixSocket: boolean | string;
    /** On this machine, and in open mode, only. */
    readonly tcp?: ListenAddress;
    /** Paths of PEM files, which start where that of the source does. */
    readonly tls?: { readonly cert: string; readonly key: string };
    readonly drainMs: number;
  };
  readonly auth: {
    readonly mode: 'token' | 'open';
    /** That of the owner. */
    readonly token?: string;
    /** Those of others; the names are unique, and so are the tokens. */
    readonly tokens: readonly { readonly name: string; readonly token: string }[];
    /** How others are known. Absent: not at all. */
    readonly identity?: IdentitySettings;
  };
  readonly naming: Readonly<GatewaySettings['naming']>;
  /** Keys of 32 bytes, the one that seals first. */
  readonly sealing: { readonly keys: readonly Uint8Array<ArrayBuffer>[] };
  /** How secrets are come by. */
  readonly secrets: SecretsSettings;
  readonly limits: Readonly<
    Omit<
      GatewaySettings['limits'],
      | 'sessionIdle'
      | 'maxWait'
      | 'maxUpstreamInFlight'
      | 'maxInstanceInFlight'
      | 'userRate'
      | 'sessionRate'
      | 'sessionQuota'
    >
  > & {
    readonly sessionIdleMs: number;
    /** How long a request may wait for a place among `maxInFlight`. */
    readonly maxWaitMs: number;
    readonly maxUpstreamInFlight: number;
    readonly maxInstanceInFlight: number;
    /** Of the requests of one principal. Absent: none. */
    readonly userRate?: RateSettings;
    /** Of those of one session or connection. Absent: none. */
    readonly sessionRate?: RateSettings;
    /** Of what one session or connection uses. Absent: none. */
    readonly sessionQuota?: QuotaSettings;
  };
  readonly startup: {
    /** 0: as long as it takes. */
    readonly timeoutMs: number;
    readonly requireCritical: boolean;
  };
  readonly errors: Readonly<GatewaySettings['errors']>;
  readonly logging: Readonly<GatewaySettings['logging']>;
  readonly telemetry: {
    readonly metrics: boolean;
    readonly otlpEndpoint?: string;
    /** Of requests without a trace of their client. */
    readonly traceShare: number;
  };
  readonly reload: {
    /** Whether changes of the files come into force by themselves. */
    readonly watch: boolean;
    /** How long files must stay as they are before they are read. */
    readonly debounceMs: number;
  };
  readonly storage: Readonly<
    Omit<GatewaySettings['storage'], 'healthLogRetention' | 'scan' | 'callRetention'>
  > & {
    readonly healthLogRetentionMs: number;
    /** How long calls with idempotency keys are remembered. */
    readonly callRetentionMs: number;
    /** From one look at what is defined in the store to the next. */
    readonly scanMs: number;
  };
  readonly outgoing: Readonly<GatewaySettings['outgoing']>;
  readonly catalogue: {
    /** How long the lists of a server that is gone are shown. */
    readonly lingerMs: number;
  };
  /** What the configuration expects of itself. */
  readonly tests: Readonly<GatewaySettings['tests']>;
  /** What belongs to modules of a program, by their names; not checked (S003-CF-06). */
  readonly modules: Readonly<Record<string, unknown>>;
  /** In the order in which the sources name them first. */
  readonly upstreams: readonly UpstreamConfig[];
  /** What is accepted but has no effect or looks wrong: `file:line:column  text`, free of values. */
  readonly warnings: readonly string[];
  /** How a client's file was read: `file:line:column  text`. Nothing is lost by it. */
  readonly notes: readonly string[];
}

/** Settings as they stand in a file, in the terms of {@link Configuration}. */
export function settingsOf(
  settings: GatewaySettings,
  secrets: SecretsSettings,
): Omit<Configuration, 'upstreams' | 'warnings' | 'notes'> {
  const { listen, drain, tcp, tls, ...server } = settings.server;
  const {
    sessionIdle,
    maxWait,
    maxUpstreamInFlight = settings.limits.maxInFlight,
    userRate,
    sessionRate,
    sessionQuota: quota,
    ...limits
  } = settings.limits;
  const rates = { userRate: rateOf(userRate), sessionRate: rateOf(sessionRate) };
  const sessionQuota = quotaOf(quota);
  const { mode, token, tokens, ...others } = settings.auth;
  const identity = identityOf(others);
  const { endpoint, sample } = settings.telemetry.otlp;
  const { healthLogRetention, scan, callRetention, ...storage } = settings.storage;
  return {
    server: {
      ...listen,
      ...server,
      ...(tcp === undefined ? {} : { tcp }),
      ...(tls === undefined ? {} : { tls }),
      drainMs: drain,
    },
    auth: {
      mode,
      tokens,
      ...(token === undefined ? {} : { token }),
      ...(identity === undefined ? {} : { identity }),
    },
    naming: settings.naming,
    sealing: settings.sealing,
    secrets,
    limits: {
      ...limits,
      sessionIdleMs: sessionIdle,
      maxWaitMs: maxWait,
      maxUpstreamInFlight,
      maxInstanceInFlight: limits.maxInstanceInFlight ?? maxUpstreamInFlight,
      ...(rates.userRate !== undefined && { userRate: rates.userRate }),
      ...(rates.sessionRate !== undefined && { sessionRate: rates.sessionRate }),
      ...(sessionQuota !== undefined && { sessionQuota }),
    },
    startup: {
      timeoutMs: settings.startup.timeout,
      requireCritical: settings.startup.requireCritical,
    },
    errors: settings.errors,
    logging: settings.logging,
    telemetry: {
      metrics: settings.telemetry.metrics,
      ...(endpoint === undefined ? {} : { otlpEndpoint: endpoint }),
      traceShare: sample,
    },
    reload: { watch: settings.reload.watch, debounceMs: settings.reload.debounce },
    storage: {
      ...storage,
      healthLogRetentionMs: healthLogRetention,
      callRetentionMs: callRetention,
      scanMs: scan,
    },
    outgoing: settings.outgoing,
    catalogue: { lingerMs: settings.catalogue.linger },
    tests: settings.tests,
    modules: settings.modules,
  };
}

/** That of an empty file, without the parts that read files: for programs that have none. */
export function defaultConfiguration(): Configuration {
  const settings = GatewaySettingsSchema.parse({});
  const secrets = secretsSettings(settings.secrets, undefined);
  // Without Vault nothing can be wrong.
  if ('flaw' in secrets) throw new TypeError(secrets.flaw);
  return { ...settingsOf(settings, secrets), upstreams: [], warnings: [], notes: [] };
}
