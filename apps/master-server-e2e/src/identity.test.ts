import { createHmac } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { endEverything } from './harness/end-everything.ts';
import { eventually } from './harness/eventually.ts';
import { postModern, type RawAnswer } from './harness/raw-mcp.ts';
import { runOmni, startOmni, writeConfiguration, type Omni } from './harness/start-omni.ts';
import { startServer } from './harness/start-server.ts';
import { scriptedEntry } from './harness/upstream-entries.ts';
import { loginOfClient, loginOfUser } from './identity/oauth-client.ts';

const PUBLIC_URL = 'https://omni.example/tools';
const OWNER = 'owner-q7Zr9tLw2kM3vX';
const KEY = `omni_${'a1'.repeat(32)}`;
const SECRET = Buffer.alloc(32, 7);

let issuer: string;
let omni: Omni;

function settings(): Record<string, unknown> {
  return {
    token: OWNER,
    publicUrl: PUBLIC_URL,
    issuers: [
      {
        name: 'company',
        issuer,
        scopes: ['use-tools'],
        introspection: {
          url: `${issuer}/token/introspection`,
          clientId: 'omni',
          clientSecret: '${INTROSPECTION_SECRET}',
        },
      },
    ],
    proxy: { addresses: ['127.0.0.0/8'], userHeader: 'X-Proxy-User' },
    apiKeys: {
      secret: SECRET.toString('base64'),
      keys: [
        { name: 'agent-7', mac: createHmac('sha256', SECRET).update(KEY).digest('hex') },
        { name: 'over', mac: '0'.repeat(64), expires: '2020-01-01T00:00:00Z' },
      ],
    },
  };
}

beforeAll(async () => {
  issuer = (await startServer([fileURLToPath(new URL('identity/oidc-server.mjs', import.meta.url))])).url;
  omni = await startOmni(
    { auth: settings(), mcpServers: { opaque: scriptedEntry() }, logging: { level: 'debug' } },
    { environment: { INTROSPECTION_SECRET: 'secret-of-omni' } },
  );
  await omni.ready();
}, 60_000);

afterAll(endEverything);

function list(headers: Record<string, string>, url = omni.url): Promise<RawAnswer> {
  return postModern(url, { id: '1', method: 'tools/list' }, { headers });
}

function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` };
}

describe('tokens of an identity provider', () => {
  it('let a program in that has logged in with its own credentials, found from the challenge alone [S002-AU-06, X004-12]', async () => {
    const refused = await list({});
    expect(refused.status).toBe(401);
    const challenge = refused.headers.get('www-authenticate') ?? '';
    const metadataUrl = /resource_metadata="([^"]+)"/.exec(challenge)?.[1] ?? '';
    expect(challenge).toContain('scope="use-tools"');
    // The proxy in front of the public address leaves the path as it is.
    const page = await fetch(`${omni.origin}${new URL(metadataUrl).pathname}`);
    const metadata = (await page.json()) as { resource: string; authorization_servers: string[] };
    expect(metadata).toMatchObject({ resource: `${PUBLIC_URL}/mcp`, authorization_servers: [issuer] });
    const token = await loginOfClient(metadata.authorization_servers[0] ?? '', metadata.resource);
    const answered = await list(bearer(token));
    expect([answered.status, answered.text.includes('opaque__')]).toEqual([200, true]);
    // It is not for the endpoint of one server.
    expect((await list(bearer(token), `${omni.url}/opaque`)).status).toBe(401);
  });

  it('let a user in who has logged in by code and PKCE [S002-AU-01]', async () => {
    const token = await loginOfUser(issuer, 'ada', `${PUBLIC_URL}/mcp`);
    expect((await list(bearer(token))).status).toBe(200);
    const [header, payload, signature = ''] = token.split('.');
    const forged = `${header}.${payload}.${signature.slice(0, -4)}AAAA`;
    expect((await list(bearer(forged))).status).toBe(401);
  });

  it('are taken where they mean nothing to Omni, for as long as the provider says so', async () => {
    const token = await loginOfClient(issuer, `${PUBLIC_URL}/mcp/opaque`);
    expect(token.split('.')).toHaveLength(1);
    expect((await list(bearer(token), `${omni.url}/opaque`)).status).toBe(200);
    expect((await list(bearer(token))).status).toBe(401);
  });

  it('lead to more scopes where they lack some', async () => {
    const token = await loginOfClient(issuer, `${PUBLIC_URL}/mcp`, 'other');
    const answered = await list(bearer(token));
    expect([answered.status, answered.headers.get('www-authenticate')]).toEqual([
      403,
      `Bearer realm="omni", error="insufficient_scope", scope="use-tools", resource_metadata="https://omni.example/.well-known/oauth-protected-resource/tools/mcp"`,
    ]);
    const better = await loginOfClient(issuer, `${PUBLIC_URL}/mcp`, 'other use-tools');
    expect((await list(bearer(better))).status).toBe(200);
  });

  it('stand in no log, which names who was let in and why others were not [S002-AU-04]', async () => {
    const token = await loginOfUser(issuer, 'bo', `${PUBLIC_URL}/mcp`);
    await list(bearer(token));
    await list(bearer(await loginOfClient(issuer, 'https://other.example/mcp')));
    const audited = await eventually('the log of both', () => {
      const lines = omni.process.logs().filter(({ audit }) => typeof audit === 'string');
      return lines.some(({ actor }) => actor === 'company:bo') &&
        lines.some(({ subject }) => String(subject).startsWith('audience '))
        ? lines
        : undefined;
    });
    expect(audited).toContainEqual(
      expect.objectContaining({ audit: 'authentication.succeeded', actor: 'company:bo', outcome: 'success' }),
    );
    const said = omni.process.stdout + omni.process.stderr;
    expect(
      [...token.split('.').slice(1), KEY, OWNER, 'secret-of-omni'].filter((text) => said.includes(text)),
    ).toEqual([]);
  });
});

describe('other identities of the same Omni', () => {
  it('are a token of the configuration, an API key, and what a proxy says [S003-SC-01, S001-ARC-07]', async () => {
    const asked = [bearer(OWNER), bearer(KEY), { 'x-proxy-user': 'ada' }, bearer(`${KEY}0`), {}];
    const statuses = await Promise.all(asked.map(async (headers) => (await list(headers)).status));
    expect(statuses).toEqual([200, 200, 200, 401, 401]);
  });

  it('are refused by headers from where no proxy is', async () => {
    const { proxy: _, ...others } = settings();
    const elsewhere = await startOmni(
      {
        auth: { ...others, proxy: { addresses: ['192.0.2.0/24'], userHeader: 'X-Proxy-User' } },
        mcpServers: {},
      },
      { environment: { INTROSPECTION_SECRET: 'secret-of-omni' } },
    );
    expect((await list({ 'x-proxy-user': 'ada' }, elsewhere.url)).status).toBe(401);
    // An identity provider that nobody has asked yet does not keep Omni from being ready.
    await elsewhere.ready();
  }, 30_000);

  it('cannot be meant in some ways, which the start says', async () => {
    const one = (settings()['issuers'] as object[])[0] as Record<string, unknown>;
    const prepared = await writeConfiguration({
      auth: {
        issuers: [one, { ...one }, { ...one, name: 'b', issuer: 'http://id.example' }],
        proxy: { addresses: ['somewhere'], userHeader: 'Cookie' },
      },
      mcpServers: {},
    });
    const refused = await runOmni(['serve', '--config', prepared.configFile], {
      ...prepared.environment,
      INTROSPECTION_SECRET: 'x',
    });
    expect(refused.code).toBe(4);
    expect(refused.stderr).toMatch(/auth\.issuers\.2\.issuer.*https:/);
    expect(refused.stderr).toMatch(/userHeader.*another meaning/);
  }, 30_000);
});
