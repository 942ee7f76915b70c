import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { differences, filesBelow, verdictOf, type Expectation } from './verdict.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'omni-configs-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

/** One file of each kind, and what becomes of it. */
const CASES: Readonly<Record<string, readonly [content: string | Uint8Array, Expectation]>> = {
  'desk/.cursor/mcp.json': [
    '{"mcpServers":{"a":{"command":"./a"}}}',
    { outcome: 'served', servers: ['a'], says: ['the client Cursor'] },
  ],
  'one-bad/.vscode/mcp.json': [
    '{"servers":{"a":{"command":"x"},"b":{"command":"${input:k}"}}}',
    {
      outcome: 'partly',
      servers: ['a'],
      says: ['mcp.json:1:48  mcpServers.b.command: ${input:k} asks a person'],
    },
  ],
  'all-bad/mcp.json': [
    '{"mcpServers":{"a":{"url":"https://a.example","headers":{"A":"“quoted”"}}}}',
    { outcome: 'refused', servers: [], says: ['headers.A holds a character'], neverSays: ['“quoted”'] },
  ],
  'toml/.codex/config.toml': ['[mcp_servers.a]\ncommand = "x"\n', { outcome: 'served', servers: ['a'] }],
  'utf16/mcp.json': [
    Uint8Array.from(Buffer.from('\uFEFF{"mcpServers":{}}', 'utf16le')),
    { outcome: 'refused', says: ['is UTF-16 text', 'Save it as UTF-8'] },
  ],
  'pasted/mcp.json': [
    '{"mcpServers":{"a":{"command":"x","args":["${ghp_0123456789abcdefghij0123456789abcdef}"]}}}',
    { outcome: 'refused', says: ['looks like a credential'], neverSays: ['0123456789'] },
  ],
};

describe('the checker of configuration files', () => {
  it.each(Object.entries(CASES))('judges %s as it should', async (name, [content, expected]) => {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
    expect(differences(await verdictOf(path, {}), expected)).toEqual([]);
  });

  it('finds files in hidden folders, and no others', async () => {
    for (const name of ['b/.vscode/mcp.json', 'a.toml', 'b/readme.md']) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), '');
    }
    expect(await filesBelow(folder)).toEqual(['a.toml', 'b/.vscode/mcp.json']);
  });

  it('says where a verdict differs', () => {
    const verdict = { outcome: 'served', servers: ['a'], lines: ['warning: w'] } as const;
    expect(
      differences(verdict, { outcome: 'refused', servers: ['b'], says: ['x'], neverSays: ['warning'] }),
    ).toEqual(['is served, not refused', 'serves a, not b', 'does not say x', 'says warning']);
    expect(differences(verdict, { outcome: 'served', servers: ['a'], says: ['w'] })).toEqual([]);
  });
});
