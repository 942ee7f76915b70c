import { describe, expect, it } from '@jest/globals';
import { parseConfiguration } from '../parse-configuration.ts';
import { revisionDocument } from './revision-document.ts';

const TOKEN = 'Zk3yq8TnWv5rLx2pBd7hJm4c';

function documentOf(text: string, env: Record<string, string> = {}) {
  const sources = [{ path: '/etc/omni.yaml', text, role: 'base' as const }];
  return revisionDocument(sources, parseConfiguration(sources, { env }));
}

describe('the document of a revision', () => {
  it('is the text of its sources where nothing is secret in it', () => {
    const text =
      'mcpServers:\n  # the first\n  a: { url: "https://a.example/mcp", headers: { X-Key: "${KEY}" } }\n';
    expect(documentOf(text, { KEY: TOKEN })).toEqual({
      sources: [{ place: '/etc/omni.yaml', role: 'base', text }],
      isWhole: true,
    });
  });

  it.each([
    ['a header', `mcpServers: { a: { url: "https://a.example/mcp", headers: { X-Key: ${TOKEN} } } }`],
    ['a variable', `mcpServers: { a: { command: run, env: { API_TOKEN: "${TOKEN}" } } }`],
    ['the token of Omni', `auth: { token: ${TOKEN} }\nmcpServers: { a: { command: run } }`],
  ])('holds no secret value: %s', (_what, text) => {
    const document = documentOf(text);
    expect(JSON.stringify(document)).not.toContain(TOKEN);
    expect(document?.isWhole).toBe(false);
  });

  it('holds no key that seals', () => {
    const key = Buffer.alloc(32, 7).toString('base64');
    const document = documentOf(`sealing: { keys: ["${key}"] }\nmcpServers: { a: { command: run } }`);
    expect(JSON.stringify(document)).not.toContain(key);
    expect(document?.isWhole).toBe(false);
  });

  // guard: reload/escaped-secret
  it('is not kept where a secret is written over two lines', () => {
    const written = `${TOKEN.slice(0, 9)}\\\n        ${TOKEN.slice(9)}`;
    expect(
      documentOf(
        `mcpServers:\n  a:\n    url: "https://a.example"\n    headers:\n      X-Key: "${written}"\n`,
      ),
    ).toBeUndefined();
  });

  it('holds no secret that another layer replaces', () => {
    const header = (value: string): string =>
      `mcpServers: { a: { url: "https://a.example/mcp", headers: { X-Key: ${value} } } }`;
    const sources = [
      { path: '/etc/omni/default.yaml', text: header(TOKEN), role: 'base' as const },
      { path: '/etc/omni/local.yaml', text: header('another'), role: 'base' as const },
    ];
    const document = revisionDocument(sources, parseConfiguration(sources, { env: {} }));
    expect(document?.isWhole).toBe(false);
    expect(JSON.stringify(document)).not.toContain(TOKEN);
  });

  // guard: reload/unread-source
  it.each([
    ['is wrong', `url: https://b.example/mcp\ncomand: x\nheaders: { X-Key: ${TOKEN} }\n`, undefined],
    ['cannot be parsed', `url: "https://b.example/mcp\nheaders: { X-Key: ${TOKEN} }\n`, undefined],
    ['could not be read', '', 'may not be read by this user'],
  ])('holds no secret of a file of servers/ that %s', (_how, text, flaw) => {
    const base = 'mcpServers: { a: { command: run } }';
    const sources = [
      { path: '/etc/omni/default.yaml', text: base, role: 'base' as const },
      {
        path: '/etc/omni/servers/b.yaml',
        text,
        role: 'server' as const,
        ...(flaw !== undefined && { flaw }),
      },
    ];
    const document = revisionDocument(sources, parseConfiguration(sources, { env: {} }));
    expect(document?.isWhole ?? false).toBe(false);
    expect(JSON.stringify(document) ?? '').not.toContain(TOKEN);
  });
});
