import type { ClientFormat, TimeLimit } from './client-format.ts';
import {
  BRACED_SCHEME,
  COLON_DEFAULT,
  COMMAND_OUTPUT,
  DOLLAR_ENV,
  DOLLAR_NAME,
  DOUBLE_BRACES,
  OS_ENVIRON,
  PERCENT_NAME,
  SECRETS,
  SHELL_COMMAND,
} from './placeholder-syntax.ts';

const CALL_MS: TimeLimit = { setting: 'callTimeout', unit: 'ms' };
const CALL_S: TimeLimit = { setting: 'callTimeout', unit: 's' };
const START_MS: TimeLimit = { setting: 'connectTimeout', unit: 'ms' };
const START_S: TimeLimit = { setting: 'connectTimeout', unit: 's' };

/** Where a file holds nothing but servers, this is how the root calls them. */
const MCP_SERVERS: readonly (readonly string[])[] = [['mcpServers']];

/** Blocks of all clients, for files of which it is not known whose they are. */
const ANY_BLOCK: readonly (readonly string[])[] = [
  ['mcpServers'],
  ['servers'],
  ['context_servers'],
  ['mcp_servers'],
  ['mcp', 'servers'],
  ['mcp', 'mcpServers'],
  ['mcp', 'mcp_servers'],
  ['mcp'],
  ['mcp.servers'],
  ['mcp.mcpServers'],
  ['amp.mcpServers'],
  ['extensions'],
  ['settings', 'mcp', 'servers'],
  ['customizations', 'vscode', 'mcp', 'servers'],
  ['experimental', 'modelContextProtocolServers'],
  ['modelContextProtocolServers'],
  ['augment.advanced', 'mcpServers'],
  ['mcp_config'],
  ['mcpConfig', 'mcpServers'],
  ['config', 'mcpServers'],
];

/** The settings of Gemini CLI, which its descendants keep. */
const GEMINI = {
  blocks: MCP_SERVERS,
  timeLimits: { timeout: CALL_MS },
  placeholders: [DOLLAR_NAME, PERCENT_NAME],
  chosen: {
    only: ['mcp.allowed', 'allowMCPServers'],
    never: ['mcp.excluded', 'excludeMCPServers'],
  },
  startsAt: 'project',
} satisfies Partial<ClientFormat>;

/**
 * The clients whose files are recognised, the surest signs first. A client that is not here and keeps a plain
 * `mcpServers` block is read as {@link ANY_CLIENT}.
 */
export const CLIENT_FORMATS: readonly ClientFormat[] = [
  {
    client: 'VS Code',
    files:
      /(?:^|\/)(?:\.vscode\/(?:mcp|settings)\.json|code(?: - [a-z]+)?\/user\/(?:.*\/)?(?:mcp|settings)\.json|[^/]*\.code-workspace|(?:\.devcontainer\/(?:[^/]*\/)?|\.)?devcontainer\.json)$/,
    blocks: [
      ['servers'],
      ['mcp', 'servers'],
      ['mcp.servers'],
      ['mcpServers'],
      ['settings', 'mcp', 'servers'],
      ['settings', 'mcp.servers'],
      ['customizations', 'vscode', 'mcp', 'servers'],
    ],
    expandsTilde: true,
    startsAt: 'project',
  },
  {
    client: 'Visual Studio',
    files: /(?:^|\/)\.vs\/mcp\.json$/,
    blocks: [['servers'], ['mcpServers']],
    startsAt: 'project',
  },
  {
    client: 'Cursor',
    files: /(?:^|\/)\.cursor\/mcp\.json$/,
    blocks: MCP_SERVERS,
    startsAt: 'project',
  },
  {
    client: 'Claude Desktop',
    files: /(?:^|\/)claude_desktop_config(?:[._-][^/]*)?\.json$/,
    signs: ['globalShortcut'],
    blocks: MCP_SERVERS,
  },
  {
    client: 'Claude Code',
    files:
      /(?:^|\/)(?:\.mcp\.json|\.claude\.json|managed-mcp\.json|\.claude-plugin\/plugin\.json|\.claude\/(?:settings(?:\.local)?|mcp)\.json)$/,
    blocks: MCP_SERVERS,
    timeLimits: { timeout: CALL_MS },
    startsAt: 'project',
  },
  {
    client: 'Windsurf',
    files:
      /(?:^|\/)(?:\.codeium\/(?:.*\/)?mcp_config\.json|\.windsurf\/(?:mcp|mcp_config)\.json|windsurf_mcp\.json)$/,
    blocks: MCP_SERVERS,
    startsAt: 'project',
  },
  {
    client: 'Cline',
    files: /(?:^|\/)(?:(?:globalstorage\/.*\/)?cline_mcp_settings\.json|\.cline\/(?:.*\/)?[^/]*\.json)$/,
    blocks: MCP_SERVERS,
    timeLimits: { timeout: CALL_S },
    startsAt: 'project',
  },
  {
    client: 'Roo Code',
    files: /(?:^|\/)(?:\.roo\/(?:mcp|mcp_settings)\.json|rooveterinaryinc\.roo-cline\/(?:.*\/)?[^/]*\.json)$/,
    blocks: MCP_SERVERS,
    timeLimits: { timeout: CALL_S },
    startsAt: 'project',
  },
  {
    client: 'Kilo Code',
    files: /(?:^|\/)(?:\.kilocode\/(?:mcp|mcp_settings)\.json|kilocode\.kilo-code\/(?:.*\/)?[^/]*\.json)$/,
    blocks: MCP_SERVERS,
    timeLimits: { timeout: CALL_S },
    startsAt: 'project',
  },
  {
    client: 'Gemini CLI',
    files: /(?:^|\/)(?:\.gemini\/(?:.*\/)?settings\.json|gemini-extension\.json|gemini-cli\/settings\.json)$/,
    ...GEMINI,
  },
  {
    client: 'Qwen Code',
    files: /(?:^|\/)(?:\.qwen\/settings\.json|qwen-extension\.json)$/,
    ...GEMINI,
  },
  {
    client: 'Zed',
    files: /(?:^|\/)(?:\.zed\/settings\.json|\.config\/zed\/settings\.json|zed\/settings\.json)$/,
    signs: ['context_servers'],
    blocks: [['context_servers']],
    timeLimits: { timeout: CALL_S },
    partSigns: ['settings'],
    startsAt: 'project',
  },
  {
    client: 'opencode',
    files: /(?:^|\/)(?:(?:\.config\/opencode\/|\.opencode\/)?opencode\.jsonc?|\.opencode\/config\.jsonc?)$/,
    schema: 'opencode.ai/config',
    blocks: [['mcp', 'servers'], ['mcp']],
    timeLimits: { timeout: START_MS },
    placeholders: [BRACED_SCHEME],
    narrows: ['tools'],
    startsAt: 'project',
  },
  {
    client: 'Crush',
    files: /(?:^|\/)\.?crush\.json$/,
    schema: 'charm.land/crush',
    blocks: [['mcp']],
    timeLimits: { timeout: START_S },
    placeholders: [SHELL_COMMAND, DOLLAR_NAME],
  },
  {
    client: 'LiteLLM',
    files: /(?:^|\/)litellm[^/]*\.ya?ml$/,
    signs: ['model_list', 'litellm_settings'],
    blocks: [['mcp_servers']],
    timeLimits: { timeout: CALL_S },
    placeholders: [OS_ENVIRON],
  },
  {
    client: 'mcporter',
    files: /(?:^|\/)(?:\.mcporter\/)?mcporter\.jsonc?$/,
    blocks: MCP_SERVERS,
    placeholders: [DOLLAR_ENV],
    expandsTilde: true,
  },
  {
    client: 'Codex',
    files: /(?:^|\/)\.codex\/(?:.*\/)?[^/]*\.toml$/,
    signs: ['mcp_servers'],
    blocks: [['mcp_servers']],
    startsAt: 'project',
  },
  {
    client: 'Goose',
    files: /(?:^|\/)goose\/(?:.*\/)?(?:config|profiles)\.ya?ml$/,
    signs: ['GOOSE_PROVIDER', 'GOOSE_MODEL', 'GOOSE_MODE'],
    blocks: [['extensions'], ['mcpServers']],
    timeLimits: { timeout: CALL_S },
    placeholders: [DOLLAR_NAME],
  },
  {
    client: 'Continue',
    files: /(?:^|\/)\.continue\/(?:.*\/)?[^/]*\.(?:ya?ml|json)$/,
    signs: ['schema', 'modelContextProtocolServers'],
    blocks: [
      ['mcpServers'],
      ['experimental', 'modelContextProtocolServers'],
      ['modelContextProtocolServers'],
    ],
    timeLimits: { connectionTimeout: START_MS },
    partSigns: ['uses'],
    placeholders: [SECRETS],
    startsAt: 'project',
  },
  {
    client: 'LibreChat',
    files: /(?:^|\/)librechat(?:[._-][^/]*)?\.ya?ml$/,
    blocks: MCP_SERVERS,
    timeLimits: { timeout: CALL_MS, initTimeout: START_MS },
    placeholders: [DOUBLE_BRACES],
  },
  {
    client: 'Kiro',
    files: /(?:^|\/)\.kiro\/(?:.*\/)?[^/]*\.json$/,
    blocks: MCP_SERVERS,
    timeLimits: { timeout: CALL_MS },
    startsAt: 'project',
  },
  {
    client: 'Amazon Q',
    files: /(?:^|\/)(?:\.amazonq|\.aws\/amazonq)\/(?:.*\/)?[^/]*\.json$/,
    blocks: MCP_SERVERS,
    timeLimits: { timeout: CALL_MS },
    startsAt: 'project',
  },
  {
    client: 'GitHub Copilot',
    files:
      /(?:^|\/)(?:\.copilot\/mcp-config\.json|\.github\/(?:copilot\/)?mcp(?:-config)?\.json|github-copilot\/(?:.*\/)?mcp\.json)$/,
    blocks: [['mcpServers'], ['servers']],
    timeLimits: { timeout: CALL_MS },
    placeholders: [DOLLAR_NAME],
    startsAt: 'project',
  },
  {
    client: 'LM Studio',
    files: /(?:^|\/)\.(?:lmstudio|cache\/lm-studio)\/mcp\.json$/,
    blocks: MCP_SERVERS,
    timeLimits: { timeout: CALL_MS },
    startsAt: 'project',
  },
  {
    client: 'Junie',
    files: /(?:^|\/)\.junie\/(?:mcp\/)?mcp\.json$/,
    blocks: MCP_SERVERS,
    startsAt: 'project',
  },
  {
    client: 'Warp',
    files: /(?:^|\/)\.warp\/(?:.*\/)?[^/]*\.json$/,
    blocks: [['mcpServers'], ['mcp', 'servers'], ['servers']],
    placeholders: [DOUBLE_BRACES],
    startsAt: 'project',
  },
  {
    client: 'Amp',
    files: /(?:^|\/)(?:\.amp|amp)\/settings\.json$/,
    signs: ['amp.mcpServers'],
    blocks: [['amp.mcpServers'], ['mcpServers']],
  },
  {
    client: 'Augment',
    signs: ['augment.advanced'],
    blocks: [['augment.advanced', 'mcpServers'], ['mcpServers']],
  },
  {
    client: 'mcphub.nvim',
    files: /(?:^|\/)(?:mcphub\/servers\.json|\.mcphub\/servers\.json)$/,
    signs: ['nativeMCPServers'],
    blocks: MCP_SERVERS,
    placeholders: [COMMAND_OUTPUT],
  },
  {
    client: 'MCPHub',
    files: /(?:^|\/)mcphub[^/]*\.json$/,
    signs: ['systemConfig', 'smartRouting'],
    blocks: MCP_SERVERS,
    timeLimits: { timeout: CALL_MS },
  },
  {
    client: 'mcp-agent',
    files: /(?:^|\/)(?:mcp_agent|mcp-agent|fastagent|fast-agent)\.config\.ya?ml$/,
    blocks: [['mcp', 'servers']],
    placeholders: [COLON_DEFAULT],
  },
  {
    client: 'Vibe',
    files: /(?:^|\/)\.vibe\/config\.toml$/,
    blocks: [['mcp_servers']],
    startsAt: 'project',
  },
];

/** A file of servers of which it is not known which client's it is. */
export const ANY_CLIENT: ClientFormat = { client: 'an MCP client', blocks: ANY_BLOCK };
