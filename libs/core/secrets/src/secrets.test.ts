import { describe, expect, it } from '@jest/globals';
import { type AuditRecord, GatewayError, SecretBuffer, type SecretReference } from '@omni/ports';
import { ScriptedSecrets, VirtualClock } from '@omni/testing';
import { MetricRegistry } from './metric-registry.fixture.ts';
import type { SecretUser } from './access/secret-rules.ts';
import { Secrets, type SecretsOptions } from './secrets.ts';

const TOKEN: SecretReference = { scheme: 'SECRET', name: 'token' };
const DB: SecretReference = { scheme: 'VAULT', name: 'db/password', field: 'user' };
const OWNER: SecretUser = { id: 'owner' };
const DOWN = new GatewayError('OMNI_SECRET_UNAVAILABLE', 'vault is sealed');

function scene(options: Partial<SecretsOptions> = {}) {
  const clock = new VirtualClock();
  const file = new ScriptedSecrets('file', { token: 'value-of-token' });
  const vault = new ScriptedSecrets('vault', { 'db/password#user': 'value-of-vault' });
  const environment = new ScriptedSecrets('environment', {
    token: 'value-of-environment',
    'db/password#user': 'user-of-environment',
  });
  const records: AuditRecord[] = [];
  const metrics = new MetricRegistry();
  const secrets = new Secrets({
    chain: [file],
    fallback: [environment],
    schemes: { VAULT: vault },
    clock,
    metrics,
    audit: { record: (record) => void records.push(record) },
    ...options,
  });
  const read = async (reference = TOKEN, user = OWNER): Promise<string> => {
    const secret = await secrets.resolve(reference, user);
    const text = secret.text();
    secret.dispose();
    return text;
  };
  const types = (): readonly string[] => records.map(({ type }) => type);
  return { clock, file, vault, environment, records, metrics, secrets, read, types };
}

describe('Secrets', () => {
  it('asks the provider that a reference names, by path and field [S002-SE-01]', async () => {
    const { read, file, vault } = scene();
    expect(await read()).toBe('value-of-token');
    expect(await read(DB)).toBe('value-of-vault');
    expect([file.asked, vault.asked]).toEqual([['token'], ['db/password#user']]);
  });

  it('asks the next of the chain where the first has no such secret', async () => {
    const second = new ScriptedSecrets('keychain', { other: 'value-of-keychain' });
    const first = new ScriptedSecrets('file');
    const { read } = scene({ chain: [first, second] });
    expect(await read({ scheme: 'SECRET', name: 'other' })).toBe('value-of-keychain');
    expect(first.asked).toEqual(['other']);
  });

  it('says that there is none, and that nobody provides it', async () => {
    const { read } = scene();
    await expect(read({ scheme: 'SECRET', name: 'nothing' })).rejects.toMatchObject({
      code: 'OMNI_SECRET_UNKNOWN',
      message: 'There is no value for the secret "nothing"',
    });
    await expect(read({ scheme: 'KEYCHAIN', name: 'nothing' })).rejects.toMatchObject({
      code: 'OMNI_SECRET_UNAVAILABLE',
    });
  });

  describe('the cache', () => {
    it('asks once in 300 seconds, then again [S002-SE-04] [S002-SB-04]', async () => {
      const { read, clock, file } = scene();
      await read();
      file.put('token', 'newer-value');
      await clock.advanceAsync(299_999);
      expect(await read()).toBe('value-of-token');
      await clock.advanceAsync(1);
      expect(await read()).toBe('newer-value');
      expect(file.asked).toHaveLength(2);
    });

    // guard: secrets/single-flight
    it('asks once for all that ask at a time', async () => {
      const { read, file } = scene();
      expect(await Promise.all([read(), read(), read()])).toEqual(Array(3).fill('value-of-token'));
      expect(file.asked).toHaveLength(1);
    });

    // guard: secrets/zeroed-on-eviction
    it('zeroes what has expired, and leaves no timer [S002-SB-03] [S002-SB-04]', async () => {
      const given: SecretBuffer[] = [];
      const { read, clock, file } = scene();
      const resolve = file.resolve.bind(file);
      file.resolve = async (name, signal) => {
        const secret = await resolve(name, signal);
        if (secret !== undefined) given.push(secret);
        return secret;
      };
      await read();
      const bytes = given[0]?.bytes;
      expect(given[0]?.isDisposed).toBe(false);
      await clock.advanceAsync(300_000);
      expect(given[0]?.isDisposed).toBe(true);
      expect([...(bytes ?? [1])].every((byte) => byte === 0)).toBe(true);
      expect(clock.pendingTimers).toBe(0);
    });

    it('zeroes everything when it is disposed', async () => {
      const { secrets, clock, file, read } = scene();
      await read();
      secrets.watch(DB, OWNER, () => {});
      await clock.advanceAsync(0);
      secrets.dispose();
      expect(clock.pendingTimers).toBe(0);
      expect(file.listeners).toBe(0);
    });

    it('does not ask a provider that has just failed again for each who asks', async () => {
      const { read, vault, clock } = scene({ fallback: [] });
      vault.failure = DOWN;
      await expect(read(DB)).rejects.toBe(DOWN);
      await expect(read(DB)).rejects.toBe(DOWN);
      expect(vault.asked).toHaveLength(1);
      vault.failure = undefined;
      await clock.advanceAsync(1_000);
      expect(await read(DB)).toBe('value-of-vault');
    });
  });

  describe('a provider that cannot be asked', () => {
    it('is stood in for by the environment, told as a fallback, and asked again soon [S002-SE-03]', async () => {
      const { read, vault, clock, types, records } = scene();
      vault.failure = DOWN;
      expect(await read(DB)).toBe('user-of-environment');
      expect(types()).toEqual(['secret.fallback']);
      expect(records[0]?.details).toEqual({ provider: 'environment', insteadOf: 'vault is sealed' });
      vault.failure = undefined;
      await clock.advanceAsync(30_000);
      expect(await read(DB)).toBe('value-of-vault');
    });

    it('is not stood in for where that is not allowed', async () => {
      const { read, vault, environment } = scene({ fallback: [] });
      vault.failure = DOWN;
      await expect(read(DB)).rejects.toBe(DOWN);
      expect(environment.asked).toEqual([]);
    });

    it('is not passed over for the next of the chain', async () => {
      const first = new ScriptedSecrets('keychain');
      first.failure = DOWN;
      const second = new ScriptedSecrets('file', { token: 'an-older-value' });
      const { read } = scene({ chain: [first, second], fallback: [] });
      await expect(read()).rejects.toBe(DOWN);
      expect(second.asked).toEqual([]);
    });

    // guard: secrets/fallback-of-refused
    it('is not stood in for when it has refused', async () => {
      const { read, vault } = scene();
      vault.failure = new GatewayError('OMNI_SECRET_DENIED', 'permission denied');
      await expect(read(DB)).rejects.toBe(vault.failure);
    });

    it('is waited for 5 seconds, and what it says later is zeroed', async () => {
      const { read, vault, clock, environment } = scene();
      const late = SecretBuffer.of('late-value');
      const signals: AbortSignal[] = [];
      let answer = (_secret: SecretBuffer): void => {};
      vault.resolve = (_name, signal) => {
        signals.push(signal);
        return new Promise((resolve) => (answer = resolve));
      };
      const asked = read(DB);
      await clock.advanceAsync(4_999);
      expect(environment.asked).toEqual([]);
      await clock.advanceAsync(1);
      expect(await asked).toBe('user-of-environment');
      expect(signals[0]?.aborted).toBe(true);
      answer(late);
      await clock.advanceAsync(0);
      expect(late.isDisposed).toBe(true);
    });

    it('says no word of a failure that nobody foresaw', async () => {
      const { read, file } = scene({ fallback: [] });
      file.resolve = () => Promise.reject(new Error('value-of-token is bad'));
      const error: unknown = await read().catch((reason: unknown) => reason);
      expect(error).toMatchObject({
        code: 'OMNI_SECRET_UNAVAILABLE',
        message: 'The provider of secrets "file" has failed',
      });
    });
  });

  describe('the audit', () => {
    it('has every question by itself, and hits counted by secret, consumer and minute [S002-SE-02] [S002-SE-05]', async () => {
      const { read, clock, records } = scene();
      await read();
      for (let n = 0; n < 3; n++) await read(TOKEN, { id: 'server:a' });
      await read(TOKEN, { id: 'server:b' });
      expect(records).toEqual([
        {
          type: 'secret.resolved',
          at: clock.now(),
          actor: 'owner',
          subject: 'SECRET:token',
          outcome: 'success',
          details: { provider: 'file' },
        },
      ]);
      await clock.advanceAsync(60_000);
      const hit = { type: 'secret.cache_hit', at: clock.now(), subject: 'SECRET:token', outcome: 'success' };
      expect(records.slice(1)).toEqual([
        { ...hit, actor: 'server:a', count: 3 },
        { ...hit, actor: 'server:b', count: 1 },
      ]);
      await read(TOKEN, { id: 'server:a' });
      await clock.advanceAsync(60_000);
      expect(records.slice(3)).toEqual([{ ...hit, at: clock.now(), actor: 'server:a', count: 1 }]);
    });

    it('has no value, whatever happens [S002-SE-05]', async () => {
      const { read, vault, records, secrets, clock } = scene();
      await read();
      await read();
      vault.failure = DOWN;
      await read(DB);
      await read({ scheme: 'SECRET', name: 'nothing' }).catch(() => {});
      const value = SecretBuffer.of('value-that-is-stored');
      await secrets.store('stored', value, OWNER);
      await secrets.delete('stored', OWNER);
      await clock.advanceAsync(60_000);
      expect(new Set(records.map(({ type }) => type))).toEqual(
        new Set([
          'secret.resolved',
          'secret.fallback',
          'secret.failed',
          'secret.stored',
          'secret.deleted',
          'secret.cache_hit',
        ]),
      );
      expect(JSON.stringify(records)).not.toMatch(/value-|user-of/);
    });
  });

  it('measures duration, failures and fallbacks of providers [S002-SE-06]', async () => {
    const { read, vault, metrics, clock } = scene();
    vault.delay = () => new Promise((resolve) => void clock.after(250, resolve));
    vault.failure = DOWN;
    const asked = read(DB);
    await clock.advanceAsync(250);
    await asked;
    expect(metrics.values()).toEqual({
      'omni.secret.duration vault': [0.25],
      'omni.secret.duration environment': [0],
      'omni.secret.failures vault OMNI_SECRET_UNAVAILABLE': 1,
      'omni.secret.fallbacks environment': 1,
    });
  });

  describe('rules', () => {
    const rules = { token: { servers: ['github'], hosts: ['api.github.com', '*.example.com'] } };

    // guard: secrets/rule-servers
    it('keep a secret from other servers, and from settings', async () => {
      const { read, types, file, records } = scene({ rules: { token: { servers: ['github'] } } });
      await expect(read(TOKEN, { id: 'setting:auth.token' })).rejects.toMatchObject({
        code: 'OMNI_SECRET_DENIED',
        message: 'Not allowed by secrets.rules: the secret "token" for setting:auth.token',
      });
      expect(records[0]?.details).toEqual({ reason: 'secrets.rules allows token for github only' });
      const other = { id: 'server:x', server: 'x' };
      await expect(read(TOKEN, other)).rejects.toMatchObject({ code: 'OMNI_SECRET_DENIED' });
      expect(types()).toEqual(['secret.refused', 'secret.refused']);
      expect(file.asked).toEqual([]);
      expect(await read(TOKEN, { ...other, server: 'github' })).toBe('value-of-token');
    });

    // guard: secrets/rule-names, secrets/rule-schemes
    it.each<SecretReference>([
      { scheme: 'SECRET', name: 'db/password' },
      { scheme: 'SECRET', name: 'db-password' },
      { scheme: 'VAULT', name: 'DB/PASSWORD' },
      { scheme: 'VAULT', name: 'db/password', field: 'user' },
    ])('have no way around them by another spelling: %j', (reference) => {
      for (const name of [
        'db/password',
        'VAULT:db/password',
        'VAULT:db/password#user',
        'SECRET:db/password',
      ]) {
        const vault = new ScriptedSecrets('vault');
        const { secrets } = scene({
          rules: { [name]: { servers: ['db'] } },
          chain: [vault],
          schemes: { VAULT: vault },
        });
        expect(secrets.refusalOf(reference, { id: 'server:else', server: 'else' })).toContain('for db only');
        expect(secrets.refusalOf(reference, { id: 'server:db', server: 'db' })).toBeUndefined();
      }
      const { secrets } = scene({ rules: { 'KEYCHAIN:db/password': { servers: [] }, db: { servers: [] } } });
      const user = { id: 'server:else', server: 'else' };
      expect(secrets.refusalOf({ scheme: 'VAULT', name: 'db/password' }, user)).toBeUndefined();
    });

    // guard: secrets/rule-hosts
    it('keep a secret from other hosts, and from processes', () => {
      const { secrets } = scene({ rules });
      const at = (host?: string): string | undefined =>
        secrets.refusalOf(TOKEN, { id: 's', server: 'github', ...(host !== undefined && { host }) });
      expect(at('api.github.com')).toBeUndefined();
      expect(at('API.example.com')).toBeUndefined();
      expect(at('api.github.com.evil.test')).toMatch(/to be sent to/);
      expect(at('example.com')).toMatch(/to be sent to/);
      expect(at('evilexample.com')).toMatch(/to be sent to/);
      expect(at()).toMatch(/to be sent to/);
    });

    it('hold for a name whichever provider is asked, and for all fields of a record', () => {
      const { secrets } = scene({
        rules: { token: { servers: [] }, 'VAULT:db/password': { servers: ['db'] } },
      });
      expect(secrets.refusalOf({ scheme: 'KEYCHAIN', name: 'token' }, OWNER)).toMatch(/nobody/);
      expect(secrets.refusalOf(DB, OWNER)).toMatch(/db only/);
      expect(secrets.refusalOf({ scheme: 'SECRET', name: 'db/password' }, OWNER)).toBeUndefined();
    });
  });

  describe('what is watched', () => {
    it('is read again when it is old, and told when it is another one', async () => {
      const { secrets, clock, file } = scene();
      const told: unknown[] = [];
      const watched = secrets.watch(TOKEN, OWNER, () => told.push(watched.text));
      await watched.ready;
      expect(watched.text).toBe('value-of-token');
      await clock.advanceAsync(300_000);
      file.put('token', 'newer-value');
      await clock.advanceAsync(300_000);
      expect(file.asked).toHaveLength(3);
      expect(told).toEqual(['value-of-token', 'newer-value']);
      watched.close();
      await clock.advanceAsync(300_000);
      expect(clock.pendingTimers).toBe(0);
    });

    it('is read at once when its provider tells of a change, and nothing else is', async () => {
      const { secrets, clock, file, vault } = scene();
      const token = secrets.watch(TOKEN, OWNER, () => {});
      const db = secrets.watch(DB, OWNER, () => {});
      await Promise.all([token.ready, db.ready]);
      file.put('token', 'newer-value');
      file.tell();
      await clock.advanceAsync(0);
      expect(token.text).toBe('newer-value');
      expect(vault.asked).toHaveLength(1);
    });

    it('is read once more when a change is told while it is being read', async () => {
      const { secrets, clock, file } = scene();
      const watched = secrets.watch(TOKEN, OWNER, () => {});
      file.delay = () => new Promise((resolve) => void clock.after(10, resolve));
      file.resolve = ((resolve) => async (name: string, signal: AbortSignal) => {
        // What it says is as old as the question.
        const answer = await resolve(name, signal);
        return answer;
      })(file.resolve.bind(file));
      await clock.advanceAsync(0);
      file.put('token', 'newer-value');
      file.tell();
      await clock.advanceAsync(20);
      expect(watched.text).toBe('newer-value');
    });

    // guard: secrets/in-use-in-an-outage
    it('stays in force in an outage, whoever stands in for its provider', async () => {
      const { secrets, clock, file, types, read } = scene();
      const changes: (string | undefined)[] = [];
      const watched = secrets.watch(TOKEN, OWNER, () => changes.push(watched.text));
      await watched.ready;
      changes.length = 0;
      file.failure = DOWN;
      await clock.advanceAsync(600_000);
      expect([watched.text, changes]).toEqual(['value-of-token', []]);
      expect(types()).not.toContain('secret.fallback');
      expect(secrets.getStatus()).toMatchObject({ level: 'warn' });
      await clock.advanceAsync(86_400_000);
      expect(watched.text).toBe('value-of-environment');
      file.failure = undefined;
      await clock.advanceAsync(60_000);
      expect([watched.text, await read()]).toEqual(['value-of-token', 'value-of-token']);
    });

    // guard: secrets/max-stale
    it('stays in force while it cannot be read, for a day at most', async () => {
      const { secrets, clock, file } = scene({ fallback: [] });
      const watched = secrets.watch(TOKEN, OWNER, () => {});
      await watched.ready;
      file.failure = DOWN;
      await clock.advanceAsync(3_600_000);
      expect(watched.text).toBe('value-of-token');
      expect(watched.failure).toBe(DOWN);
      expect(secrets.getStatus()).toMatchObject({ level: 'warn', details: { failed: 1 } });
      await clock.advanceAsync(86_400_000);
      expect(watched.text).toBeUndefined();
      file.failure = undefined;
      await clock.advanceAsync(60_000);
      expect(watched.text).toBe('value-of-token');
      expect(secrets.getStatus()).toMatchObject({ level: 'ok' });
    });

    // guard: secrets/short-warning
    it('is warned of once where it is too short to be masked, without the value', async () => {
      const warnings: unknown[] = [];
      const { secrets, file } = scene({ logger: { warn: (...line) => void warnings.push(line) } });
      file.put('token', 'xk7');
      const watched = secrets.watch(TOKEN, { id: 'server:up' }, () => {});
      await watched.ready;
      expect([watched.text, watched.text]).toEqual(['xk7', 'xk7']);
      expect(warnings).toEqual([
        [
          { secret: 'SECRET:token', user: 'server:up' },
          'a secret has fewer than 8 characters: it is not masked in what servers print',
        ],
      ]);
    });

    it('is gone when its provider says that it is', async () => {
      const { secrets, clock, file } = scene();
      const watched = secrets.watch(TOKEN, OWNER, () => {});
      await watched.ready;
      file.put('token', undefined);
      file.tell();
      await clock.advanceAsync(0);
      expect(watched.text).toBeUndefined();
    });

    it('is no text where it is none', async () => {
      const { secrets, file } = scene();
      file.resolve = () => Promise.resolve(new SecretBuffer(Uint8Array.of(0xff, 0xfe)));
      const watched = secrets.watch(TOKEN, OWNER, () => {});
      await watched.ready;
      expect(watched.text).toBeUndefined();
      expect(watched.failure).toMatchObject({ code: 'OMNI_SECRET_CORRUPT' });
    });
  });

  it('keeps a value in the first provider that takes one, and tells who uses it', async () => {
    const mounted = new ScriptedSecrets('mounted');
    const readOnly = new GatewayError('OMNI_SECRET_READ_ONLY', 'no');
    mounted.store = () => Promise.reject(readOnly);
    mounted.delete = () => Promise.reject(readOnly);
    const file = new ScriptedSecrets('file');
    const { secrets, clock } = scene({ chain: [mounted, file] });
    const watched = secrets.watch(TOKEN, OWNER, () => {});
    await watched.ready;
    expect(watched.text).toBeUndefined();
    expect(await secrets.store('token', SecretBuffer.of('value-set-now'), OWNER)).toBe('file');
    expect(watched.text).toBe('value-set-now');
    expect(await secrets.delete('token', OWNER)).toEqual(['file']);
    await clock.advanceAsync(0);
    expect(watched.text).toBeUndefined();
    await expect(
      scene({ chain: [mounted] }).secrets.store('a', SecretBuffer.of('b'), OWNER),
    ).rejects.toMatchObject({
      code: 'OMNI_SECRET_READ_ONLY',
    });
  });
});
