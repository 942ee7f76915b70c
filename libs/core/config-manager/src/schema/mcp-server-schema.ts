import { z } from 'zod';
import { mayForward } from './forwardable-header.ts';
import { NameTextSchema, PlainTextSchema, durationSchema } from './setting-schema.ts';

/** What a server may be called, so that it fits into tool names and paths. */
export const SERVER_NAME_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/;

const VariableNameSchema = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of an environment variable, such as "GITHUB_TOKEN"');
const HeaderNameSchema = z
  .string()
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'is not a usable name of an HTTP header');
const MAX_FORWARDED = 32;
const DurationSchema = durationSchema({ allowZero: false });

/** One entry of `mcpServers` in Omni's own spelling; `normalizeEntry` brings the spellings of clients here. */
export const McpServerSchema = z.strictObject({
  type: z
    .enum(['stdio', 'http', 'sse', 'ws', 'unix', 'tcp'])
    .optional()
    .describe(
      'How the server is reached. Follows from "command" or "url" when absent. http finds the old transport HTTP+SSE too; sse asks for nothing else.',
    ),
  command: NameTextSchema.optional().describe(
    'Program of a local server, found on the PATH of Omni; a relative path starts at "cwd", or else at the folder of this file. Not run through a shell.',
  ),
  args: z.array(PlainTextSchema).optional().describe('Arguments of the program, one per item.'),
  env: z
    .record(z.string().regex(/^[^=\0]+$/, 'is not a usable name of an environment variable'), PlainTextSchema)
    .optional()
    .describe('Variables for the program, added to a filtered copy of the environment of Omni.'),
  cwd: NameTextSchema.optional().describe(
    'Working folder of the program. A relative path starts at the folder of this file. The one of Omni when absent.',
  ),
  url: z
    .string()
    .optional()
    .describe(
      'Address of a server that runs already, without user name and password: http: or https: (Streamable HTTP, HTTP+SSE), ws: or wss: (WebSocket), unix:/path (Unix socket), tcp://host:port (one message a line).',
    ),
  headers: z
    .record(HeaderNameSchema, z.string().regex(/^[^\0\r\n]*$/, 'cannot hold a line break or a NUL character'))
    .optional()
    .describe('HTTP headers sent with every request to a remote server, such as Authorization.'),
  forwardHeaders: z
    .array(
      HeaderNameSchema.refine(
        mayForward,
        'is never passed on: it is meant for Omni, for one connection or one body, or Omni says it itself',
      ).toLowerCase(),
    )
    .max(MAX_FORWARDED)
    .optional()
    .describe(
      'Names of HTTP headers of the client that go along with its requests, such as X-Tenant; nothing else of the client does, beside trace context. For http and sse only. At most 32; those in "headers" win. What Omni sends by itself (handshakes, lists, subscriptions) has none of them.',
    ),
  disabled: z.boolean().default(false).describe('true keeps the entry and does not start the server.'),
  protocol: z
    .enum(['auto', 'legacy', '2026-07-28'])
    .default('auto')
    .describe(
      'Protocol revision spoken with the server. auto asks the server; legacy is everything up to 2025-11-25.',
    ),
  instances: z
    .enum(['auto', 'shared', 'per-user', 'per-session', 'per-request'])
    .default('auto')
    .describe(
      'Who shares one process or connection of a legacy server. auto gives a session its own when its client offers sampling, elicitation or roots. shared: all clients, and the server can ask none. per-user: clients of one user that offer the same. per-session: each session its own. per-request: a new one for every request, which costs a start each time; tasks end with it. At most limits.maxInstances at once.',
    ),
  connectTimeout: DurationSchema.optional().describe(
    'Time for start and handshake. defaults.connectTimeout when absent.',
  ),
  callTimeout: DurationSchema.optional().describe(
    'Longest silence of a call; progress resets it. defaults.callTimeout when absent.',
  ),
  maxCallTime: DurationSchema.optional().describe(
    'Longest duration of a call, progress or not. defaults.maxCallTime when absent.',
  ),
  critical: z.boolean().default(true).describe('Whether readiness of Omni waits for this server.'),
  requiredEnv: z
    .array(VariableNameSchema)
    .default([])
    .describe(
      'Environment variables that must be set and not empty; otherwise the server is not started and says which are missing.',
    ),
  featureFlag: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/, 'must consist of letters, digits, "_" and "-"')
    .optional()
    .describe('The server is started only while the environment variable OMNI_FEATURE_<FLAG> is 1 or true.'),
});

/** An entry with its defaults; durations in milliseconds. */
export type McpServerSettings = z.output<typeof McpServerSchema>;
