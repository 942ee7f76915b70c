import { describe, expect, it } from '@jest/globals';
import { issuerSettings } from './identity-scene.fixture.ts';
import { ResourceServer } from './resource-server.ts';

const issuers = [issuerSettings({ requiredScopes: ['omni'] })];
const plain = new ResourceServer({ publicUrl: 'https://omni.example:8443', issuers });
const prefixed = new ResourceServer({ publicUrl: 'https://example.org/tools/omni', issuers });
const WELL_KNOWN = '/.well-known/oauth-protected-resource';

function resourceIn(server: ResourceServer, path: string): unknown {
  const page = server.pageAt(path);
  return page && (JSON.parse(page.body) as { readonly resource: unknown }).resource;
}

describe('ResourceServer', () => {
  it('describes each endpoint as a resource of its own, by the address that clients use', () => {
    expect(JSON.parse(plain.pageAt(`${WELL_KNOWN}/mcp/files`)?.body ?? '')).toEqual({
      resource: 'https://omni.example:8443/mcp/files',
      authorization_servers: ['https://id.example/tenant'],
      bearer_methods_supported: ['header'],
      resource_name: 'Omni',
      scopes_supported: ['omni'],
    });
    expect(resourceIn(plain, `${WELL_KNOWN}/mcp`)).toBe('https://omni.example:8443/mcp');
    expect(resourceIn(plain, WELL_KNOWN)).toBe('https://omni.example:8443/mcp');
  });

  it('stands behind a path of a proxy, whether the proxy takes it away or not', () => {
    for (const path of [`${WELL_KNOWN}/tools/omni/mcp/files`, `${WELL_KNOWN}/mcp/files`])
      expect(resourceIn(prefixed, path)).toBe('https://example.org/tools/omni/mcp/files');
    expect(prefixed.challenge('/mcp/files/')).toContain(
      'resource_metadata="https://example.org/.well-known/oauth-protected-resource/tools/omni/mcp/files"',
    );
  });

  it.each([
    '/.well-known/oauth-authorization-server',
    `${WELL_KNOWN}/health`,
    `${WELL_KNOWN}x`,
    `${WELL_KNOWN}/mcp/a/b`,
  ])('has no metadata at %s', (path) => expect(plain.pageAt(path)).toBeUndefined());

  it('names the metadata that the challenge leads to, for any path', () => {
    for (const path of ['/mcp', '/mcp/', '/mcp/files', '/health', '/mcp/"x']) {
      const url = /resource_metadata="([^"]+)"$/.exec(plain.challenge(path))?.[1] ?? '';
      expect(resourceIn(plain, new URL(url).pathname)).toBe(
        plain.resourceAt(path) ?? plain.resourceAt('/mcp'),
      );
    }
    expect(plain.challenge('/mcp', 'invalid_token')).toMatch(
      /^Bearer realm="omni", error="invalid_token", scope="omni", /,
    );
  });
});
