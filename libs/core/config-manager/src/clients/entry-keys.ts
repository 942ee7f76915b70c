import type { AddressKind } from '../schema/upstream-address.ts';
import type { TimeLimit } from './client-format.ts';

/** Spellings of clients, and Omni's own. Sources: the public documentation of each client. */
export const SPELLINGS: ReadonlyMap<string, string> = new Map([
  ['serverUrl', 'url'], // Windsurf
  ['server_url', 'url'],
  ['httpUrl', 'url'], // Gemini CLI
  ['http_url', 'url'],
  ['sseUrl', 'url'],
  ['sse_url', 'url'],
  ['uri', 'url'], // Goose
  ['endpoint', 'url'],
  ['baseUrl', 'url'], // Cherry Studio
  ['base_url', 'url'],
  ['cmd', 'command'], // Goose
  ['executable', 'command'],
  ['arguments', 'args'],
  ['environment', 'env'], // opencode
  ['envs', 'env'], // Goose
  ['env_vars_map', 'env'],
  ['environmentVariables', 'env'],
  ['environment_variables', 'env'],
  ['working_dir', 'cwd'],
  ['workingDir', 'cwd'],
  ['working_directory', 'cwd'], // Warp
  ['workingDirectory', 'cwd'],
  ['workdir', 'cwd'],
  ['http_headers', 'headers'], // Codex
  ['httpHeaders', 'headers'],
  ['requestHeaders', 'headers'],
  ['static_headers', 'headers'], // LiteLLM
  ['transport', 'type'], // Mistral Vibe, FastMCP
  ['transportType', 'type'], // Cline of old
  ['transport_type', 'type'],
  ['connectionType', 'type'],
  ['serverType', 'type'],
  ['disable', 'disabled'],
  ['isDisabled', 'disabled'],
  ['is_disabled', 'disabled'],
  ['excludeTools', 'disabledTools'], // Gemini CLI
  ['exclude_tools', 'disabledTools'],
  ['disabled_tools', 'disabledTools'], // Codex
  ['deniedTools', 'disabledTools'],
  ['denied_tools', 'disabledTools'],
  ['blockedTools', 'disabledTools'],
  ['blocked_tools', 'disabledTools'],
  ['disallowedTools', 'disabledTools'],
  ['disallowed_tools', 'disabledTools'], // LiteLLM
  ['excludedTools', 'disabledTools'],
  ['excluded_tools', 'disabledTools'],
  ['hiddenTools', 'disabledTools'],
  ['hidden_tools', 'disabledTools'],
  ['includeTools', 'allowedTools'], // Gemini CLI, Amp
  ['include_tools', 'allowedTools'],
  ['enabled_tools', 'allowedTools'], // Codex
  ['enabledTools', 'allowedTools'],
  ['allowed_tools', 'allowedTools'],
  ['available_tools', 'allowedTools'], // Goose: none is no limit
  ['includedTools', 'allowedTools'],
  ['included_tools', 'allowedTools'],
  ['toolFilter', 'allowedTools'],
  ['tool_filter', 'allowedTools'],
  ['tools', 'allowedTools'], // Copilot: ["*"] is all
]);

/** Allow-lists that say nothing while they are empty. */
export const NO_LIMIT_WHEN_EMPTY: ReadonlySet<string> = new Set(['available_tools', 'tools']);

/** `true` switches a server on. */
export const SWITCHES_ON: ReadonlySet<string> = new Set([
  'enabled',
  'isActive', // Cherry Studio
  'is_active',
  'active', // Jan
  'isEnabled',
  'is_enabled',
  'enable',
]);

/** Say in a word whether a server is on: Witsy. */
export const STATES: ReadonlySet<string> = new Set(['state', 'status']);
export const OFF_WORDS: ReadonlySet<string> = new Set(['disabled', 'inactive', 'off']);

/** Written as they are, in lower case and without `-`, `_` and spaces. */
const TRANSPORTS: ReadonlyMap<string, 'stdio' | AddressKind> = new Map([
  ['stdio', 'stdio'],
  ['local', 'stdio'],
  ['process', 'stdio'],
  ['command', 'stdio'],
  ['http', 'http'],
  ['https', 'http'],
  ['streamablehttp', 'http'],
  ['streamable', 'http'],
  ['httpstream', 'http'],
  ['httpstreamable', 'http'],
  ['httpstreaming', 'http'],
  ['remote', 'http'],
  ['sse', 'sse'],
  ['httpsse', 'sse'],
  ['ws', 'ws'],
  ['websocket', 'ws'],
  ['unix', 'unix'],
  ['tcp', 'tcp'],
]);

/** What a client's word for a transport means. */
export function transportOf(written: string): 'stdio' | AddressKind | undefined {
  return TRANSPORTS.get(written.toLowerCase().replaceAll(/[-_ ]/g, ''));
}

/** For suggestions. */
export const TRANSPORT_WORDS: readonly string[] = [
  'stdio',
  'http',
  'streamable-http',
  'sse',
  'ws',
  'unix',
  'tcp',
];

/** Servers that are part of their client, by what `type` or `source` says. */
export const PARTS_OF_CLIENTS: ReadonlyMap<string, string> = new Map([
  ['builtin', 'Goose'],
  ['platform', 'Goose'],
  ['frontend', 'Goose'],
  ['inline_python', 'Goose'],
  ['extension', 'Zed'],
  ['openapi', 'MCPHub'],
]);

/** Time limits that say their unit themselves, or have it in every client. */
export const TIME_LIMITS: Readonly<Record<string, TimeLimit>> = {
  startup_timeout_sec: { setting: 'connectTimeout', unit: 's' }, // Codex
  startup_timeout_ms: { setting: 'connectTimeout', unit: 'ms' },
  startup_timeout_seconds: { setting: 'connectTimeout', unit: 's' },
  tool_timeout_sec: { setting: 'callTimeout', unit: 's' },
  tool_timeout_ms: { setting: 'callTimeout', unit: 'ms' },
  tool_timeout_seconds: { setting: 'callTimeout', unit: 's' },
  connectionTimeout: { setting: 'connectTimeout', unit: 'ms' }, // Continue
  connectionTimeoutMs: { setting: 'connectTimeout', unit: 'ms' },
  connect_timeout_ms: { setting: 'connectTimeout', unit: 'ms' },
  initTimeout: { setting: 'connectTimeout', unit: 'ms' }, // LibreChat
  init_timeout_ms: { setting: 'connectTimeout', unit: 'ms' },
  startupTimeout: { setting: 'connectTimeout', unit: 'ms' },
  startupTimeoutMs: { setting: 'connectTimeout', unit: 'ms' },
  requestTimeout: { setting: 'callTimeout', unit: 'ms' },
  requestTimeoutMs: { setting: 'callTimeout', unit: 'ms' },
  toolTimeout: { setting: 'callTimeout', unit: 'ms' },
  toolTimeoutMs: { setting: 'callTimeout', unit: 'ms' },
  timeoutMs: { setting: 'callTimeout', unit: 'ms' },
  timeout_ms: { setting: 'callTimeout', unit: 'ms' },
  timeoutSeconds: { setting: 'callTimeout', unit: 's' },
  timeout_seconds: { setting: 'callTimeout', unit: 's' },
  timeout_sec: { setting: 'callTimeout', unit: 's' },
  read_timeout_seconds: { setting: 'callTimeout', unit: 's' }, // mcp-agent
  sse_read_timeout: { setting: 'callTimeout', unit: 's' }, // LangChain
};

/** Keys that steer one client and mean nothing to a gateway. They are accepted and have no effect. */
export const CLIENT_HINTS: ReadonlySet<string> = new Set([
  // Approval by the user; never loosens what Omni allows.
  'alwaysAllow',
  'always_allow',
  'autoApprove',
  'auto_approve',
  'trust',
  'trusted',
  'isTrusted',
  'trustedAt',
  'default_tools_approval_mode',
  'requireApproval',
  'require_approval',
  // When and how the client loads the server.
  'alwaysLoad',
  'deferTools',
  'required',
  'autoStart',
  'autostart',
  'start_on_launch',
  'startup',
  'lazy',
  'keepAlive',
  'longRunning',
  'watch',
  'watchPaths',
  'dev',
  'restart',
  'lifecycle',
  'supports_parallel_tool_calls',
  'resetTimeoutOnProgress',
  'enableKeepAlive',
  'keepAliveInterval',
  // Display and origin.
  'name',
  'title',
  'id',
  'uuid',
  'key',
  'description',
  'display_name',
  'displayName',
  'icon',
  'icons',
  'iconPath',
  'iconUrl',
  'logo',
  'logoUrl',
  'source',
  'gallery',
  'registry',
  'registryUrl',
  'version',
  'author',
  'owner',
  'homepage',
  'repository',
  'documentation',
  'tags',
  'categories',
  'category',
  'provider',
  'providerUrl',
  'installSource',
  'installedAt',
  'createdAt',
  'updatedAt',
  'bundled',
  'settings',
  'serverInstructions',
  'custom_instructions',
  'chatMenu',
  'note',
  'notes',
  'comment',
  '_comment',
  '//',
  '$comment',
  '$schema',
  'schema',
]);

/** Keys that narrow or protect in a client; Omni does not do it, so their author must hear of it. */
export const WITHOUT_EFFECT: ReadonlySet<string> = new Set([
  'sandbox',
  'sandboxEnabled',
  'oauth',
  'oauth_resource',
  'auth',
  'authProviderType',
  'scopes',
  'requiresOAuth',
  'disabled_resources',
  'disabled_prompts',
  'disabled_resourceTemplates',
  'disabledResources',
  'disabledPrompts',
  'prompts',
  'resources',
]);

/** Keys without which a server would not work as in the client, and what to write instead. */
export const INSTEAD: ReadonlyMap<string, string> = new Map([
  ['envFile', 'write the variables under "env"'],
  ['env_file', 'write the variables under "env"'],
  ['auth_value', 'write "headers"'],
  ['headersHelper', 'write "headers"'],
  ['http_headers_helper', 'write "headers"'],
  ['customUserVars', 'write "headers" or "env" with ${NAME}'],
]);
