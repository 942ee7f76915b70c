import { textAt, type LocatedMap, type LocatedValue } from '../document/located-value.ts';

interface ForeignKind {
  readonly is: (root: LocatedMap) => boolean;
  /** What it is, and what to do. */
  readonly words: string;
}

const UNDER = 'write what starts a server under "mcpServers"';

/** Documents that speak of MCP servers or live beside their files, and are no configuration of any. */
const FOREIGN: readonly ForeignKind[] = [
  {
    is: (root) => has(root, 'manifest_version') || has(root, 'dxt_version'),
    words: `this is the manifest of a bundle (.mcpb, .dxt), which a client installs; ${UNDER}, as in its "mcp_config"`,
  },
  {
    is: (root) =>
      textAt(root, '$schema')?.includes('server.schema.json') === true ||
      (has(root, 'name') && (isList(root, 'packages') || isList(root, 'remotes'))),
    words: `this is a registry document (server.json), which says how a server is installed; ${UNDER}`,
  },
  {
    is: (root) => {
      const servers = root.entries.get('servers')?.value;
      return (
        servers?.kind === 'list' &&
        servers.items.some((item) => item.kind === 'map' && (has(item, 'server') || has(item, 'packages')))
      );
    },
    words: `this is an answer of a registry, which lists servers to install; ${UNDER}`,
  },
  {
    is: (root) => isMap(root, 'registry') || isMap(root, 'catalog') || isMap(root, 'catalogs'),
    words: `this is a catalogue of servers, of which a client installs some; ${UNDER}`,
  },
  { is: (root) => has(root, 'jsonrpc'), words: 'this is a JSON-RPC message, not a configuration' },
  {
    is: (root) => has(root, 'openapi') || has(root, 'swagger'),
    words: 'this is the description of a web API (OpenAPI), not a configuration of MCP servers',
  },
  {
    is: (root) => isMap(root, 'services') && !has(root, 'mcpServers'),
    words: `this is a Compose file, which Docker reads; ${UNDER}, such as "command": "docker"`,
  },
  {
    is: (root) => has(root, 'apiVersion') && has(root, 'kind'),
    words: 'this is a manifest of Kubernetes, not a configuration of MCP servers',
  },
  {
    is: (root) =>
      isMap(root, 'startCommand') || ['typescript', 'container'].includes(textAt(root, 'runtime') ?? ''),
    words: `this is a file of Smithery (smithery.yaml), which says how a server is built; ${UNDER}`,
  },
  {
    is: (root) =>
      ['dependencies', 'devDependencies', 'scripts'].some((key) => isMap(root, key)) && has(root, 'name'),
    words: 'this is a package.json, not a configuration of MCP servers',
  },
  {
    is: (root) => {
      const tools = root.entries.get('tools')?.value;
      return (
        tools?.kind === 'list' && tools.items.some((item) => item.kind === 'map' && has(item, 'inputSchema'))
      );
    },
    words: 'this is a list of tools, not a configuration of MCP servers',
  },
];

/** What a document without servers is, in one sentence; `undefined` when it is nothing known. */
export function foreignDocument(root: LocatedMap): string | undefined {
  return FOREIGN.find(({ is }) => is(root))?.words;
}

/** What a text is that cannot be read as what its name says; `undefined` when it is nothing known. */
export function foreignText(text: string, notation: 'json' | 'yaml' | 'toml'): string | undefined {
  const first = text.split('\n').find((line) => /\S/.test(line) && !/^\s*(?:#|\/\/)/.test(line)) ?? '';
  if (/^PK[\u0003\u0005]/.test(text)) return 'this is a ZIP archive, such as a bundle (.mcpb), not a text';
  if (/^\s*<[!?A-Za-z]/.test(first))
    return 'this is HTML or XML, not a configuration; save the file itself, not a page that shows it';
  if (notation !== 'toml' && (TOML_TABLE.test(first) || (TOML_VALUE.test(first) && /^\s*\[/m.test(text))))
    return 'this is TOML; give the file a name that ends in ".toml"';
  if (/^\s*(?:export\s+)?[A-Z_][A-Z0-9_]*=/.test(first))
    return 'this is a list of environment variables (.env), not a configuration of MCP servers';
  if (notation === 'toml' && /^\s*\{/.test(first))
    return 'this is JSON; give the file a name that ends in ".json"';
  if (notation !== 'yaml' && /^(?:-{3}\s*$|[A-Za-z_][\w-]*\s*:(?:\s|$))/.test(first))
    return 'this is YAML; give the file a name that ends in ".yaml"';
  return undefined;
}

const TOML_TABLE = /^\s*\[\[?[A-Za-z_][\w.\- "']*\]\]?\s*(?:#.*)?$/;
const TOML_VALUE = /^\s*[A-Za-z_][\w.-]*\s*=\s*["'[{\d tf]/;

function has(root: LocatedMap, key: string): boolean {
  return root.entries.has(key);
}

function isMap(root: LocatedMap, key: string): boolean {
  return kindAt(root, key) === 'map';
}

function isList(root: LocatedMap, key: string): boolean {
  return kindAt(root, key) === 'list';
}

function kindAt(root: LocatedMap, key: string): LocatedValue['kind'] | undefined {
  return root.entries.get(key)?.value.kind;
}
