import { describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { stringify as stringifyToml } from 'smol-toml';
import { stringify as stringifyYaml } from 'yaml';
import type { Configuration } from '../configuration.ts';
import { notationOf } from '../document/config-source.ts';
import { parseConfiguration } from '../parse-configuration.ts';
import { CLIENT_FORMATS } from './client-formats.ts';
import { exposedServerName } from './exposed-server-name.ts';

jest.setTimeout(120_000);

/** A place where each client keeps its file. */
const PLACES: Readonly<Record<string, string>> = {
  'VS Code': '/p/.vscode/mcp.json',
  'Visual Studio': '/p/.vs/mcp.json',
  Cursor: '/p/.cursor/mcp.json',
  'Claude Desktop': '/u/Claude/claude_desktop_config.json',
  'Claude Code': '/p/.mcp.json',
  Windsurf: '/u/.codeium/windsurf/mcp_config.json',
  Cline: '/u/cline_mcp_settings.json',
  'Roo Code': '/p/.roo/mcp.json',
  'Kilo Code': '/p/.kilocode/mcp.json',
  'Gemini CLI': '/u/.gemini/settings.json',
  'Qwen Code': '/u/.qwen/settings.json',
  Zed: '/u/.config/zed/settings.json',
  opencode: '/p/opencode.jsonc',
  Crush: '/p/crush.json',
  LiteLLM: '/p/litellm.yaml',
  mcporter: '/p/mcporter.json',
  Codex: '/u/.codex/config.toml',
  Goose: '/u/.config/goose/config.yaml',
  Continue: '/u/.continue/config.yaml',
  LibreChat: '/p/librechat.yaml',
  Kiro: '/u/.kiro/settings/mcp.json',
  'Amazon Q': '/u/.aws/amazonq/mcp.json',
  'GitHub Copilot': '/u/.copilot/mcp-config.json',
  'LM Studio': '/u/.lmstudio/mcp.json',
  Junie: '/p/.junie/mcp/mcp.json',
  Warp: '/u/.warp/mcp.json',
  Amp: '/u/.config/amp/settings.json',
  Augment: '/u/settings.json',
  'mcphub.nvim': '/u/.config/mcphub/servers.json',
  MCPHub: '/p/mcphub_settings.json',
  'mcp-agent': '/p/mcp_agent.config.yaml',
  Vibe: '/p/.vibe/config.toml',
};
/** For a longer run: OMNI_GENERATED_FILES=1000. */
const FILES_OF_EACH = Number(process.env['OMNI_GENERATED_FILES'] ?? 30);

/** Text without anything that a client or Omni would replace. */
const plain = fc.stringMatching(/^[a-z][a-z0-9 /._-]{0,11}$/).filter((text) => text.trim() === text);
const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,9}$/);
const variables = fc.dictionary(fc.constantFrom('MODE', 'REGION', 'LEVEL'), plain);
const program = fc.record({
  command: fc.constantFrom('npx', 'uvx', 'node', '/opt/bin/server'),
  args: fc.array(plain, { maxLength: 3 }),
  env: variables,
});
const remote = fc.record({
  url: fc.constantFrom('https://a.example/mcp', 'http://127.0.0.1:8080/mcp', 'https://b.example/x?y=1'),
  headers: fc.dictionary(fc.constantFrom('X-Team', 'X-Mode'), plain),
});
const server = fc.record({
  target: fc.oneof(program, remote),
  /** What a client adds and a gateway does not need. */
  hints: fc.subarray(['autoApprove', 'alwaysAllow', 'description', 'icon', 'x-own']),
  isOff: fc.boolean(),
});
const file = fc.record({
  servers: fc.dictionary(name, server, { minKeys: 1, maxKeys: 4 }),
  rest: fc.dictionary(
    fc.constantFrom('theme', 'editor', 'telemetryLevel', 'model'),
    fc.oneof(plain, fc.boolean()),
  ),
  indent: fc.constantFrom(0, 2, '\t'),
});

type Made<A> = A extends fc.Arbitrary<infer T> ? T : never;
type Server = Made<typeof server>;
type File = Made<typeof file>;

function entryOf({ target, hints, isOff }: Server): object {
  return {
    ...target,
    ...Object.fromEntries(hints.map((hint) => [hint, hint.startsWith('a') ? ['read'] : 'about it'])),
    ...(isOff && { disabled: true }),
  };
}

function textOf({ servers, rest, indent }: File, path: string, block: readonly string[]): string {
  const entries = Object.fromEntries(Object.entries(servers).map(([key, one]) => [key, entryOf(one)]));
  const nested = block.reduceRight<object>((inner, key) => ({ [key]: inner }), entries);
  const whole = { ...rest, ...nested };
  const notation = notationOf({ path, text: '' });
  if (notation === 'yaml') return stringifyYaml(whole);
  return notation === 'toml' ? stringifyToml(whole) : JSON.stringify(whole, null, indent);
}

function read(place: string, text: string): Configuration {
  const path = place.slice(place.lastIndexOf('/') + 1);
  return parseConfiguration([{ path, place, role: 'base', text }], { env: {} });
}

describe('generated files of clients', () => {
  it('are of every client', () => {
    expect(Object.keys(PLACES).toSorted()).toEqual(CLIENT_FORMATS.map(({ client }) => client).toSorted());
  });

  it.each(CLIENT_FORMATS.map(({ client, blocks }) => [client, blocks] as const))(
    'are read: %s',
    (client, blocks) => {
      const place = PLACES[client] ?? '';
      const block = blocks[0] ?? [];
      fc.assert(
        fc.property(file, (generated) => {
          const { upstreams, notes } = read(place, textOf(generated, place, block));
          expect(notes.join('\n')).toContain(`a file of the client ${client}`);
          const found = new Map(upstreams.map((upstream) => [upstream.name, upstream]));
          expect(found.size).toBe(Object.keys(generated.servers).length);
          for (const [key, { target, isOff }] of Object.entries(generated.servers)) {
            const upstream = found.get(exposedServerName(key));
            expect(upstream?.enabled).toBe(!isOff);
            expect(upstream).not.toHaveProperty('flaw');
            if (isOff) continue;
            const { cwd: _cwd, ...transport }: Readonly<Record<string, unknown>> = { ...upstream?.transport };
            expect(transport).toEqual(
              'url' in target ? { kind: 'http', ...target } : { kind: 'stdio', ...target },
            );
          }
        }),
        { numRuns: FILES_OF_EACH, seed: 12 },
      );
    },
  );
});
