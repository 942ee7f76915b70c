import * as z from 'zod/mini';
import { IDENTITY_KEYS, IDENTITY_SHAPE } from './identity-schema.ts';
import { LIFECYCLE_SHAPE } from './lifecycle-schema.ts';
import { QuotaSchema, RateSchema, RoutingSchema } from './routing-schema.ts';
import { McpServerSchema } from './mcp-server-schema.ts';
import { SECRETS_KEYS, SecretsSchema } from './secrets-schema.ts';
import {
  HostTextSchema,
  ListenSchema,
  NameTextSchema,
  OriginTextSchema,
  RetentionSchema,
  SealingKeySchema,
  countSchema,
  durationSchema,
} from './setting-schema.ts';

const GIB = 1_073_741_824;
const MAX_TOKENS = 1_000;
const MAX_EXPECTATIONS = 1_000;
const MAX_SEALING_KEYS = 8;
const DurationSchema = durationSchema({ allowZero: false });
const ShareSchema = z
  .number({ error: 'must be a number from 0 to 1' })
  .check(z.gte(0, 'must be a number from 0 to 1'), z.lte(1, 'must be a number from 0 to 1'));

const TlsSchema = z.strictObject({
  cert: NameTextSchema.check(
    z.describe(
      'PEM file of the certificate, followed by those between it and the root. A relative path starts at the folder of this file.',
    ),
  ),
  key: NameTextSchema.check(
    z.describe(
      'PEM file of the private key, without a passphrase. A relative path starts at the folder of this file.',
    ),
  ),
});

const ServerSchema = z.strictObject({
  listen: z
    .prefault(ListenSchema, '127.0.0.1:7431')
    .check(
      z.describe(
        'Address and port to listen on. Port 0 picks a free one. Loopback unless other machines must connect.',
      ),
    ),
  allowedHosts: z
    ._default(z.array(HostTextSchema), [])
    .check(
      z.describe(
        'Names that the Host header may hold besides those of the listen address. This protects against DNS rebinding.',
      ),
    ),
  allowedOrigins: z
    ._default(z.array(OriginTextSchema), [])
    .check(
      z.describe(
        'Web origins whose pages may call Omni and read its answers, e.g. "http://localhost:6274" for the Inspector. Pages of this machine are listed like all others.',
      ),
    ),
  legacySse: z
    ._default(z.boolean(), false)
    .check(
      z.describe(
        'true also serves clients of the old transport HTTP+SSE (2024-11-05): at /sse for all servers, at /sse/{server} for one.',
      ),
    ),
  unixSocket: z
    ._default(
      z.union([z.boolean(), NameTextSchema], { error: 'must be true, false or the path of the socket' }),
      false,
    )
    .check(
      z.describe(
        'true also serves the owner of Omni on the Unix socket omni.sock in its state folder (a named pipe on Windows), text on one at that path (a relative one starts at the folder of this file); without a token, one message a line.',
      ),
    ),
  tcp: z
    .optional(ListenSchema)
    .check(
      z.describe(
        'Address and port on this machine to serve on plain TCP too, one message a line. It cannot ask for a token: only with auth.mode open.',
      ),
    ),
  tls: z
    .optional(TlsSchema)
    .check(
      z.describe(
        'Certificate for HTTPS and WSS in place of HTTP and WS. The files are read again when they change.',
      ),
    ),
  drain: z
    .prefault(durationSchema({ allowZero: true }), '10s')
    .check(z.describe('How long running requests may take when Omni stops.')),
});

const BearerTokenSchema = z
  .string()
  .check(
    z.regex(
      /^[A-Za-z0-9._~+/-]+=*$/,
      'must be a bearer token: letters, digits and ._~+/- (RFC 6750, section 2.1)',
    ),
  );

const NamedTokenSchema = z.strictObject({
  name: z
    .string()
    .check(
      z.regex(
        /^(?!(?:owner|local|anonymous)$)[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/,
        'must be 1 to 64 letters, digits and ._@-, and not "owner", "local" or "anonymous"',
      ),
    )
    .check(z.describe('Name of the user of this token. Users share no sessions, tasks or waiting calls.')),
  token: BearerTokenSchema.check(z.describe('The token. Best written as ${NAME}.')),
});

const AuthSchema = z.strictObject({
  mode: z
    ._default(z.enum(['token', 'open']), 'token')
    .check(
      z.describe(
        'token requires a bearer token of every client; open requires nothing and is allowed on loopback only.',
      ),
    ),
  token: z
    .optional(BearerTokenSchema)
    .check(
      z.describe(
        'The token of the owner. Best written as ${NAME}. When absent, Omni creates one and keeps it in its state folder.',
      ),
    ),
  tokens: z
    ._default(z.array(NamedTokenSchema).check(z.maxLength(MAX_TOKENS)), [])
    .check(z.describe('Tokens of users other than the owner, each with a name of its own.')),
  ...IDENTITY_SHAPE,
});

const NamingSchema = z.strictObject({
  prefix: z
    ._default(z.enum(['always', 'on-conflict', 'none']), 'always')
    .check(
      z.describe(
        'When the names of tools and prompts begin with the name of their server. With always, no tool changes its name when another server is added.',
      ),
    ),
  labelElicitations: z
    ._default(z.boolean(), true)
    .check(
      z.describe(
        'true makes prompts to the user (elicitation) begin with the name of the server, where a client is connected to several servers at once.',
      ),
    ),
});

const SealingSchema = z.strictObject({
  keys: z
    ._default(z.array(SealingKeySchema).check(z.maxLength(MAX_SEALING_KEYS)), [])
    .check(
      z.describe(
        'Keys that seal what clients bring back, such as the requestState of a waiting call: 32 bytes in base64 each, best written as ${NAME}. The first seals, all open; several Omnis behind one address need the same keys. Default: a random key for each run.',
      ),
    ),
});

const LimitsSchema = z.strictObject({
  maxBodyBytes: z
    ._default(countSchema(1_024, GIB), 4_194_304)
    .check(z.describe('Longest request body, in bytes.')),
  maxDepth: z._default(countSchema(4, 1_000), 64).check(z.describe('Deepest nesting of a message.')),
  maxElements: z
    ._default(countSchema(16, 100_000_000), 100_000)
    .check(z.describe('Most values in a message.')),
  maxUpstreamMessageBytes: z
    ._default(countSchema(1_024, GIB), 16_777_216)
    .check(z.describe('Longest message of a server, in bytes.')),
  maxUnfinishedBytes: z
    ._default(countSchema(1_048_576, 64 * GIB), 268_435_456)
    .check(
      z.describe(
        'Most bytes of unfinished messages that are held at the same time: of all servers together, and again of all clients. What is kept for them is counted, up to 4 KiB of each apart; up to 64 KiB of a message are never refused. Servers share it, and clients theirs: who has little gets up to a quarter more. Beyond it a call fails with OMNI_MEMORY_FULL, and a request is refused with 503.',
      ),
    ),
  maxListBytes: z
    ._default(countSchema(1_048_576, 64 * GIB), 268_435_456)
    .check(
      z.describe(
        'Most bytes that the lists of all servers keep in memory (tools, resources, templates, prompts, and what they list to some clients only). Half of it is divided equally among the lists of all servers; of the other half one server gets at most a quarter. A list that needs more stops early, which omni ls tells.',
      ),
    ),
  maxListAnswerBytes: z
    ._default(countSchema(65_536, GIB), 16_777_216)
    .check(
      z.describe(
        'Longest answer to a client that asks for a list, in bytes in memory. Where the lists of several servers do not fit, each has an equal part of it and leaves out its own items only; they can be called all the same.',
      ),
    ),
  maxUnreadBytes: z
    ._default(countSchema(1_048_576, 64 * GIB), 268_435_456)
    .check(
      z.describe(
        'Most bytes of answers that wait for clients to read them, on all connections together. Beyond it the user with the most loses the connection with the most (OMNI_ANSWERS_UNREAD); where everybody is the same one, the connection with the most is cut.',
      ),
    ),
  maxInFlight: z
    ._default(countSchema(1, 1_000_000), 1_000)
    .check(
      z.describe(
        'Most requests of one user, and of all, that run at the same time, whatever they are for. When all are taken there is a quarter more for users with few, and then some for the owner; with auth.mode open each connection counts as a user.',
      ),
    ),
  maxWaiting: z
    ._default(countSchema(0, 1_000_000), 0)
    .check(
      z.describe(
        'Most requests that wait for a place among maxInFlight, shared as those are; users take turns. 0: they are refused at once.',
      ),
    ),
  maxWait: z.prefault(DurationSchema, '10s').check(z.describe('How long each of them may wait.')),
  maxUpstreamInFlight: z
    .optional(countSchema(1, 1_000_000))
    .check(
      z.describe(
        'Most calls of one server at the same time, on all its instances together, shared as maxInFlight is; calls that wait for it to start count too. maxInFlight when absent.',
      ),
    ),
  maxInstanceInFlight: z
    .optional(countSchema(1, 1_000_000))
    .check(
      z.describe(
        'Most calls of one instance of a server, a process or a connection, at the same time, shared as maxInFlight is. maxUpstreamInFlight when absent.',
      ),
    ),
  maxSessions: z
    ._default(countSchema(1, 1_000_000), 1_000)
    .check(
      z.describe(
        'Most legacy sessions over HTTP at the same time, shared as maxInFlight is. When all are taken, a session without stream and call ends to make room: the oldest of the same user, else of a user with more than an equal part.',
      ),
    ),
  sessionIdle: z
    .prefault(DurationSchema, '30m')
    .check(z.describe('A legacy session ends after this long without a request.')),
  maxSessionInFlight: z
    ._default(countSchema(1, 1_000_000), 100)
    .check(z.describe('Most requests of one legacy session that run at the same time.')),
  maxInstances: z
    ._default(countSchema(1, 100_000), 64)
    .check(
      z.describe(
        'Most processes or connections of one server at the same time, shared as maxInFlight is. When all are taken, a session without stream and call that has one ends to make room, as with maxSessions.',
      ),
    ),
  userRate: z
    .optional(RateSchema)
    .check(z.describe('How fast the requests of one user may come, on all connections. Default: any.')),
  sessionRate: z
    .optional(RateSchema)
    .check(z.describe('How fast those of one session or connection may come. Default: any.')),
  sessionQuota: z
    .optional(QuotaSchema)
    .check(
      z.describe('What calls of one session or connection may use in a time, of all servers. Default: any.'),
    ),
  maxHeapShare: z
    ._default(z.number().check(z.minimum(0.1), z.maximum(1)), 0.85)
    .check(
      z.describe(
        'Share of the heap behind which new requests are refused before they are read; two thirds of the way from there to a full one nothing is answered but health. 1: neither is done.',
      ),
    ),
  maxStarting: z
    ._default(countSchema(1, 1_000), 8)
    .check(z.describe('Most processes of servers that are being started at the same time.')),
  maxStartsPerSecond: z
    ._default(countSchema(1, 1_000), 20)
    .check(z.describe('Most processes of servers that are started within any second.')),
});

const StartupSchema = z.strictObject({
  timeout: z
    .prefault(durationSchema({ allowZero: true }), '30s')
    .check(
      z.describe(
        'How long the start may take before Omni ends with exit code 6, so that a supervisor starts it again; 0s: as long as it takes. Servers count only with requireCritical.',
      ),
    ),
  requireCritical: z
    ._default(z.boolean(), false)
    .check(z.describe('true: the start is over when every critical server is ready.')),
});

const ErrorsSchema = z.strictObject({
  onUnknown: z
    ._default(z.enum(['crash', 'isolate']), 'crash')
    .check(
      z.describe(
        'What Omni does when a promise fails that nobody waits for, outside of all requests: crash ends it within 2 s with exit code 1, isolate logs it and goes on. What is thrown and not caught always ends it.',
      ),
    ),
});

const LoggingSchema = z.strictObject({
  level: z
    ._default(z.enum(['debug', 'info', 'warn', 'error']), 'info')
    .check(z.describe('Lowest severity that is logged.')),
  sampleRequests: z
    ._default(ShareSchema, 0)
    .check(
      z.describe(
        'Share of requests that are logged at info, from 0 to 1. Failures, security and what happens to servers are always logged; with level debug every request is.',
      ),
    ),
});

const OtlpSchema = z.strictObject({
  endpoint: z
    .optional(
      z
        .string()
        .check(
          z.regex(
            /^https?:\/\/[^\s/]+(?:\/\S*)?$/,
            'must be the address of a collector, such as "http://127.0.0.1:4318"',
          ),
        ),
    )
    .check(
      z.describe(
        'Address of a collector of OpenTelemetry (OTLP over HTTP), without /v1/traces. Traces and metrics are sent there. When absent, OTEL_EXPORTER_OTLP_ENDPOINT decides; OTEL_SDK_DISABLED=true switches both off. Headers, such as a key, come from OTEL_EXPORTER_OTLP_HEADERS.',
      ),
    ),
  sample: z
    ._default(ShareSchema, 1)
    .check(z.describe('Share of requests without a trace of their client that are traced, from 0 to 1.')),
});

const TelemetrySchema = z.strictObject({
  metrics: z
    ._default(z.boolean(), true)
    .check(
      z.describe(
        'true measures requests, calls and servers, and shows the measurements to the owner at /metrics, as Prometheus reads them.',
      ),
    ),
  otlp: z.prefault(OtlpSchema, {}).check(z.describe('Where traces and metrics are sent, if anywhere.')),
});

const ReloadSchema = z.strictObject({
  watch: z
    ._default(z.boolean(), true)
    .check(
      z.describe(
        'Whether a change of the files comes into force while Omni runs. When off, SIGHUP and "omni config apply" still read them.',
      ),
    ),
  debounce: z
    .prefault(DurationSchema, '300ms')
    .check(
      z.describe('How long files must stay as they are before they are read. Longer than a writer rests.'),
    ),
});

const StorageSchema = z.strictObject({
  url: z
    ._default(
      z
        .string()
        .check(
          z.regex(
            /^(?:sqlite:[^\0?#]*|memory:|postgres(?:ql)?:\/\/[^\s\0]+)$/,
            'must be "sqlite:", "sqlite:PATH", "memory:" or the address of a PostgreSQL database, "postgres://USER:PASSWORD@HOST/DATABASE"',
          ),
        ),
      'sqlite:',
    )
    .check(
      z.describe(
        'Where Omni keeps the state of servers over restarts. sqlite: is omni.db in the state folder; sqlite:PATH another file (a relative path starts at the folder of this file); memory: keeps nothing. The address of PostgreSQL holds a password best written as ${NAME}.',
      ),
    ),
  schema: z
    ._default(
      z
        .string()
        .check(
          z.regex(
            /^[A-Za-z_][A-Za-z0-9_]{0,62}$/,
            'must be 1 to 63 letters, digits and "_", and begin with no digit',
          ),
        ),
      'omni',
    )
    .check(z.describe('Schema of the tables in PostgreSQL. Omnis that share a database need one each.')),
  scan: z
    .prefault(DurationSchema, '30s')
    .check(z.describe('From one look at servers that are defined in the store to the next.')),
  healthLogRetention: z
    .prefault(RetentionSchema, '90d')
    .check(z.describe('How long the health log of servers is kept, in days: "90d".')),
  callRetention: z
    .prefault(DurationSchema, '24h')
    .check(z.describe('How long a call with an idempotency key is remembered, and its outcome.')),
  maxCalls: z
    ._default(countSchema(1, 1_000_000), 10_000)
    .check(z.describe('Calls with idempotency keys that are remembered of one user.')),
  maxCallBytes: z
    ._default(countSchema(1, 1_099_511_627_776), 67_108_864)
    .check(z.describe('Bytes of the outcomes of those calls that are kept of one user.')),
});

const OutgoingSchema = z.strictObject({
  proxy: z
    ._default(
      z.union([z.enum(['environment', 'none']), z.string().check(z.regex(/^https?:\/\/[^\s/]+\/?$/))], {
        error: 'must be "environment", "none" or the address of a proxy, such as "http://proxy.example:3128"',
      }),
      'environment',
    )
    .check(
      z.describe(
        'Proxy through which HTTP servers are reached. environment: what HTTP_PROXY, HTTPS_PROXY and NO_PROXY say. none: no proxy. An address: this one, except for the hosts in NO_PROXY. Servers on this machine are always reached without. A name and a password stand before the host, best written as ${NAME}.',
      ),
    ),
});

const DefaultsSchema = z.strictObject({
  connectTimeout: z
    .prefault(DurationSchema, '30s')
    .check(z.describe('Time for start and handshake of a server.')),
  callTimeout: z
    .prefault(DurationSchema, '60s')
    .check(z.describe('Longest silence of a call; progress resets it.')),
  maxCallTime: z
    .prefault(DurationSchema, '30m')
    .check(z.describe('Longest duration of a call, with or without progress.')),
  listAge: z
    .prefault(DurationSchema, '1m')
    .check(
      z.describe(
        'How old lists may become before they are read again for a client that asks, where their server does not say so (ttlMs). Never below 5s.',
      ),
    ),
});

const CatalogueSchema = z.strictObject({
  linger: z
    .prefault(durationSchema({ allowZero: true }), '10s')
    .check(
      z.describe(
        'How long the lists of a server that is gone are shown; its tools cannot be called meanwhile. 0s: not at all.',
      ),
    ),
});

const ExpectationSchema = z.strictObject({
  name: z.optional(NameTextSchema).check(z.describe('What is told when it is not so.')),
  server: z
    .optional(NameTextSchema)
    .check(
      z.describe('The client that connects to this server alone. Default: the one that connects to all.'),
    ),
  sees: z.optional(z.array(NameTextSchema)).check(z.describe('Names of tools that this client is shown.')),
  hides: z.optional(z.array(NameTextSchema)).check(z.describe('Names of tools that it is not shown.')),
  routes: z
    .optional(z.record(z.string(), NameTextSchema))
    .check(z.describe('Which server a call of a tool goes to, by the name of the tool.')),
});

/** Every setting outside `mcpServers`. Keys that start with `x-` are taken out before. */
export const GatewaySettingsSchema = z.strictObject({
  $schema: z.optional(z.string()).check(z.describe('Address of the JSON Schema, for editors.')),
  version: z.optional(z.literal(1)).check(z.describe('Version of this shape; 1 is the only one.')),
  server: z.prefault(ServerSchema, {}).check(z.describe('Where clients connect.')),
  auth: z.prefault(AuthSchema, {}).check(z.describe('Who may connect.')),
  naming: z.prefault(NamingSchema, {}).check(z.describe('How clients see tools and servers named.')),
  sealing: z.prefault(SealingSchema, {}).check(z.describe('How data that clients bring back is protected.')),
  secrets: z.prefault(SecretsSchema, {}).check(z.describe('Where secrets come from, and where they may go.')),
  limits: z.prefault(LimitsSchema, {}).check(z.describe('How much at once.')),
  startup: z.prefault(StartupSchema, {}).check(z.describe('How long the start may take.')),
  errors: z.prefault(ErrorsSchema, {}).check(z.describe('What happens when Omni itself fails.')),
  logging: z.prefault(LoggingSchema, {}).check(z.describe('What is logged.')),
  telemetry: z.prefault(TelemetrySchema, {}).check(z.describe('What is measured, and who is told.')),
  reload: z.prefault(ReloadSchema, {}).check(z.describe('How changes of the files come into force.')),
  storage: z.prefault(StorageSchema, {}).check(z.describe('What is kept over restarts, and where.')),
  outgoing: z.prefault(OutgoingSchema, {}).check(z.describe('How servers are reached.')),
  catalogue: z.prefault(CatalogueSchema, {}).check(z.describe('What is listed of servers.')),
  circuit_breaker: z
    .prefault(LIFECYCLE_SHAPE.circuit_breaker, {})
    .check(
      z.describe('When a server that keeps failing is tried less often, and when no more; of all servers.'),
    ),
  restart: z
    .prefault(LIFECYCLE_SHAPE.restart, {})
    .check(z.describe('How soon a server that fails is started again; of all servers.')),
  health: z
    .prefault(LIFECYCLE_SHAPE.health, {})
    .check(z.describe('How servers are asked whether they live; of all servers.')),
  routing: z
    .prefault(RoutingSchema, {})
    .check(z.describe('How calls are limited, repeated and kept away from what fails; of all servers.')),
  tests: z
    ._default(z.array(ExpectationSchema).check(z.maxLength(MAX_EXPECTATIONS)), [])
    .check(z.describe('What omni config test makes sure of; nothing else reads it.')),
  modules: z
    ._default(z.record(z.string(), z.unknown()), {})
    .check(
      z.describe(
        'Settings of modules that a program adds to Omni, each under the name of the module; Omni itself reads none.',
      ),
    ),
  defaults: z
    .prefault(DefaultsSchema, {})
    .check(z.describe('Settings for servers that do not set their own.')),
});

/** Keys of each section, for suggestions. */
export const SECTION_KEYS: ReadonlyMap<string, readonly string[]> = new Map([
  ['server', Object.keys(ServerSchema.shape)],
  ['server.tls', Object.keys(TlsSchema.shape)],
  ['auth', Object.keys(AuthSchema.shape)],
  ['naming', Object.keys(NamingSchema.shape)],
  ['sealing', Object.keys(SealingSchema.shape)],
  ['limits', Object.keys(LimitsSchema.shape)],
  ['startup', Object.keys(StartupSchema.shape)],
  ['errors', Object.keys(ErrorsSchema.shape)],
  ['logging', Object.keys(LoggingSchema.shape)],
  ['telemetry', Object.keys(TelemetrySchema.shape)],
  ['telemetry.otlp', Object.keys(OtlpSchema.shape)],
  ['reload', Object.keys(ReloadSchema.shape)],
  ['storage', Object.keys(StorageSchema.shape)],
  ['outgoing', Object.keys(OutgoingSchema.shape)],
  ['catalogue', Object.keys(CatalogueSchema.shape)],
  ...Object.entries(LIFECYCLE_SHAPE).map(([block, { shape }]): [string, readonly string[]] => [
    block,
    Object.keys(shape),
  ]),
  ...IDENTITY_KEYS,
  ...SECRETS_KEYS,
  ['routing', Object.keys(RoutingSchema.shape)],
  ['defaults', Object.keys(DefaultsSchema.shape)],
]);

/** A whole configuration in Omni's own spelling. */
export const ConfigurationSchema = z.extend(GatewaySettingsSchema, {
  mcpServers: z
    ._default(z.record(z.string(), McpServerSchema), {})
    .check(
      z.describe(
        'The servers behind Omni, by name. The name stands before the names of their tools; one that does not fit there (32 ASCII letters, digits, ".", "_" and "-") gets a short form that depends on it alone.',
      ),
    ),
});

/** What a user writes: every setting optional, durations with a unit. */
export type ConfigurationInput = z.input<typeof ConfigurationSchema>;

/** Every setting outside `mcpServers`, present; durations in milliseconds. */
export type GatewaySettings = z.output<typeof GatewaySettingsSchema>;
