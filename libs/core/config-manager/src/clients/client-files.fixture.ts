/** A file of a client as people have it, and what is to become of it. */
export interface ClientFileCase {
  readonly what: string;
  /** Absolute, as the adapter tells it. */
  readonly place: string;
  readonly text: string;
  readonly env?: Readonly<Record<string, string>>;
  /** What is served, by exposed name: a part of the definition. */
  readonly served?: Readonly<Record<string, object>>;
  /** What is there to be seen: a part of what is wrong. */
  readonly misconfigured?: Readonly<Record<string, string>>;
  /** A part of why the whole is refused. */
  readonly refused?: string;
  /** Parts of all warnings, in order. Default: none. */
  readonly warnings?: readonly string[];
  /** Parts of all notes, in order; not looked at when absent. */
  readonly notes?: readonly string[];
}

const stdio = (
  command: string,
  args: readonly string[] = [],
  more: object = {},
): { readonly transport: object } => ({ transport: { kind: 'stdio', command, args, ...more } });
const http = (url: string, headers: object = {}): { readonly transport: object } => ({
  transport: { kind: 'http', url, headers },
});

/** Own variables, placeholders, folders. */
export const PLACEHOLDER_CASES: readonly ClientFileCase[] = [
  {
    what: 'a variable that the entry defines itself, looked up nowhere else',
    place: '/u/Claude/claude_desktop_config.json',
    text: '{"mcpServers":{"crm":{"command":"bridge","args":["--header","Auth:${CRM_AUTH}"],"env":{"CRM_AUTH":"Bearer ${CRM_KEY}"}}}}',
    env: { CRM_AUTH: 'of somebody else', CRM_KEY: 'k-1' },
    served: { crm: stdio('bridge', ['--header', 'Auth:Bearer k-1'], { env: { CRM_AUTH: 'Bearer k-1' } }) },
  },
  {
    what: 'a variable that is handed on under its own name, and one that is added to',
    place: '/p/.mcp.json',
    text: '{"mcpServers":{"a":{"command":"x","args":["${KEY}"],"env":{"KEY":"${KEY}","PATH":"/opt:${PATH}"}}}}',
    env: { KEY: 'v', PATH: '/bin' },
    served: { a: stdio('x', ['v'], { env: { KEY: 'v', PATH: '/opt:/bin' } }) },
  },
  {
    what: 'opencode: {env:…}, lists as commands, and a file that is not read',
    place: '/p/opencode.json',
    text: '{"mcp":{"a":{"type":"remote","url":"https://a.example/mcp","headers":{"X-Key":"{env:A_KEY}"}},"b":{"type":"local","command":["run","{file:./key}"]},"c":{"type":"local","command":["docker","ps","--format","{{.Names}}"],"environment":{"P":"%20 $x"}}}}',
    env: { A_KEY: 'k' },
    served: {
      a: http('https://a.example/mcp', { 'X-Key': 'k' }),
      c: stdio('docker', ['ps', '--format', '{{.Names}}'], { env: { P: '%20 $x' } }),
    },
    misconfigured: { b: '{file:./key} reads a file' },
  },
  {
    what: 'LibreChat: what is filled in for each user is never sent as text',
    place: '/srv/librechat.yaml',
    text: 'version: 1.3.0\nmcpServers:\n  a: { type: streamable-http, url: "https://a.example/mcp", headers: { X-User: "{{LIBRECHAT_USER_ID}}" } }\n  b: { command: b, timeout: 90000, initTimeout: 5000 }\n',
    served: { b: { callTimeoutMs: 90_000, connectTimeoutMs: 5_000 } },
    misconfigured: { a: '{{LIBRECHAT_USER_ID}} is filled in by the client for each of its users' },
  },
  {
    what: 'Gemini CLI: $NAME and %NAME%, servers that are chosen, tools that are left out',
    place: '/p/.gemini/settings.json',
    text: '{"mcp":{"allowed":["a","b"]},"theme":"x","mcpServers":{"a":{"httpUrl":"https://a.example/mcp","headers":{"X-Key":"$A_KEY"},"timeout":90000,"excludeTools":["rm"]},"b":{"command":"%TOOLS%/b","trust":true},"c":{"command":"c"},"d":{"command":"x"}}}',
    env: { A_KEY: 'k', TOOLS: '/t' },
    served: {
      a: {
        ...http('https://a.example/mcp', { 'X-Key': 'k' }),
        callTimeoutMs: 90_000,
        tools: { hidden: ['rm'] },
      },
      b: stdio('/t/b', [], { cwd: '/p' }),
      c: { enabled: false, disabledReason: 'disabled' },
      d: { enabled: false, disabledReason: 'disabled' },
    },
    notes: ['a file of the client Gemini CLI: servers from "mcpServers"; not read: "mcp", "theme"'],
  },
  {
    what: 'an unset variable of Gemini CLI is told, and a password with dollars is text',
    place: '/p/.gemini/settings.json',
    text: '{"mcpServers":{"a":{"command":"x","env":{"K":"$NOT_SET"}},"b":{"command":"x","args":["$2b$10$hash"]}}}',
    served: { b: stdio('x', ['$2b$10$hash'], { cwd: '/p' }) },
    misconfigured: { a: '${NOT_SET} is not set' },
  },
  {
    what: 'bytes of an address are no variables of Gemini CLI',
    place: '/p/.gemini/settings.json',
    text: '{"mcpServers":{"a":{"httpUrl":"https://a.example/%E4%BD%A0"}}}',
    served: { a: http('https://a.example/%E4%BD%A0') },
  },
  {
    what: 'LiteLLM: os.environ, and a credential that cannot be told from its kind',
    place: '/srv/config.yaml',
    text: 'model_list: []\nmcp_servers:\n  a: { transport: http, url: "https://a.example", static_headers: { A: os.environ/A_KEY } }\n  b: { transport: http, url: "https://b.example", auth_type: basic, auth_value: os.environ/A_KEY }\n',
    env: { A_KEY: 'k' },
    served: { a: http('https://a.example', { A: 'k' }) },
    misconfigured: { b: '"auth_value" is not supported yet' },
    warnings: ['mcpServers.b.auth_type is not known here'],
  },
  {
    what: 'tokens that stand where a header would',
    place: '/p/mcporter.json',
    text: '{"mcpServers":{"a":{"baseUrl":"https://a.example","bearerToken":"$env:A_KEY"},"b":{"url":"https://b.example","bearerTokenEnv":"A_KEY"},"c":{"url":"https://c.example","apiKey":"${A_KEY}","headers":{"Authorization":"Mine"}},"d":{"url":"https://d.example","options":{"requestInit":{"headers":{"A":"${A_KEY}"}}}},"e":{"url":"https://e.example","bearerTokenEnv":"NOT_SET"}}}',
    env: { A_KEY: 'k' },
    served: {
      a: http('https://a.example', { Authorization: 'Bearer k' }),
      b: http('https://b.example', { Authorization: 'Bearer k' }),
      c: http('https://c.example', { Authorization: 'Mine' }),
      d: http('https://d.example', { A: 'k' }),
    },
    misconfigured: { e: '${NOT_SET} is not set' },
  },
  {
    what: 'a blank of an example that nobody has filled in',
    place: '/etc/mcp.json',
    text: '{"mcpServers":{"a":{"url":"https://a.example","headers":{"A":"Bearer <YOUR_TOKEN>"}},"b":{"command":"x","env":{"K":"your-api-key-here","L":"$env:K","M":"a < b > c"}}}}',
    served: { a: {}, b: {} },
    warnings: [
      'mcpServers.a.headers.A holds a placeholder of an example that is to be filled in',
      'mcpServers.b.env.K holds a placeholder of an example',
      'mcpServers.b.env.L holds a placeholder of mcporter',
    ],
  },
  {
    what: 'Continue: a list, and secrets by name',
    place: '/p/.continue/mcpServers/notes.yaml',
    text: 'name: n\nversion: 0.0.1\nschema: v1\nmcpServers:\n  - { name: Notes, command: n, env: { K: "${{ secrets.NOTES_KEY }}" }, connectionTimeout: 2000 }\n  - { name: asks, command: n, args: ["${{ inputs.org }}"] }\n',
    env: { NOTES_KEY: 'k' },
    served: { Notes: { ...stdio('n', [], { env: { K: 'k' }, cwd: '/p' }), connectTimeoutMs: 2_000 } },
    misconfigured: { asks: 'asks a person' },
  },
  {
    what: 'VS Code: its folders, its inputs, its home',
    place: '/p/.vscode/mcp.json',
    text: '{"inputs":[{"id":"k"}],"servers":{"a":{"command":"./run","args":["~/n","${workspaceFolder}/x","${env:E}"],"cwd":"${workspaceFolder}/sub"},"b":{"url":"https://b.example","headers":{"A":"${input:k}"}},"c":{"command":"x","args":["${config:a.b}"]}}}',
    env: { HOME: '/h', E: 'e' },
    served: { a: stdio('./run', ['/h/n', '/p/x', 'e'], { cwd: '/p/sub' }) },
    misconfigured: { b: '${input:k} asks a person', c: '${config:a.b} is a variable of VS Code' },
  },
  {
    what: 'a variable as a name of a variable: told of that server alone',
    place: '/p/.cursor/mcp.json',
    text: '{"mcpServers":{"a":{"command":"x","env":{"${K}":"v"}},"b":{"command":"y"}}}',
    env: { K: 'k' },
    served: { b: stdio('y', [], { cwd: '/p' }) },
    misconfigured: { a: 'mcpServers.a.env holds a name with "${…}"' },
  },
  {
    what: 'a folder of a client where no client is known',
    place: '/etc/mcp.json',
    text: '{"mcpServers":{"a":{"command":"x","cwd":"${workspaceFolder}"},"b":{"command":"y"}}}',
    served: { b: stdio('y') },
    misconfigured: { a: '${workspaceFolder} is a variable of VS Code and Cursor' },
  },
  {
    what: 'Claude Code: the folder of a plugin',
    place: '/plugins/p/.claude-plugin/plugin.json',
    text: '{"name":"p","version":"1","mcpServers":{"a":{"command":"${CLAUDE_PLUGIN_ROOT}/run","timeout":90000}}}',
    served: { a: { ...stdio('/plugins/p/run', [], { cwd: '/plugins/p' }), callTimeoutMs: 90_000 } },
    notes: ['not read: "name", "version"'],
  },
  {
    what: 'placeholders of other clients in a file that is nobody’s: told, each with its place',
    place: '/etc/mcp.json',
    text: '{"mcpServers":{"a":{"url":"https://a.example/%E4%BD%A0","headers":{"A":"Bearer {env:K}","B":"{{USER}}","C":"$C_KEY","D":"Basic a$b"}},"b":{"command":"~/b","args":["~/x","%APPDATA%","--format","{{.Names}}"]}}}',
    env: { HOME: '/h' },
    served: { a: {}, b: stdio('/h/b', ['~/x', '%APPDATA%', '--format', '{{.Names}}']) },
    warnings: [
      'mcpServers.a.headers.A holds a placeholder of opencode',
      'mcpServers.a.headers.B holds a placeholder of LibreChat',
      'mcpServers.a.headers.C holds a placeholder of Gemini CLI',
      'mcpServers.b.args.0 holds a placeholder of shells',
      'mcpServers.b.args.1 holds a placeholder of Windows',
    ],
  },
  {
    what: 'mcp-agent: a default behind one colon',
    place: '/p/mcp_agent.config.yaml',
    text: 'logger: { type: none }\nmcp: { servers: { a: { command: x, args: ["${PORT:8080}"], read_timeout_seconds: 90 } } }\n',
    served: { a: { ...stdio('x', ['8080']), callTimeoutMs: 90_000 } },
  },
];

/** What narrows, and what switches off. */
export const NARROWING_CASES: readonly ClientFileCase[] = [
  {
    what: 'more words for tools that are taken away',
    place: '/etc/mcp.json',
    text: '{"mcpServers":{"a":{"command":"x","disallowedTools":["rm"]},"b":{"command":"x","excluded_tools":["rm"]},"c":{"command":"x","tools":[{"name":"rm","enabled":false},{"name":"ls","enabled":true}]},"d":{"command":"x","toolFilter":["ls"]}}}',
    served: {
      a: { tools: { hidden: ['rm'] } },
      b: { tools: { hidden: ['rm'] } },
      c: { tools: { hidden: ['rm'] } },
      d: { tools: { allowed: ['ls'] } },
    },
  },
  {
    what: 'a selection of tools that cannot be read, and one that is empty',
    place: '/etc/mcp.json',
    text: '{"mcpServers":{"a":{"command":"x","tools":{"deny":["rm"]}},"b":{"command":"x","tools":{"rm":"deny"}},"c":{"command":"x","disabledTools":null,"allowedTools":""}}}',
    served: { c: stdio('x') },
    misconfigured: {
      a: 'mcpServers.a.tools must be a list of names of tools, found a map',
      b: 'mcpServers.b.tools must be a list of names of tools, found a map',
    },
  },
  {
    what: 'a server that is off, in every word for it and whatever else is wrong with it',
    place: '/etc/mcp.json',
    text: '{"mcpServers":{"a":{"command":"x","isDisabled":true},"b":{"command":"x","state":"disabled"},"c":{"enabled":false},"d":{"command":"x","disabled":true,"env":null,"args":"y"},"e":{"command":"x","status":"enabled"}}}',
    served: {
      a: { enabled: false, disabledReason: 'disabled' },
      b: { enabled: false, disabledReason: 'disabled' },
      c: { enabled: false, disabledReason: 'disabled' },
      d: { enabled: false, disabledReason: 'disabled' },
      e: { enabled: true },
    },
  },
];

/** Names, keys, blocks. */
export const SHAPE_CASES: readonly ClientFileCase[] = [
  {
    what: 'names of any length and script',
    place: '/etc/mcp.json',
    text: '{"mcpServers":{"github.com/owner/servers/src/clock":{"command":"x"},"github.com/owner/servers/src/maps":{"command":"y"},"заметки":{"command":"z"},"A b":{"command":"w"},"":{"command":"v"}}}',
    served: {
      'clock-xvu7yboe': stdio('x'),
      'maps-ozec7jzr': stdio('y'),
      'server-eld5kij6': stdio('z'),
      'A-b-v8mnrxbm': stdio('w'),
      'server-hzj4ux45': stdio('v'),
    },
    notes: [
      'is called "clock-',
      'is called "maps-',
      'is called "server-',
      'is called "A-b-',
      'is called "server-',
    ],
  },
  {
    what: 'words for the transport, the folder, the environment',
    place: '/etc/mcp.json',
    text: '{"mcpServers":{"a":{"transport":"streamable-http","url":"http://127.0.0.1:1/mcp"},"b":{"transportType":"stdio","command":"x","working_dir":"/w","envs":{"A":"1"}},"c":{"type":"sse","serverUrl":"http://127.0.0.1:1"},"d":{"protocol":"stdio","cmd":"y","env_keys":["HAS"]},"e":{"type":"http","httpUrl":"http://127.0.0.1:2","command":"z"}}}',
    env: { HAS: 'h' },
    served: {
      a: http('http://127.0.0.1:1/mcp'),
      b: stdio('x', [], { cwd: '/w', env: { A: '1' } }),
      c: { transport: { kind: 'sse', url: 'http://127.0.0.1:1' } },
      d: stdio('y', [], { env: { HAS: 'h' } }),
      e: http('http://127.0.0.1:2'),
    },
    warnings: ['mcpServers.e.command has no effect beside the type "http"'],
  },
  {
    what: 'hints in silence, unknown keys with a word',
    place: '/etc/mcp.json',
    text: '{"mcpServers":{"a":{"command":"x","gallery":"g","version":"1","autoStart":true,"alwaysAllow":["t"],"disabledTools":[],"oauth":false,"bundled":null,"//":"ask Kim","iconPath":"i"},"b":{"command":"x","comand":"y"}}}',
    served: { a: stdio('x'), b: stdio('x') },
    warnings: ['mcpServers.b.comand is not known here and has no effect; did you mean "command"?'],
  },
  {
    what: 'time limits with the unit of their key, and one without',
    place: '/etc/mcp.json',
    text: '{"mcpServers":{"a":{"command":"x","startup_timeout_sec":75,"tool_timeout_sec":3600},"b":{"command":"x","timeout":240},"c":{"command":"x","timeout":240000},"d":{"command":"x","timeout":2000},"e":{"command":"x","timeout":{"startup":9000,"request":8000}},"f":{"command":"x","timeout":0}}}',
    served: {
      a: { connectTimeoutMs: 75_000, callTimeoutMs: 3_600_000, maxCallTimeMs: 3_600_000 },
      b: { callTimeoutMs: 240_000 },
      c: { callTimeoutMs: 240_000 },
      d: { callTimeoutMs: 60_000 },
      e: { connectTimeoutMs: 9_000, callTimeoutMs: 8_000 },
      f: { callTimeoutMs: 60_000 },
    },
    warnings: [
      'read as 240s',
      'read as 240000ms',
      'd.timeout has no effect, as it is seconds in some clients',
    ],
  },
  {
    what: 'time limits that no timer holds, and parts of one that are not known',
    place: '/etc/mcp.json',
    text: '{"mcpServers":{"a":{"command":"x","timeout":1e12},"b":{"command":"x","timeout":{"request":2000,"value":5}}}}',
    served: { a: { callTimeoutMs: 2_147_483_000 }, b: { callTimeoutMs: 2_000 } },
    warnings: ['is read as 2147483s; write "callTimeout": "2147483s"', 'b.timeout.value is not known here'],
  },
  {
    what: 'the unit of a known client',
    place: '/p/.roo/mcp.json',
    text: '{"mcpServers":{"a":{"command":"x","timeout":2000}}}',
    served: { a: { callTimeoutMs: 2_000_000, maxCallTimeMs: 2_000_000 } },
  },
  {
    what: 'tools that are allowed and forbidden, by every word for it',
    place: '/etc/mcp.json',
    text: '{"mcpServers":{"a":{"command":"x","enabled_tools":["get_*"],"disabled_tools":["get_all"]},"b":{"command":"x","tools":{"rm":false,"ls":true}},"c":{"command":"x","tools":["*"],"available_tools":[]},"d":{"command":"x","allowedTools":[]},"e":{"command":"x","disabledTools":"rm"}}}',
    served: {
      a: { tools: { allowed: ['get_*'], hidden: ['get_all'] } },
      b: { tools: { hidden: ['rm'] } },
      c: {},
      d: { tools: { allowed: [], hidden: [] } },
    },
    misconfigured: { e: 'mcpServers.e.disabledTools must be a list of names of tools, found text' },
  },
  {
    what: 'Zed: a command that is a map, and servers that are extensions',
    place: '/h/.config/zed/settings.json',
    text: '// mine\n{ "vim_mode": true, "context_servers": { "a": { "command": { "path": "run", "args": ["-y"], "env": { "K": "v" } }, "settings": {} }, "b": { "source": "extension", "settings": {} }, }, }',
    served: { a: stdio('run', ['-y'], { env: { K: 'v' } }) },
    warnings: ['mcpServers.b is a part of Zed'],
    notes: ['the client Zed: servers from "context_servers"; not read: "vim_mode"'],
  },
  {
    what: 'servers that a client brings itself, told by what stands in them',
    place: '/h/.config/zed/settings.json',
    text: '{"agent":{"settings":{}},"context_servers":{"mcp-server-x":{"settings":{"k":"v"}},"a":{"command":"x","settings":{}}}}',
    served: { a: stdio('x') },
    warnings: ['mcpServers.mcp-server-x is a part of Zed'],
  },
  {
    what: 'a client’s file that is called like one of Omni’s',
    place: '/h/.aws/amazonq/default.json',
    text: '{"name":"default","tools":["@a"],"mcpServers":{"a":{"command":"x"}}}',
    served: { a: stdio('x', [], { cwd: '/h' }) },
  },
  {
    what: 'the folder around .devcontainer',
    place: '/p/.devcontainer/devcontainer.json',
    text: '{"customizations":{"vscode":{"mcp":{"servers":{"a":{"command":"x","args":["${localWorkspaceFolder}"]},"b":{"command":"${containerWorkspaceFolder}/b"}}}}}}',
    served: { a: stdio('x', ['/p'], { cwd: '/p' }) },
    misconfigured: { b: '${containerWorkspaceFolder} is a variable of dev containers' },
  },
  {
    what: 'a file among the settings of a program, which no project is around',
    place: '/h/.config/Code/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json',
    text: '{"mcpServers":{"a":{"command":"a"},"b":{"command":"b","args":["${workspaceFolder}"]}}}',
    served: { a: { transport: { kind: 'stdio', command: 'a', args: [], env: {} } } },
    misconfigured: { b: '${workspaceFolder} is a variable' },
  },
  {
    what: 'the servers of VS Code in its settings, in both spellings',
    place: '/h/Code/User/settings.json',
    text: '{ "editor.tabSize": 2, "mcp": { "inputs": [], "servers": { "a": { "type": "http", "url": "https://a.example" } } } }',
    served: { a: http('https://a.example') },
    notes: ['servers from "mcp.servers"; not read: "editor.tabSize"'],
  },
  {
    what: 'a block under a key with a dot',
    place: '/h/amp/settings.json',
    text: '{"amp.mcpServers":{"a":{"command":"x","includeTools":["navigate_*"]}}}',
    served: { a: { tools: { allowed: ['navigate_*'], hidden: [] } } },
  },
  {
    what: 'servers at the root',
    place: '/p/.mcp.json',
    text: '{"a":{"type":"http","url":"https://a.example"},"b":{"command":"${CLAUDE_PLUGIN_ROOT}/b"}}',
    served: { a: http('https://a.example'), b: stdio('/p/b', [], { cwd: '/p' }) },
    notes: ['servers from the root'],
  },
  {
    what: 'a server beside the block, and one in a block that is not read',
    place: '/h/.claude.json',
    text: '{"mcpServers":{"a":{"command":"x"}},"b":{"command":"y"},"projects":{"/p":{"mcpServers":{"c":{"command":"z"}}}}}',
    served: { a: stdio('x') },
    warnings: [
      '"b" looks like a server and is not read; write it under "mcpServers"',
      'projects./p.mcpServers holds servers too, which are not read',
    ],
  },
  {
    what: 'a list, entries of a map in a map, and one without a name',
    place: '/etc/mcp_config.json',
    text: '{"mcpServers":[{"name":"a","transport":{"type":"stdio","command":"x","args":["1"]}},{"name":"b","type":"stdio","config":{"command":"y"}},{"command":"z"}]}',
    served: { a: stdio('x', ['1']), b: stdio('y'), 'server-3': stdio('z') },
  },
  {
    what: 'Goose: extensions',
    place: '/h/.config/goose/config.yaml',
    text: 'GOOSE_MODEL: m\nextensions:\n  a: { type: stdio, cmd: x, args: [1], timeout: 240, enabled: true, env_keys: [K], envs: {} }\n  b: { type: streamable_http, uri: "https://b.example", enabled: false }\n  c: { type: builtin, enabled: true }\n',
    env: { K: 'k' },
    served: {
      a: { ...stdio('x', ['1'], { env: { K: 'k' } }), callTimeoutMs: 240_000 },
      b: { enabled: false, disabledReason: 'disabled' },
    },
    warnings: ['mcpServers.c is a part of Goose'],
  },
  {
    what: 'Codex: TOML',
    place: '/h/.codex/config.toml',
    text: 'model = "m"\n[mcp_servers.a]\nurl = "https://a.example"\nbearer_token_env_var = "A_TOKEN"\nhttp_headers = { X-A = "1" }\nenv_http_headers = { X-B = "B", X-C = "C" }\n\n[mcp_servers."b c"]\ncommand = "x"\nenv_vars = ["B", "C"]\nstartup_timeout_ms = 9000\ntypo = 1\n',
    env: { A_TOKEN: 't', B: 'b' },
    served: {
      a: http('https://a.example', { Authorization: 'Bearer t', 'X-A': '1', 'X-B': 'b' }),
      'b-c-kwpfztw4': { ...stdio('x', [], { env: { B: 'b' } }), connectTimeoutMs: 9_000 },
    },
    warnings: ['config.toml:12:1  mcpServers.b c.typo is not known here'],
  },
  {
    what: 'what a program has left empty',
    place: '/etc/mcp.json',
    text: '{"mcpServers":{"a":{"command":"","url":"https://a.example","type":null,"requestInit":{"headers":{"A":"1"}}},"b":{"baseUrl":"","command":"x","cwd":""}}}',
    served: { a: http('https://a.example', { A: '1' }), b: stdio('x') },
  },
  {
    what: 'a block without servers yet',
    place: '/p/.vscode/mcp.json',
    text: '{"servers":{},"inputs":[]}',
    warnings: ['no server is configured'],
  },
  {
    what: 'paths that start at the project',
    place: '/p/.cursor/mcp.json',
    text: '{"mcpServers":{"a":{"command":"./a.sh"},"b":{"command":"node","args":["i.mjs"],"cwd":"./sub"}}}',
    served: { a: stdio('./a.sh', [], { cwd: '/p' }), b: stdio('node', ['i.mjs'], { cwd: '/p/sub' }) },
  },
  {
    what: 'the project of a client that is not known',
    place: '/p/.agent/mcp.json',
    text: '{"mcpServers":{"a":{"command":"./a","args":["${workspaceFolder}"]}}}',
    served: { a: stdio('./a', ['/p'], { cwd: '/p' }) },
  },
  {
    what: 'a folder of settings that is no project',
    place: '/h/.config/mcp.json',
    text: '{"mcpServers":{"a":{"command":"a"}}}',
    served: { a: stdio('a', [], { env: {} }) },
  },
  {
    what: 'a key that stands twice',
    place: '/etc/mcp.json',
    text: '{"mcpServers":{"a":{"command":"x"},"a":{"command":"y"}}}',
    served: { a: stdio('y') },
    warnings: ['the key "a" stands twice; the first is in line 1, and the last one counts'],
  },
];

/** Entries that are wrong, and files that are something else. */
export const REFUSED_CASES: readonly ClientFileCase[] = [
  {
    what: 'one bad entry among good ones, whatever is wrong with it',
    place: '/etc/mcp.json',
    text: '{"mcpServers":{"ok":{"command":"x"},"a":{"command":"x","args":["${NOT_SET}"]},"b":{"url":"https://b.example","headers":{"A":"cut…off"}},"c":{},"d":"text","e":{"command":["x",{}]},"f":{"command":"x","disabled":"no"},"g":{"type":"carrier-pigeon","command":"x"},"h":{"command":"x","envFile":".env"},"i":{"url":"ftp://i.example"},"off":{"command":"${NOT_SET}","disabled":true}}}',
    served: { ok: stdio('x'), off: { enabled: false, disabledReason: 'disabled' } },
    misconfigured: {
      a: 'mcp.json:1:64  mcpServers.a.args.0: ${NOT_SET} is not set',
      b: 'mcpServers.b.headers.A holds a character that HTTP headers cannot carry',
      c: 'mcpServers.c needs "command" (a local program) or "url" (a remote server)',
      d: 'mcpServers.d must be a map with "command" or "url", found text',
      e: 'mcpServers.e.command.0 must be text, found a map',
      f: 'mcpServers.f.disabled must be true or false, found "no"',
      g: 'mcpServers.g.type must be "stdio"',
      h: '"envFile" is not supported yet',
      i: 'mcpServers.i.url must start with',
    },
  },
  {
    what: 'nothing where a map belongs',
    place: '/etc/mcp.yaml',
    text: 'mcpServers:\n  a:\n    url: https://a.example\n    headers:\n      # X: y\n',
    misconfigured: { a: 'mcpServers.a.headers must be a map, found nothing' },
  },
  {
    what: 'escapes of YAML in JSON',
    place: '/etc/mcp.json',
    text: '{"mcpServers":{"a":{"command":"C:\\vim\\x.exe"}}}',
    refused: 'mcp.json:1:34  a "\\" starts no escape of JSON; write "\\\\" for a backslash',
  },
  {
    what: 'single quotes in JSON',
    place: '/etc/mcp.json',
    text: "{'mcpServers': {}}",
    refused: '1:2  a key must stand in double quotes',
  },
  {
    what: 'YAML under the name of JSON',
    place: '/etc/mcp.json',
    text: 'mcpServers:\n  a: { command: x }\n',
    refused: 'this is YAML; give the file a name that ends in ".yaml"',
  },
  {
    what: 'TOML under the name of JSON',
    place: '/etc/mcp.json',
    text: '# servers\n[mcp_servers.a]\ncommand = "x"\n',
    refused: 'this is TOML; give the file a name that ends in ".toml"',
  },
  {
    what: 'TOML under the name of YAML',
    place: '/etc/mcp.yaml',
    text: 'model = "m"\n[mcp_servers.a]\ncommand = "x"\n',
    refused: 'this is TOML',
  },
  {
    what: 'broken TOML',
    place: '/h/.codex/config.toml',
    text: '[a\nb = 1',
    refused: 'this is no valid TOML',
  },
  {
    what: 'how Smithery builds a server',
    place: '/p/smithery.yaml',
    text: 'runtime: typescript\n',
    refused: 'this is a file of Smithery',
  },
  { what: 'a page', place: '/etc/mcp.json', text: '<!doctype html><p>', refused: 'this is HTML or XML' },
  {
    what: 'a list of variables',
    place: '/etc/mcp.json',
    text: 'API_KEY=abc\n',
    refused: 'this is a list of environment variables (.env)',
  },
  {
    what: 'a registry document',
    place: '/etc/server.json',
    text: '{"$schema":"https://static.example/2025-12-11/server.schema.json","name":"io.github.a/b","remotes":[]}',
    refused: 'this is a registry document (server.json)',
  },
  {
    what: 'an answer of a registry',
    place: '/etc/servers.json',
    text: '{"servers":[{"server":{"name":"a","packages":[]}}],"metadata":{"count":1}}',
    refused: 'this is an answer of a registry',
  },
  {
    what: 'the manifest of a bundle',
    place: '/etc/manifest.json',
    text: '{"dxt_version":"0.1","name":"a","server":{"type":"node","mcp_config":{"command":"node"}}}',
    refused: 'this is the manifest of a bundle (.mcpb, .dxt)',
  },
  {
    what: 'a catalogue',
    place: '/etc/catalog.yaml',
    text: 'version: 3\nname: a\nregistry:\n  git: { title: Git }\n',
    refused: 'this is a catalogue of servers',
  },
  {
    what: 'a Compose file',
    place: '/etc/docker-compose.yaml',
    text: 'services: { a: { image: b } }\n',
    refused: 'this is a Compose file',
  },
  {
    what: 'a description of a web API, which has servers too',
    place: '/etc/api.json',
    text: '{"openapi":"3.1.0","servers":[{"url":"https://a.example"}]}',
    refused: 'this is the description of a web API (OpenAPI)',
  },
  {
    what: 'a package.json',
    place: '/etc/package.json',
    text: '{"name":"a","dependencies":{}}',
    refused: 'this is a package.json',
  },
  {
    what: 'a message',
    place: '/etc/mcp.json',
    text: '{"jsonrpc":"2.0","id":1,"result":{}}',
    refused: 'this is a JSON-RPC message',
  },
  {
    what: 'a server without a name',
    place: '/etc/mcp.json',
    text: '{"command":"npx","args":[]}',
    refused: '"command" belongs to a server; write it under "mcpServers" and a name',
  },
  {
    what: 'a file without servers',
    place: '/etc/mcp.json',
    text: '{"theme":"dark"}',
    refused: 'the file holds no servers, only "theme"; write servers under "mcpServers"',
  },
  {
    what: 'the path of another file',
    place: '/p/.claude-plugin/plugin.json',
    text: '{"name":"p","mcpServers":"./.mcp.json"}',
    refused:
      'mcpServers must be a map from server names to servers, found text; if it names another file, give that one',
  },
  {
    what: 'Omni’s own file, which is strict',
    place: '/etc/omni.json',
    text: '{"mcpServers":{"a":{"command":"x"}},"theme":"dark"}',
    refused: '"theme" is not a key of the configuration',
  },
  {
    what: 'a file with sections of Omni, which is its own',
    place: '/etc/gateway.json',
    text: '{"server":{"listen":"127.0.0.1:1"},"mcpServers":{"a":{"command":"x","typo":1}}}',
    refused: '"typo" is not a key of a server',
  },
];
