import { IdentityCheck, TokenCheck } from '@omni/auth';
import type { AuditRecord, IdentitySettings } from '@omni/ports';
import { RecordingExchange, ScriptedHttpClient, VirtualClock } from '@omni/testing';
import { describe, expect, it } from '@jest/globals';
import { createMasterServer, rootScope } from './create-master-server.ts';
import type { MasterServerOptions } from './master-server-options.ts';
import { Token } from './token.ts';

const TOKENS = { tokens: [{ name: 'ci', token: 'long-secret-of-ci' }] };
const identity: IdentitySettings = {
  publicUrl: 'https://omni.example',
  issuers: [
    {
      name: 'company',
      issuer: 'https://id.example',
      algorithms: ['ES256'],
      audiences: [],
      requiredScopes: [],
      claims: { groups: 'groups' },
      cacheMs: 60_000,
    },
  ],
};
const METADATA = '/.well-known/oauth-protected-resource/mcp';

/** What a path answers to somebody without a token. */
async function pageAt(path: string, options: MasterServerOptions, times = 1): Promise<RecordingExchange> {
  const server = createMasterServer(options);
  let exchange = new RecordingExchange();
  for (let time = 0; time < times; time++) {
    exchange = new RecordingExchange({ method: 'GET', path, headers: ['Host', 'localhost'] });
    server.handle(exchange);
  }
  await server.stop({ deadlineMs: 0 });
  return exchange;
}

describe('identities of a gateway', () => {
  it('cost nothing where none is configured: the table of tokens answers by itself', () => {
    const off: readonly MasterServerOptions[] = [
      { configuration: { auth: TOKENS } },
      { configuration: { auth: { mode: 'open', identity } }, http: new ScriptedHttpClient() },
    ];
    for (const options of off)
      expect(rootScope(options).get(Token.Authentication)).toBeInstanceOf(TokenCheck);
    const on = rootScope({
      configuration: { auth: { ...TOKENS, identity } },
      http: new ScriptedHttpClient(),
    });
    expect(on.get(Token.Authentication)).toBeInstanceOf(IdentityCheck);
  });

  it('are described to clients where Omni asks for them, and not where a program does', async () => {
    const options = { configuration: { auth: { identity } }, http: new ScriptedHttpClient() };
    const page = await pageAt(METADATA, options);
    expect([page.status, page.json()]).toMatchObject([200, { resource: 'https://omni.example/mcp' }]);
    const authentication = new TokenCheck({ mode: 'token', tokens: [] });
    expect((await pageAt(METADATA, { ...options, authentication })).status).toBe(404);
  });

  it('need a way to ask a provider', () => {
    expect(() => createMasterServer({ configuration: { auth: { identity } } })).toThrow(/HTTP client/);
  });

  it('are told to the audit of a program, tokens of the configuration too [S002-AU-04]', async () => {
    const records: AuditRecord[] = [];
    const clock = new VirtualClock();
    const audit = { record: (record: AuditRecord) => void records.push(record) };
    await pageAt('/mcp', { configuration: { auth: TOKENS }, clock, audit }, 3);
    expect(records).toMatchObject([
      { type: 'authentication.failed', subject: expect.stringMatching(/^missing /), at: clock.now() },
      // What was counted is told at the end.
      { type: 'authentication.failed', count: 2 },
    ]);
  });
});
