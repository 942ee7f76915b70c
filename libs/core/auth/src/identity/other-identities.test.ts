import { createHmac } from 'node:crypto';
import type { Principal, Refusal } from '@omni/ports';
import { describe, expect, it } from '@jest/globals';
import { VirtualClock } from '@omni/testing';
import { ApiKeys } from './api-keys.ts';
import { IdentityScene, OWNER_TOKEN } from './identity-scene.fixture.ts';

const SECRET = new Uint8Array(32).fill(7);
const proxy = { addresses: ['10.0.0.0/8'], userHeader: 'x-user', groupsHeader: 'x-groups' };
const fromProxy = { peerAddress: '10.1.2.3' };

function idOf(answer: Principal | Refusal | Promise<Principal | Refusal>): unknown {
  return 'id' in answer ? answer.id : 'error' in answer ? answer.error.code : answer;
}

describe('IdentityCheck behind a proxy', () => {
  // guard: identity/proxy-address
  it('believes headers from the addresses of the proxy, and from nobody else [S001-ARC-07]', () => {
    const omni = new IdentityScene({ issuers: [], proxy });
    const headers = ['X-User', 'ada', 'X-Groups', 'dev, ops,'];
    expect(omni.ask(undefined, { ...fromProxy, headers })).toEqual({
      id: 'proxy:ada',
      kind: 'proxy',
      claims: { issuer: 'proxy', subject: 'ada', isClient: false, groups: ['dev', 'ops'], scopes: [] },
    });
    for (const peerAddress of ['192.0.2.1', '11.0.0.1', undefined])
      expect(idOf(omni.ask(undefined, { peerAddress, headers }))).toBe('OMNI_AUTH_REQUIRED');
    // It does not take their own token from them.
    expect(idOf(omni.ask(OWNER_TOKEN, { headers }))).toBe('owner');
    expect(idOf(omni.ask(OWNER_TOKEN, fromProxy))).toBe('owner');
  });

  // guard: identity/proxy-twice
  it.each([
    ['two names', ['X-User', 'evil', 'X-User', 'ada']],
    ['two names in one', ['X-User', 'evil, ada']],
    ['a name with a space', ['X-User', 'ada lovelace']],
    ['groups twice', ['X-User', 'ada', 'X-Groups', 'admin', 'x-groups', 'dev']],
    ['a long name', ['X-User', 'a'.repeat(256)]],
  ])('refuses %s, which a client may have sent', (_what, headers) => {
    const omni = new IdentityScene({ issuers: [], proxy });
    expect(idOf(omni.ask(undefined, { ...fromProxy, headers }))).toBe('OMNI_AUTH_REQUIRED');
    expect(idOf(omni.ask(OWNER_TOKEN, { ...fromProxy, headers }))).toBe('OMNI_AUTH_REQUIRED');
  });

  it('never takes what a proxy says for somebody of Omni’s own', () => {
    const omni = new IdentityScene({ issuers: [], proxy });
    for (const name of ['owner', 'local', 'anonymous', 'company:ada'])
      expect(idOf(omni.ask(undefined, { ...fromProxy, headers: ['X-User', name] }))).toBe(`proxy:${name}`);
  });
});

describe('IdentityCheck and API keys', () => {
  it('lets in who has a key, with its limits, until it ends [X004-05, S002-AU-06]', () => {
    const limits = { servers: ['files'], tier: 'read' } as const;
    const omni = new IdentityScene({ issuers: [], keys: { secret: SECRET, records: [] } });
    const made = omni.check.keys?.make({ name: 'agent-7', expiresAt: omni.clock.now() + 60_000, limits });
    const key = made?.key ?? '';
    expect(key).toMatch(/^omni_[0-9a-f]{64}$/);
    expect(idOf(omni.ask(key))).toBe('OMNI_AUTH_REQUIRED');
    omni.check.keys?.replace(made === undefined ? [] : [made.record]);
    expect(omni.ask(key)).toEqual({ id: 'key:agent-7', kind: 'key', limits });
    for (const wrong of [key.slice(0, -1), `${key}0`, key.toUpperCase(), 'omni_', made?.record.mac ?? ''])
      expect(idOf(omni.ask(wrong))).toBe('OMNI_AUTH_REQUIRED');
  });

  // guard: identity/key-expiry
  it('refuses a key from its end on, and one that was taken away at once', () => {
    const clock = new VirtualClock();
    const keys = new ApiKeys({ secret: SECRET, records: [] }, clock);
    const [short, long] = [
      keys.make({ name: 'a', expiresAt: clock.now() + 1_000 }),
      keys.make({ name: 'b' }),
    ];
    keys.replace([short.record, long.record]);
    clock.advance(999);
    expect([keys.find(short.key), keys.find(long.key)]).toEqual([
      { id: 'key:a', kind: 'key' },
      { id: 'key:b', kind: 'key' },
    ]);
    clock.advance(1);
    expect(keys.find(short.key)).toEqual({ refused: 'expired' });
    keys.replace([]);
    expect(keys.find(long.key)).toEqual({ refused: 'unknown' });
  });

  it('keeps an HMAC of a key, which says nothing without the secret', () => {
    const { key, record } = new ApiKeys({ secret: SECRET, records: [] }, new VirtualClock()).make({
      name: 'a',
    });
    expect(record).toEqual({ name: 'a', mac: createHmac('sha256', SECRET).update(key).digest('hex') });
    const elsewhere = { secret: new Uint8Array(32).fill(8), records: [record] };
    expect(new ApiKeys(elsewhere, new VirtualClock()).find(key)).toEqual({ refused: 'unknown' });
    expect(() => new ApiKeys({ secret: SECRET.slice(1), records: [] }, new VirtualClock())).toThrow(
      /32 bytes/,
    );
  });
});

describe('IdentityCheck and the audit', () => {
  it('is told every authentication, the first of a kind at once and those that follow as one [S002-AU-04]', () => {
    const omni = new IdentityScene({ issuers: [] });
    void omni.ask('wrong');
    for (let at = 0; at < 1_000; at++) void omni.check.authenticate(request('wrong'));
    void omni.check.authenticate(request(OWNER_TOKEN));
    omni.clock.advance(10_000);
    expect(omni.records.map(({ at: _at, ...record }) => record)).toEqual([
      {
        type: 'authentication.failed',
        actor: 'unknown',
        subject: 'unknown 192.0.2.1',
        outcome: 'failure',
      },
      { type: 'authentication.succeeded', actor: 'owner', subject: 'token 192.0.2.1', outcome: 'success' },
      {
        type: 'authentication.failed',
        actor: 'unknown',
        subject: 'unknown 192.0.2.1',
        outcome: 'failure',
        count: 1_000,
      },
    ]);
    expect(omni.clock.pendingTimers).toBe(0);
  });

  it('is told what was counted when Omni ends', () => {
    const omni = new IdentityScene({ issuers: [] });
    for (let at = 0; at < 3; at++) void omni.check.authenticate(request('wrong'));
    omni.check.close();
    expect(omni.records.map(({ count }) => count)).toEqual([undefined, 2]);
    expect(omni.clock.pendingTimers).toBe(0);
  });

  // guard: identity/audit-flood
  it('tells a flood from many addresses as one kind more', () => {
    const omni = new IdentityScene({ issuers: [] });
    for (let at = 0; at < 5_000; at++)
      void omni.check.authenticate({ ...request('wrong'), peerAddress: `2001:db8::${at.toString(16)}` });
    omni.clock.advance(10_000);
    const others = omni.records.filter(({ actor }) => actor === 'others');
    expect(omni.records).toHaveLength(1_002);
    expect(others.map(({ count = 1 }) => count)).toEqual([1, 3_999]);
  });
});

function request(token: string): Parameters<IdentityScene['check']['authenticate']>[0] {
  return {
    path: '/mcp',
    peerAddress: '192.0.2.1',
    peerCertificate: undefined,
    headers: [],
    header: (name) => (name === 'authorization' ? `Bearer ${token}` : undefined),
  };
}
