import { beforeAll, describe, expect, it } from '@jest/globals';
import { base64url, SignJWT } from 'jose';
import {
  CERTIFICATE,
  IdentityScene,
  ISSUER,
  issuerSettings,
  OWNER_TOKEN,
  PUBLIC_URL,
  type SigningKey,
  signingKey,
} from './identity-scene.fixture.ts';

let first: SigningKey;
let second: SigningKey;

beforeAll(async () => {
  [first, second] = await Promise.all([signingKey('first'), signingKey('second')]);
});

function scene(...given: ConstructorParameters<typeof IdentityScene>): IdentityScene {
  const made = new IdentityScene(...given);
  made.keys = [first.jwk];
  return made;
}

describe('IdentityCheck and tokens of an identity provider', () => {
  it('lets in who has a token of the issuer for the endpoint, and says what it knows [S002-AU-05]', async () => {
    const omni = scene({ issuers: [issuerSettings({ claims: { groups: 'realm.roles', tenant: 'org' } })] });
    const claims = { realm: { roles: ['dev', 7, 'ops'] }, scope: 'a  b', org: 'acme', azp: 'editor' };
    expect(await omni.ask(await omni.token(first, claims))).toEqual({
      id: 'company:ada',
      kind: 'identity',
      claims: {
        issuer: ISSUER,
        subject: 'ada',
        clientId: 'editor',
        isClient: false,
        groups: ['dev', 'ops'],
        scopes: ['a', 'b'],
        tenant: 'acme',
      },
    });
  });

  it('takes credentials of a client, which never has the id of a user [S002-AU-06]', async () => {
    const omni = scene();
    const shown = await Promise.all(
      [
        { sub: 'svc', client_id: 'svc' },
        { sub: undefined, client_id: 'svc' },
        { sub: 'svc', client_id: 'editor' },
        { sub: 'owner' },
      ].map(async (claims) => omni.show(await omni.token(first, claims))),
    );
    expect(shown).toEqual(['company/client:svc', 'company/client:svc', 'company:svc', 'company:owner']);
  });

  it('takes tokens of the configuration at once, and asks nobody', () => {
    const omni = scene();
    expect(omni.ask(OWNER_TOKEN)).toEqual({ id: 'owner', kind: 'token' });
    expect(omni.http.exchanges).toEqual([]);
  });

  // guard: identity/audience, identity/proof, identity/token-type
  it.each<[string, Record<string, unknown>, object, string]>([
    ['for another service', { aud: 'https://other.example/mcp' }, {}, 'audience'],
    ['for the address without path', { aud: PUBLIC_URL }, {}, 'audience'],
    ['for an address that begins alike', { aud: `${PUBLIC_URL}/mcp/` }, {}, 'audience'],
    ['for another endpoint', { aud: `${PUBLIC_URL}/mcp/files` }, {}, 'audience'],
    ['for nobody', { aud: undefined }, {}, 'claims'],
    ['that has ended', { exp: 1_000 }, {}, 'expired'],
    ['that never ends', { exp: undefined }, {}, 'claims'],
    ['that is not good yet', { nbf: 9_999_999_999 }, {}, 'not_yet_valid'],
    ['of another issuer', { iss: 'https://evil.example' }, {}, 'issuer'],
    ['of nobody', { iss: undefined }, {}, 'issuer'],
    ['of no subject', { sub: undefined }, {}, 'claims'],
    ['of a subject with a line break', { sub: 'ada\nowner' }, {}, 'claims'],
    ['of a subject that is no text', { sub: 7 }, {}, 'claims'],
    ['bound to a key that is not shown', { cnf: { jkt: 'x' } }, {}, 'proof'],
    ['bound to an unknown thing', { cnf: {} }, {}, 'proof'],
    ['bound to a certificate that is not shown', { cnf: { 'x5t#S256': 'x' } }, {}, 'proof'],
    ['that is told to log out', {}, { typ: 'logout+jwt' }, 'claims'],
    ['with an extension that must be understood', {}, { crit: ['x'], x: 1 }, 'algorithm'],
  ])('refuses one %s, in the same words as any other', async (_what, claims, header, reason) => {
    const omni = scene();
    const token = await omni
      .token(first, claims, header)
      // The library signs no extension that it does not know.
      .catch(async () => {
        const [, payload, signature] = (await omni.token(first, claims)).split('.');
        return `${base64url.encode(JSON.stringify({ alg: 'ES256', kid: 'first', ...header }))}.${payload}.${signature}`;
      });
    expect(await omni.show(token)).toBe(`OMNI_AUTH_REQUIRED ${reason}`);
    const answer = await omni.ask(token);
    expect('error' in answer && [answer.error.message, answer.challenge]).toEqual([
      'The request carries no valid token',
      `Bearer realm="omni", error="invalid_token", resource_metadata="${PUBLIC_URL}/.well-known/oauth-protected-resource/mcp"`,
    ]);
  });

  it('takes each endpoint for a resource of its own, and an audience of the configuration for all', async () => {
    const omni = scene({ issuers: [issuerSettings({ audiences: ['omni-api'] })] });
    const [files, all] = [
      await omni.token(first, { aud: `${PUBLIC_URL}/mcp/files` }),
      await omni.token(first, { aud: ['x', 'omni-api'] }),
    ];
    // What is known of a token at one endpoint says nothing about another.
    for (const path of ['/mcp/files', '/mcp/files/', '/mcp/files'])
      expect(await omni.show(files, { path })).toBe('company:ada');
    for (const path of ['/mcp', '/mcp/files2', '/health', '/sse/files'])
      expect(await omni.show(files, { path })).toBe('OMNI_AUTH_REQUIRED audience');
    for (const path of ['/mcp', '/mcp/files', '/metrics'])
      expect(await omni.show(all, { path })).toBe('company:ada');
  });

  it('takes signatures of the issuer only: nothing unsigned, nothing symmetric, no key that a token brings', async () => {
    const omni = scene({ issuers: [issuerSettings({ algorithms: ['ES256', 'HS256', 'none'] })] });
    const secret = new TextEncoder().encode('an oct key that a provider publishes');
    omni.keys = [first.jwk, { kty: 'oct', kid: 'oct', k: base64url.encode(secret) }];
    const payload = base64url.encode(JSON.stringify(omni.claims()));
    const unsigned = (alg: string): string => `${base64url.encode(JSON.stringify({ alg }))}.${payload}.`;
    const symmetric = await new SignJWT(omni.claims())
      .setProtectedHeader({ alg: 'HS256', kid: 'oct' })
      .sign(secret);
    const brought = await omni.token(
      second,
      {},
      { kid: undefined, jwk: second.jwk, jku: 'https://evil.example/keys' },
    );
    const changed = (await omni.token(first)).replace(/\.[^.]+\./, `.${payload}x.`);
    const shown = [unsigned('none'), unsigned('None'), unsigned('HS256'), symmetric, brought, changed];
    for (const token of shown)
      expect(await omni.show(token)).toMatch(
        /^OMNI_AUTH_REQUIRED (?:algorithm|signature|malformed|issuer|unknown)$/,
      );
    expect(omni.http.exchanges.some(({ request }) => request.url.includes('evil'))).toBe(false);
    // The negative control: the same claims with the right key are good.
    expect(await omni.show(await omni.token(first))).toBe('company:ada');
  });

  it('takes no algorithm beside those of the configuration', async () => {
    const omni = scene({ issuers: [issuerSettings({ algorithms: ['RS256'] })] });
    expect(await omni.show(await omni.token(first))).toBe('OMNI_AUTH_REQUIRED algorithm');
  });

  // guard: identity/certificate
  it('takes a token that is bound to a certificate from who shows this one', async () => {
    const omni = scene();
    const token = await omni.token(first, {
      cnf: { 'x5t#S256': base64url.encode(Uint8Array.from(CERTIFICATE)) },
    });
    const shown = (bytes: readonly number[]): object => ({
      peerCertificate: {
        subject: '',
        issuer: '',
        alternativeNames: [],
        fingerprint: bytes.map((byte) => byte.toString(16).padStart(2, '0').toUpperCase()).join(':'),
      },
    });
    expect(await omni.show(token, shown(CERTIFICATE))).toBe('company:ada');
    expect(await omni.show(token, shown([...CERTIFICATE].reverse()))).toBe('OMNI_AUTH_REQUIRED proof');
    expect(await omni.show(token)).toBe('OMNI_AUTH_REQUIRED proof');
  });

  // guard: identity/scope
  it('tells who lacks scopes which to ask for [X004-12]', async () => {
    const omni = scene({ issuers: [issuerSettings({ requiredScopes: ['omni', 'mcp'] })] });
    const answer = await omni.ask(await omni.token(first, { scope: 'omni other' }));
    expect(answer).toMatchObject({
      error: { code: 'OMNI_SCOPE_INSUFFICIENT', facts: { httpStatus: 403 } },
      challenge: `Bearer realm="omni", error="insufficient_scope", scope="omni mcp", resource_metadata="${PUBLIC_URL}/.well-known/oauth-protected-resource/mcp"`,
    });
    expect(await omni.show(await omni.token(first, { scope: 'mcp omni' }))).toBe('company:ada');
  });

  // guard: identity/token-length
  it('looks at tokens of up to 8 KiB', async () => {
    const omni = scene();
    const long = await omni.token(first, { pad: 'x'.repeat(5_000) });
    expect(await omni.show(long)).toBe('company:ada');
    expect(await omni.show(await omni.token(first, { pad: 'x'.repeat(7_000) }))).toBe(
      'OMNI_AUTH_REQUIRED malformed',
    );
  });

  it('never repeats a token, and tells it to nobody but its issuer', async () => {
    const omni = scene();
    const token = await omni.token(first, { aud: 'x' });
    const answer = await omni.ask(token);
    const said = JSON.stringify([answer, omni.records, omni.http.exchanges.map(({ request }) => request)]);
    for (const part of token.split('.')) expect(said).not.toContain(part);
  });
});

describe('IdentityCheck and what it has verified', () => {
  it('answers at once, and asks nobody, for a token that it knows [S002-AU-02]', async () => {
    const omni = scene();
    const token = await omni.token(first);
    const known = await omni.ask(token);
    expect(omni.ask(token)).toBe(known);
    omni.isDown = true;
    expect(omni.ask(token)).toBe(known);
    expect(omni.http.exchanges).toHaveLength(2);
  });

  // guard: identity/cache-time
  it.each([
    ['its time in the cache', 3_600, 60_000],
    ['the token itself', 30, 30_000],
  ])('verifies again when %s is over [S002-AU-03]', async (_what, livesS, afterMs) => {
    const omni = scene();
    const token = await omni.token(first, { exp: Math.floor(omni.clock.now() / 1_000) + 20 + livesS });
    await omni.ask(token);
    expect(omni.ask(token)).not.toBeInstanceOf(Promise);
    omni.clock.advance(afterMs);
    expect(omni.ask(token)).toBeInstanceOf(Promise);
  });

  it('verifies again what was revoked', async () => {
    const omni = scene();
    const [token, other] = [await omni.token(first), await omni.token(first, { sub: 'bo' })];
    await omni.ask(token);
    await omni.ask(other);
    omni.check.revoke('company:ada');
    expect(omni.ask(token)).toBeInstanceOf(Promise);
    expect(omni.ask(other)).not.toBeInstanceOf(Promise);
  });
});

describe('IdentityCheck and the keys of an issuer', () => {
  it('reads them once, for however many ask', async () => {
    const omni = scene();
    const tokens = await Promise.all(
      Array.from({ length: 50 }, (_, at) => omni.token(first, { sub: `u${at}` })),
    );
    const answers = await Promise.all(
      [...tokens, ...tokens].map(async (token) => omni.check.authenticate(request(token))),
    );
    expect(new Set(answers.map((answer) => ('error' in answer ? '' : answer.id))).size).toBe(50);
    expect([omni.asked('/keys'), omni.asked('/tenant/.well-known/openid-configuration')]).toEqual([1, 1]);
  });

  // guard: identity/key-flood
  it('looks once for a key that nobody knows, and not again before half a minute is over', async () => {
    const omni = scene();
    await omni.show(await omni.token(first));
    omni.keys = [second.jwk, first.jwk];
    expect(await omni.show(await omni.token(second))).toBe('company:ada');
    expect(omni.asked('/keys')).toBe(2);
    const third = await signingKey('third');
    omni.records.length = 0;
    for (const kid of ['a', 'b', 'third'])
      await omni.check.authenticate(request(await omni.token(third, {}, { kid })));
    expect(omni.asked('/keys')).toBe(2);
    omni.clock.advance(30_000);
    omni.keys = [third.jwk];
    expect(await omni.show(await omni.token(third))).toBe('company:ada');
    expect(omni.asked('/keys')).toBe(3);
    // What the issuer has taken away is good no more.
    expect(await omni.show(await omni.token(first, { sub: 'bo' }))).toBe('OMNI_AUTH_REQUIRED signature');
  });

  // guard: identity/kept-keys
  it('keeps the last ones for an hour while the issuer does not answer, and blames no client for it', async () => {
    const omni = scene();
    await omni.show(await omni.token(first));
    omni.isDown = true;
    omni.clock.advance(3_500_000);
    expect(await omni.show(await omni.token(first, { sub: 'bo' }))).toBe('company:bo');
    await Promise.resolve();
    expect(omni.check.getStatus()).toMatchObject({ level: 'warn', details: { unreachable: ['company'] } });
    // A key that nobody knows may be a new one.
    expect(await omni.show(await omni.token(second, { sub: 'bo' }))).toBe(
      'OMNI_AUTH_UNAVAILABLE unavailable',
    );
    omni.clock.advance(100_000);
    expect(await omni.show(await omni.token(first, { sub: 'cy' }))).toBe('OMNI_AUTH_UNAVAILABLE unavailable');
    omni.isDown = false;
    expect(await omni.show(await omni.token(first, { sub: 'cy' }))).toBe('company:cy');
    expect(omni.check.getStatus().level).toBe('ok');
  });

  // guard: identity/metadata-issuer, identity/keys-address
  it.each([
    ['another issuer', { issuer: 'https://evil.example' }],
    ['no address', { jwks_uri: undefined }],
    ['an address that is not secure', { jwks_uri: 'http://id.example/keys' }],
    ['an address with a password', { jwks_uri: 'https://a:b@id.example/keys' }],
  ])('takes no metadata that name %s', async (_what, changed) => {
    const omni = scene();
    omni.metadata = { ...omni.metadata, ...changed };
    expect(await omni.show(await omni.token(first))).toBe('OMNI_AUTH_UNAVAILABLE unavailable');
    expect(omni.http.exchanges).toHaveLength(1);
  });

  // guard: identity/answer-size
  it('reads 256 KiB at most, for five seconds at most', async () => {
    const omni = scene();
    omni.keys = [first.jwk, { kty: 'x', pad: 'x'.repeat(262_144) }];
    expect(await omni.show(await omni.token(first))).toBe('OMNI_AUTH_UNAVAILABLE unavailable');
    omni.keys = [first.jwk];
    omni.isSilent = true;
    const asked = omni.show(await omni.token(first));
    await Promise.resolve();
    omni.clock.advance(5_000);
    expect(await asked).toBe('OMNI_AUTH_UNAVAILABLE unavailable');
    expect(omni.http.last.isAborted).toBe(true);
    omni.isSilent = false;
    expect(await omni.show(await omni.token(first))).toBe('company:ada');
  });

  // guard: identity/https, identity/symmetric
  it('refuses issuers that cannot be reached securely, and those without algorithms', () => {
    for (const issuer of ['http://id.example', 'ftp://id.example', 'id.example', 'https://a:b@id.example'])
      expect(() => scene({ issuers: [issuerSettings({ issuer })] })).toThrow(/needs https: addresses/);
    expect(() => scene({ issuers: [issuerSettings({ algorithms: ['HS256'] })] })).toThrow(
      /has no algorithms/,
    );
    expect(() => scene({ issuers: [issuerSettings({ issuer: 'http://127.0.0.1:1' })] })).not.toThrow();
  });
});

describe('IdentityCheck and introspection', () => {
  const issuers = [
    issuerSettings({
      introspection: { url: 'https://id.example/introspect', clientId: 'om:ni', clientSecret: 's cret' },
    }),
  ];

  // guard: identity/claims-length
  it('keeps no more of a token than a JWT can hold', async () => {
    const omni = scene({ issuers });
    const groups = Array.from({ length: 2_000 }, (_, at) => `g${at}`);
    omni.introspected = { active: true, sub: 'ada', aud: [`${PUBLIC_URL}/mcp`], groups };
    expect(await omni.show('opaque')).toBe('OMNI_AUTH_REQUIRED claims');
    omni.introspected = { ...omni.introspected, groups: groups.slice(0, 1_000) };
    expect(await omni.show('another')).toBe('company:ada');
  });

  // guard: identity/active
  it('asks about tokens that mean nothing to it, as itself, and remembers what it was told', async () => {
    const omni = scene({ issuers });
    omni.introspected = { active: true, sub: 'ada', aud: [`${PUBLIC_URL}/mcp`], scope: 'a' };
    expect(await omni.show('opaque')).toBe('company:ada');
    expect(omni.ask('opaque')).toMatchObject({ id: 'company:ada', claims: { scopes: ['a'] } });
    expect(omni.asked('/introspect')).toBe(1);
    const { request, body } = omni.http.last;
    expect(body).toBe('token=opaque&token_type_hint=access_token');
    expect(request.headers).toContain(`Basic ${btoa('om%3Ani:s%20cret')}`);
    omni.introspected = { ...omni.introspected, active: 'true' };
    expect(await omni.show('other')).toBe('OMNI_AUTH_REQUIRED inactive');
  });

  it.each<[string, object, string]>([
    ['of another issuer', { iss: 'https://evil.example' }, 'OMNI_AUTH_REQUIRED issuer'],
    ['that has ended', { exp: 1 }, 'OMNI_AUTH_REQUIRED expired'],
    ['that is not good yet', { nbf: 9_999_999_999 }, 'OMNI_AUTH_REQUIRED not_yet_valid'],
    ['for another service', { aud: 'x' }, 'OMNI_AUTH_REQUIRED audience'],
    ['for nobody in particular', { aud: undefined }, 'OMNI_AUTH_REQUIRED audience'],
    ['bound to a key', { cnf: { jkt: 'x' } }, 'OMNI_AUTH_REQUIRED proof'],
    ['of which it does not say anything', { active: undefined }, 'OMNI_AUTH_UNAVAILABLE unavailable'],
  ])('refuses one %s', async (_what, changed, said) => {
    const omni = scene({ issuers });
    omni.introspected = { active: true, sub: 'ada', aud: `${PUBLIC_URL}/mcp`, ...changed };
    expect(await omni.show('opaque')).toBe(said);
  });

  it('asks once about a token that many show, and not again for a moment when it is refused', async () => {
    const omni = scene({ issuers });
    const answers = await Promise.all(
      Array.from({ length: 50 }, async () => omni.check.authenticate(request('opaque'))),
    );
    expect(answers.every((answer) => 'error' in answer)).toBe(true);
    await omni.check.authenticate(request('opaque'));
    expect(omni.asked('/introspect')).toBe(1);
    omni.clock.advance(10_000);
    await omni.check.authenticate(request('opaque'));
    expect(omni.asked('/introspect')).toBe(2);
  });

  it('shows a token to one provider only', () => {
    const two = [
      ...issuers,
      { ...issuers[0], name: 'b', issuer: 'https://b.example' } as (typeof issuers)[0],
    ];
    expect(() => scene({ issuers: two })).toThrow(/Only one identity provider/);
  });
});

function request(token: string): Parameters<IdentityScene['check']['authenticate']>[0] {
  return {
    path: '/mcp',
    peerAddress: '192.0.2.1',
    peerCertificate: undefined,
    headers: ['Authorization', `Bearer ${token}`],
    header: (name) => (name === 'authorization' ? `Bearer ${token}` : undefined),
  };
}
