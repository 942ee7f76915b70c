import { isReservedHeader } from '@omni/ports';
import * as z from 'zod/mini';
import { mayForward } from './forwardable-header.ts';
import { isRootFolder } from './root-folder.ts';
import { LIFECYCLE_SHAPE } from './lifecycle-schema.ts';
import { ReplicaSchema, RoutingSchema } from './routing-schema.ts';
import { NameTextSchema, PlainTextSchema, countSchema, durationSchema } from './setting-schema.ts';

const VariableNameSchema = z
  .string()
  .check(
    z.regex(
      /^[A-Za-z_][A-Za-z0-9_]*$/,
      'must be the name of an environment variable, such as "GITHUB_TOKEN"',
    ),
  );
const HeaderNameSchema = z
  .string()
  .check(z.regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'is not a usable name of an HTTP header'));
/** RFC 9110, 5.5: visible ASCII, spaces, tabs, and bytes beyond ASCII, which clients write as Latin-1. */
const HeaderValueSchema = z
  .string()
  .check(
    z.regex(/^[^\0\r\n]*$/, 'cannot hold a line break or a NUL character'),
    z.regex(
      /^[\0\r\n\t\x20-\x7e\x80-\xff]*$/,
      'holds a character that HTTP headers cannot carry, such as "…" or a curly quote; is the value whole?',
    ),
  );
const ToolNamesSchema = z.array(
  z
    .string()
    .check(z.regex(/^[^\p{Cc}]{1,512}$/u, 'must be the name of a tool, in which "*" stands for any text')),
);
const MAX_FORWARDED = 32;
const MAX_ROOTS = 64;
const DurationSchema = durationSchema({ allowZero: false });

/** How it is found out whether a server lives, and when. */
const HealthSchema = z.extend(LIFECYCLE_SHAPE.health, {
  strategy: z
    .optional(z.enum(['ping', 'http', 'capability', 'tool', 'resource', 'comprehensive']))
    .check(
      z.describe(
        'ping, the default, asks by ping, or server/discover where the server is modern. http asks for a path of the server, which has to answer 2xx. capability reads a list that the server says it has. tool calls "tool" with "arguments"; an answer that says that the tool failed counts as one; a tool whose arguments an HTTP server of the modern era wants repeated in headers cannot be probed. resource reads "uri". comprehensive does all but http in turn, within one "timeout": ping, list, then "tool" and "uri", of which one may be absent.',
      ),
    ),
  path: z
    .optional(z.string().check(z.regex(/^\/[\x21-\x7e]*$/, 'must begin with "/", as "/healthz" does')))
    .check(z.describe('Path to ask for with http, at the host of "url". Default: "/".')),
  tool: z
    .optional(z.string().check(z.regex(/^[^\p{Cc}]{1,512}$/u, 'must be the name of a tool')))
    .check(
      z.describe(
        'Tool to call with tool or comprehensive, as the server itself calls it. It is called at each probe: choose one that changes nothing.',
      ),
    ),
  arguments: z
    .optional(z.record(z.string(), z.unknown()))
    .check(z.describe('What "tool" is called with; {} for nothing.')),
  uri: z
    .optional(z.string().check(z.regex(/^[A-Za-z][A-Za-z0-9+.-]*:[^\p{Cc}]{1,8000}$/u, 'must be a URI')))
    .check(z.describe('Resource to read with resource or comprehensive.')),
});

/** One entry of `mcpServers` in Omni's own spelling; `normalizeEntry` brings those of clients here. */
export const McpServerSchema = z.strictObject({
  type: z
    .optional(z.enum(['stdio', 'http', 'sse', 'ws', 'unix', 'tcp']))
    .check(
      z.describe(
        'Transport of the server. When absent, "command" or "url" decides. http also detects the old transport HTTP+SSE; sse uses nothing else.',
      ),
    ),
  command: z
    .optional(NameTextSchema)
    .check(
      z.describe(
        'Program of a local server, looked up on the PATH of Omni. A relative path starts at "cwd", or else at the folder of this file. No shell is involved.',
      ),
    ),
  args: z.optional(z.array(PlainTextSchema)).check(z.describe('Arguments of the program, one per item.')),
  env: z
    .optional(
      z.record(
        z.string().check(z.regex(/^[^=\0]+$/, 'is not a usable name of an environment variable')),
        PlainTextSchema,
      ),
    )
    .check(
      z.describe(
        'Environment variables for the program, added to a filtered copy of the environment of Omni.',
      ),
    ),
  cwd: z
    .optional(NameTextSchema)
    .check(
      z.describe(
        'Working folder of the program. A relative path starts at the folder of this file. Default: the working folder of Omni.',
      ),
    ),
  url: z
    .optional(z.string())
    .check(
      z.describe(
        'Address of a running server, without user name and password: http: or https: (Streamable HTTP, HTTP+SSE), ws: or wss: (WebSocket), unix:/path (Unix socket), tcp://host:port (one message a line).',
      ),
    ),
  headers: z
    .optional(
      z.record(
        HeaderNameSchema.check(
          z.refine(
            (name) => !isReservedHeader(name),
            'cannot be configured: it frames the message or belongs to its session, so that Omni alone sets it',
          ),
        ),
        HeaderValueSchema,
      ),
    )
    .check(
      z.describe(
        'HTTP headers sent with every request to a remote server, such as Authorization. Accept and Content-Type are always those of MCP.',
      ),
    ),
  forwardHeaders: z
    .optional(
      z
        .array(
          HeaderNameSchema.check(
            z.refine(
              mayForward,
              'is never passed on: it is meant for Omni, for one connection or one body, or Omni says it itself',
            ),
            z.toLowerCase(),
          ),
        )
        .check(z.maxLength(MAX_FORWARDED)),
    )
    .check(
      z.describe(
        'Names of HTTP headers of the client that are forwarded with its requests, such as X-Tenant. Apart from trace context, nothing else of the client is forwarded. For http and sse only. At most 32; headers in "headers" take precedence. Requests of Omni itself (handshakes, lists, subscriptions) carry none of them.',
      ),
    ),
  disabled: z
    ._default(z.boolean(), false)
    .check(z.describe('true keeps the entry without starting the server.')),
  allowedTools: z
    .optional(ToolNamesSchema)
    .check(
      z.describe(
        'Names of the tools that clients may see and call, as the server calls them; "*" stands for any text. All others are hidden and refused. Default: all.',
      ),
    ),
  disabledTools: z
    .optional(ToolNamesSchema)
    .check(
      z.describe(
        'Names of tools that are hidden and refused, as the server calls them; "*" stands for any text. They win over allowedTools.',
      ),
    ),
  protocol: z
    ._default(z.enum(['auto', 'legacy', '2026-07-28']), 'auto')
    .check(
      z.describe(
        'Protocol revision spoken with the server. auto asks the server; legacy is everything up to 2025-11-25.',
      ),
    ),
  instances: z
    ._default(z.enum(['auto', 'shared', 'per-user', 'per-session', 'per-request']), 'auto')
    .check(
      z.describe(
        'Who shares one process or connection of a legacy server. auto gives a session its own when its client offers sampling, elicitation or, with "roots": "pass", roots. shared: all clients share one, and the server can send them no requests. per-user: clients of one user that offer the same capabilities share one. per-session: each session has its own. per-request: every request starts a new one, and tasks end with it. At most limits.maxInstances at once.',
      ),
    ),
  roots: z
    ._default(
      z.union(
        [
          z.enum(['none', 'pass']),
          z
            .array(z.string().check(z.refine(isRootFolder, 'must be an absolute path or a file: URI')))
            .check(z.minLength(1), z.maxLength(MAX_ROOTS)),
        ],
        {
          error: `must be "none", "pass" or a list of at most ${MAX_ROOTS} folders, each an absolute path or a file: URI`,
        },
      ),
      'none',
    )
    .check(
      z.describe(
        'Who tells the server in which folders it may work (roots). none: nobody, its own settings count. A list of folders: Omni names these to a legacy server, whoever the client is; absolute paths or file: URIs, at most 64. pass: the client names them; many servers then open to every client any file that they can read.',
      ),
    ),
  connectTimeout: z
    .optional(DurationSchema)
    .check(z.describe('Time for start and handshake. Default: defaults.connectTimeout.')),
  callTimeout: z
    .optional(DurationSchema)
    .check(z.describe('Longest silence of a call; progress resets it. Default: defaults.callTimeout.')),
  maxCallTime: z
    .optional(DurationSchema)
    .check(
      z.describe('Longest duration of a call, with or without progress. Default: defaults.maxCallTime.'),
    ),
  listAge: z
    .optional(DurationSchema)
    .check(
      z.describe(
        'How old the lists of the server may become before they are read again for a client that asks. What the server says itself (ttlMs) comes first; never below 5s. Default: defaults.listAge.',
      ),
    ),
  circuit_breaker: z
    .optional(LIFECYCLE_SHAPE.circuit_breaker)
    .check(z.describe('As circuit_breaker of all servers, for this one.')),
  restart: z.optional(LIFECYCLE_SHAPE.restart).check(z.describe('As restart of all servers, for this one.')),
  routing: z.optional(RoutingSchema).check(z.describe('As routing of all servers, for this one.')),
  replica: z
    .optional(ReplicaSchema)
    .check(
      z.describe('Makes it a replica of another server: clients see that one, and calls go to any of them.'),
    ),
  permanentExitCodes: z
    .optional(z.array(countSchema(1, 255)).check(z.maxLength(255)))
    .check(
      z.describe(
        'Exit codes with which the program says that it cannot run as it is configured, such as 78: it is not started again before that is different. Default: none.',
      ),
    ),
  critical: z
    ._default(z.boolean(), true)
    .check(z.describe('Whether Omni is ready only when this server is.')),
  health: z
    .optional(HealthSchema)
    .check(z.describe('As health of all servers, for this one, and how it is asked.')),
  start: z
    .optional(z.enum(['eager', 'on-demand']))
    .check(
      z.describe(
        'eager, the default, starts the server with Omni; on-demand with the first call of one of its tools, and once before where it is not known yet what it lists.',
      ),
    ),
  idleStop: z
    .optional(DurationSchema)
    .check(
      z.describe(
        'The server is stopped when nobody has needed it for this long; it stays listed, and the next call starts it. Default: never, and 1m with start on-demand.',
      ),
    ),
  requiredEnv: z
    ._default(z.array(VariableNameSchema), [])
    .check(
      z.describe(
        'Environment variables that must be set and not empty; otherwise the server is not started, and its status names the missing ones.',
      ),
    ),
  featureFlag: z
    .optional(
      z
        .string()
        .check(z.regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/, 'must consist of letters, digits, "_" and "-"')),
    )
    .check(
      z.describe(
        'The server is started only while the environment variable OMNI_FEATURE_<FLAG> is 1 or true.',
      ),
    ),
});

/** An entry with its defaults; durations in milliseconds. */
export type McpServerSettings = z.output<typeof McpServerSchema>;
