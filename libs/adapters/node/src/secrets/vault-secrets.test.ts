import { afterEach, describe, expect, it } from '@jest/globals';
import { SecretBuffer } from '@omni/ports';
import { VirtualClock } from '@omni/testing';
import { secretProviderContract } from '@omni/testing/contracts';
import { VaultClient, type VaultLogin } from './vault-client.ts';
import { VaultSecrets, VaultTransitKey } from './vault-secrets.ts';
import { VaultServer } from './vault-server.fixture.ts';

const open: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});
const NEVER = new AbortController().signal;
const TOKEN = 'hvs.root-token-1';

async function scene(given?: Partial<VaultLogin>) {
  const server = new VaultServer();
  server.tokens.set(TOKEN, { leaseS: 0, renewable: false });
  const address = await server.listen();
  const clock = new VirtualClock();
  const login = (given ?? { kind: 'token', token: () => Promise.resolve(`${TOKEN}\n`) }) as VaultLogin;
  const client = new VaultClient({ address, login, clock, namespace: 'team' });
  open.push(
    () => server.close(),
    () => client.close(),
  );
  return { server, address, client, clock, secrets: new VaultSecrets({ client }) };
}

function appRole(server: () => VaultServer): VaultLogin {
  return {
    kind: 'approle',
    roleId: () => Promise.resolve(server().roleId),
    secretId: () => Promise.resolve(server().secretId),
  };
}

async function appRoleScene() {
  const held: { server?: VaultServer } = {};
  const made = await scene(appRole(() => held.server ?? new VaultServer()));
  held.server = made.server;
  return made;
}

describe('VaultSecrets by token [X002-03]', () => {
  secretProviderContract(it, async () => {
    const { secrets, server } = await scene();
    return {
      provider: secrets,
      names: ['db/password', 'github'],
      isWritable: true,
      isListed: true,
      fail: () => void (server.isSealed = true),
    };
  });
});

describe('VaultSecrets by AppRole [X002-03]', () => {
  secretProviderContract(it, async () => {
    const { secrets, server } = await appRoleScene();
    return {
      provider: secrets,
      names: ['a', 'b/c/d'],
      isWritable: true,
      isListed: true,
      fail: () => server.close(),
    };
  });
});

describe('VaultSecrets', () => {
  it('reads a field, the default one, or the only one [S002-SE-01]', async () => {
    const { secrets, server } = await scene();
    server.put('db/password', { user: 'ada', value: 'default-value', port: 5432 });
    server.put('one', { token: 'only-value' });
    server.put('two', { a: '1', b: '2' });
    const text = async (name: string): Promise<string | undefined> =>
      (await secrets.resolve(name, NEVER))?.text();
    expect(await text('db/password#user')).toBe('ada');
    expect(await text('db/password#port')).toBe('5432');
    expect(await text('db/password')).toBe('default-value');
    expect(await text('db/password#none')).toBeUndefined();
    // Every object has these, and no record does.
    for (const inherited of ['constructor', 'toString', '__proto__'])
      expect(await text(`db/password#${inherited}`)).toBeUndefined();
    expect(await text('one')).toBe('only-value');
    await expect(text('two')).rejects.toMatchObject({
      code: 'OMNI_SECRET_UNKNOWN',
      hint: 'Name one: ${VAULT:two#field}.',
    });
    expect(server.headers.at(-1)).toMatchObject({
      'x-vault-token': TOKEN,
      'x-vault-request': 'true',
      'x-vault-namespace': 'team',
    });
  });

  // guard: secrets/vault-path
  it.each(['../sys/seal', 'a/../../sys', 'a//b', '/a', 'a/', 'a#', 'a#b#c', '#a'])(
    'does not leave its engine for %s',
    async (name) => {
      const { secrets, server } = await scene();
      await expect(secrets.resolve(name, NEVER)).rejects.toMatchObject({ code: 'OMNI_USAGE' });
      expect(server.requests).toEqual([]);
    },
  );

  it('encodes what stands in a name', async () => {
    const { secrets, server } = await scene();
    await secrets.store('a b?version=1/ü', SecretBuffer.of('value'));
    expect(server.fields('a b?version=1/ü')).toEqual({ value: 'value' });
  });

  it('leaves other fields alone, whoever writes them meanwhile', async () => {
    const { secrets, server } = await scene();
    server.put('db', { user: 'ada' });
    server.onWrite = () => {
      server.onWrite = undefined;
      server.put('db', { user: 'bob', port: 1 });
    };
    await secrets.store('db#password', SecretBuffer.of('s3cret'));
    expect(server.fields('db')).toEqual({ user: 'bob', port: 1, password: 's3cret' });
    expect(await secrets.delete('db#port')).toBe(true);
    expect(server.fields('db')).toEqual({ user: 'bob', password: 's3cret' });
  });

  it('says that a place takes no secrets', async () => {
    const { client } = await scene();
    const elsewhere = new VaultSecrets({ client, mount: 'nowhere' });
    await expect(elsewhere.store('a', SecretBuffer.of('b'))).rejects.toMatchObject({
      code: 'OMNI_SECRET_UNAVAILABLE',
      message: 'Vault has no engine at nowhere',
    });
  });

  // guard: secrets/vault-refused
  it('says what Vault refuses, in one line', async () => {
    const { secrets } = await scene();
    await expect(secrets.resolve('forbidden/x', NEVER)).rejects.toMatchObject({
      code: 'OMNI_SECRET_DENIED',
      message: 'Vault does not allow secret/data/forbidden/x: 1 error occurred: * permission denied ',
    });
  });

  it('gives up when nobody waits any more', async () => {
    const { secrets, server } = await scene();
    await secrets.resolve('a', NEVER);
    server.isSilent = true;
    await expect(secrets.resolve('a', AbortSignal.timeout(50))).rejects.toMatchObject({
      code: 'OMNI_SECRET_UNAVAILABLE',
    });
  });
});

describe('VaultClient', () => {
  // guard: secrets/vault-tls
  it('takes TLS alone, but on this machine [S002-SB-02]', () => {
    const login: VaultLogin = { kind: 'token', token: () => Promise.resolve('t') };
    for (const address of ['http://vault.example.com:8200', 'http://10.0.0.1', 'http://localhost.evil.test'])
      expect(() => new VaultClient({ address, login })).toThrow(/must begin with https:/);
    for (const address of ['vault:8200', 'ftp://127.0.0.1', 'https://user:pw@vault.test', ''])
      expect(() => new VaultClient({ address, login })).toThrow(/no address of a server/);
    for (const address of ['https://vault.example.com:8200', 'http://127.0.0.1:8200', 'http://[::1]:8200'])
      expect(() => new VaultClient({ address, login })).not.toThrow();
  });

  it('renews its lease when two thirds of it are over', async () => {
    const { secrets, server, clock } = await appRoleScene();
    await secrets.resolve('a', NEVER);
    clock.advance(39_999);
    expect(server.requests.filter((line) => line.includes('renew'))).toHaveLength(0);
    clock.advance(1);
    await until(() => server.requests.some((line) => line.includes('renew-self')));
    await until(() => clock.pendingTimers === 1);
    await secrets.resolve('a', NEVER);
    expect(server.logins).toBe(1);
  });

  it('logs in again when its lease cannot be renewed', async () => {
    const { secrets, server, clock } = await appRoleScene();
    await secrets.resolve('a', NEVER);
    for (const token of server.tokens.values()) token.renewable = false;
    clock.advance(40_000);
    await until(() => server.requests.some((line) => line.includes('renew-self')));
    while (server.logins === 1) await secrets.resolve('a', NEVER);
    expect(server.logins).toBe(2);
  });

  it('logs in again when its token was revoked', async () => {
    const { secrets, server } = await appRoleScene();
    server.put('a', { value: 'value-of-a' });
    await secrets.resolve('a', NEVER);
    server.tokens.clear();
    expect((await secrets.resolve('a', NEVER))?.text()).toBe('value-of-a');
    expect(server.logins).toBe(2);
  });

  // guard: secrets/vault-live-token
  it('does not log in again where its token is good, and a path is not allowed', async () => {
    const { secrets, server } = await appRoleScene();
    await secrets.resolve('a', NEVER);
    const denied = Array.from({ length: 5 }, () => secrets.resolve('forbidden/x', NEVER).catch(() => 'no'));
    expect(await Promise.all(denied)).toEqual(['no', 'no', 'no', 'no', 'no']);
    expect(server.logins).toBe(1);
  });

  it('logs in once when a token was revoked that several use', async () => {
    const { secrets, server } = await appRoleScene();
    await secrets.resolve('a', NEVER);
    server.tokens.clear();
    await Promise.all(Array.from({ length: 10 }, () => secrets.resolve('a', NEVER)));
    expect(server.logins).toBe(2);
  });

  it('takes another token when its own was revoked', async () => {
    let token = TOKEN;
    const { secrets, server } = await scene({ kind: 'token', token: () => Promise.resolve(token) });
    server.put('a', { value: 'value-of-a' });
    await secrets.resolve('a', NEVER);
    server.tokens.clear();
    token = 'hvs.second-token';
    server.tokens.set(token, { leaseS: 0, renewable: false });
    expect((await secrets.resolve('a', NEVER))?.text()).toBe('value-of-a');
    server.tokens.clear();
    await expect(secrets.resolve('a', NEVER)).rejects.toMatchObject({ code: 'OMNI_SECRET_DENIED' });
  });

  it('says that it may not log in, without the id that it has shown', async () => {
    const server = new VaultServer();
    const address = await server.listen();
    open.push(() => server.close());
    const login: VaultLogin = {
      kind: 'approle',
      roleId: () => Promise.resolve('role-id-1'),
      secretId: () => Promise.resolve('wrong-secret-id'),
    };
    const client = new VaultClient({ address, login });
    open.push(() => client.close());
    await expect(new VaultSecrets({ client }).resolve('a', NEVER)).rejects.toMatchObject({
      code: 'OMNI_SECRET_DENIED',
      message: 'Vault does not allow Omni to log in',
    });
  });

  it('logs in once for all that ask at a time', async () => {
    const { secrets, server } = await appRoleScene();
    await Promise.all(['a', 'b', 'c'].map((name) => secrets.resolve(name, NEVER)));
    expect(server.logins).toBe(1);
  });

  it('is available when it answers and is not sealed', async () => {
    const { client, server } = await scene();
    expect(await client.isAvailable()).toBe(true);
    server.isSealed = true;
    expect(await client.isAvailable()).toBe(false);
  });
});

describe('VaultTransitKey', () => {
  it('wraps a key that opens for its context alone, and never comes here', async () => {
    const { client } = await scene();
    const key = new VaultTransitKey({ client, key: 'omni' });
    expect(key.id).toBe('vault:transit/omni');
    const context = new TextEncoder().encode('ada, github');
    const wrapped = await key.wrap(Uint8Array.of(1, 2, 3), context);
    expect([...(await key.unwrap(wrapped, context))]).toEqual([1, 2, 3]);
    await expect(key.unwrap(wrapped, new TextEncoder().encode('bob, github'))).rejects.toMatchObject({
      code: 'OMNI_SECRET_CORRUPT',
    });
  });

  it('is out of reach when Vault is', async () => {
    const { client, server } = await scene();
    server.isSealed = true;
    await expect(
      new VaultTransitKey({ client, key: 'omni' }).wrap(Uint8Array.of(1), Uint8Array.of(2)),
    ).rejects.toMatchObject({ code: 'OMNI_SECRET_UNAVAILABLE' });
  });
});

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5));
}
