import { describe, expect, it } from '@jest/globals';
import { parseConfiguration } from '../parse-configuration.ts';

const ISSUER = { name: 'company', issuer: 'https://id.example' };
const MAC = 'Ab'.repeat(32);
const SECRET = 'B'.repeat(43);

function parse(auth: unknown): ReturnType<typeof parseConfiguration> {
  return parseConfiguration(
    [{ path: 'o.json', text: JSON.stringify({ auth, mcpServers: {} }), role: 'base' }],
    {
      env: {},
    },
  );
}

function problems(auth: unknown): string {
  try {
    return `accepted: ${JSON.stringify(parse(auth).auth)}`;
  } catch (error) {
    return error instanceof Error ? error.message : '';
  }
}

describe('settings of identities', () => {
  it('are absent where nothing is said, so that nothing is made of them', () => {
    expect(parse({}).auth).toEqual({ mode: 'token', tokens: [] });
    expect(parse({ publicUrl: 'https://omni.example' }).auth).toEqual({ mode: 'token', tokens: [] });
  });

  it('have defaults that take signatures of issuers only, and no claim but groups', () => {
    expect(parse({ publicUrl: 'https://omni.example', issuers: [ISSUER] }).auth.identity).toEqual({
      publicUrl: 'https://omni.example',
      issuers: [
        {
          ...ISSUER,
          algorithms: ['RS256', 'PS256', 'ES256', 'EdDSA'],
          audiences: [],
          requiredScopes: [],
          claims: { groups: 'groups' },
          cacheMs: 60_000,
        },
      ],
    });
    expect(parse({ proxy: { addresses: ['::1'] } }).auth.identity).toEqual({
      issuers: [],
      proxy: { addresses: ['::1'], userHeader: 'x-forwarded-user' },
    });
  });

  it('are all passed on', () => {
    const introspection = { url: 'https://id.example/introspect', clientId: 'omni', clientSecret: 'x' };
    const { identity } = parse({
      publicUrl: 'http://localhost:7431/tools',
      issuers: [
        {
          ...ISSUER,
          jwks: 'http://127.0.0.1:9/keys',
          algorithms: ['ES512'],
          audiences: ['a'],
          scopes: ['s'],
          groupsClaim: 'realm.roles',
          tenantClaim: 'org',
          cache: '10s',
          introspection,
        },
      ],
      proxy: { addresses: ['10.0.0.0/8'], userHeader: 'X-User', groupsHeader: 'X-Groups' },
      apiKeys: {
        secret: SECRET,
        keys: [
          { name: 'a', mac: MAC, expires: '2027-01-31T12:00:00+01:00' },
          { name: 'b', mac: '0'.repeat(64) },
        ],
      },
    }).auth;
    expect(identity).toEqual({
      publicUrl: 'http://localhost:7431/tools',
      issuers: [
        {
          ...ISSUER,
          jwksUrl: 'http://127.0.0.1:9/keys',
          algorithms: ['ES512'],
          audiences: ['a'],
          requiredScopes: ['s'],
          claims: { groups: 'realm.roles', tenant: 'org' },
          cacheMs: 10_000,
          introspection,
        },
      ],
      proxy: { addresses: ['10.0.0.0/8'], userHeader: 'x-user', groupsHeader: 'x-groups' },
      keys: {
        secret: expect.any(Uint8Array),
        records: [
          { name: 'a', mac: MAC, expiresAt: Date.UTC(2027, 0, 31, 11) },
          { name: 'b', mac: '0'.repeat(64) },
        ],
      },
    });
  });

  const publicUrl = 'https://omni.example';
  const introspection = { url: 'https://id.example/i', clientId: 'a', clientSecret: 'b' };
  it.each<[string, unknown, RegExp]>([
    ['issuers without an address of Omni', { issuers: [ISSUER] }, /auth\.issuers needs auth\.publicUrl/],
    ['an address with a slash at its end', { publicUrl: 'https://omni.example/' }, /auth\.publicUrl must be/],
    [
      'an issuer on the way to which anybody is',
      { publicUrl, issuers: [{ ...ISSUER, issuer: 'http://id.example' }] },
      /issuer must be an https:/,
    ],
    [
      'a symmetric algorithm',
      { publicUrl, issuers: [{ ...ISSUER, algorithms: ['HS256'] }] },
      /algorithms\.0 must be "RS256" or/,
    ],
    ['no algorithm', { publicUrl, issuers: [{ ...ISSUER, algorithms: [] }] }, /algorithms/],
    [
      'two issuers of one name',
      { publicUrl, issuers: [ISSUER, { ...ISSUER, issuer: 'https://b.example' }] },
      /issuers\.1\.name is the name of another/,
    ],
    [
      'one issuer twice',
      { publicUrl, issuers: [ISSUER, { ...ISSUER, name: 'b' }] },
      /issuers\.1\.issuer is named twice/,
    ],
    [
      'two that are shown opaque tokens',
      {
        publicUrl,
        issuers: [
          { ...ISSUER, introspection },
          { name: 'b', issuer: 'https://b.example', introspection },
        ],
      },
      /issuers\.1\.introspection is the second one/,
    ],
    ['a proxy from nowhere', { proxy: { addresses: [] } }, /addresses must be at least 1/],
    ['a proxy at a name', { proxy: { addresses: ['proxy.example'] } }, /addresses\.0 is no address/],
    [
      'a header of something else',
      { proxy: { addresses: ['::1'], userHeader: 'Authorization' } },
      /another meaning/,
    ],
    [
      'a key twice',
      {
        apiKeys: {
          secret: SECRET,
          keys: [
            { name: 'a', mac: MAC },
            { name: 'b', mac: MAC.toLowerCase() },
          ],
        },
      },
      /keys\.1\.mac is that of another key/,
    ],
    [
      'two keys of one name',
      {
        apiKeys: {
          secret: SECRET,
          keys: [
            { name: 'a', mac: MAC },
            { name: 'a', mac: '0'.repeat(64) },
          ],
        },
      },
      /keys\.1\.name is the name of another key/,
    ],
    [
      'a time that there is not',
      { apiKeys: { secret: SECRET, keys: [{ name: 'a', mac: MAC, expires: '2027-13-01T00:00:00Z' }] } },
      /expires is no time that there is/,
    ],
    ['a setting that there is not', { proxy: { adresses: ['::1'] } }, /did you mean "addresses"/],
  ])('refuse %s', (_what, auth, said) => {
    expect(problems(auth)).toMatch(said);
  });

  it('are without effect in open mode, and say so', () => {
    const { warnings } = parse({ mode: 'open', publicUrl, issuers: [ISSUER], proxy: { addresses: ['::1'] } });
    expect(warnings.slice(1).map((line) => line.replace(/^\S+\s+/, ''))).toEqual([
      'auth.issuers has no effect while auth.mode is "open"',
      'auth.proxy has no effect while auth.mode is "open"',
    ]);
  });

  it('never repeat a secret that is wrong', () => {
    const said = problems({
      publicUrl,
      issuers: [{ ...ISSUER, introspection: { ...introspection, clientSecret: 'canary\0' } }],
      apiKeys: { secret: 'canary-7f3a', keys: [] },
    });
    expect(said).toMatch(/secret must be 32 random bytes/);
    expect(said).not.toContain('canary');
  });
});
