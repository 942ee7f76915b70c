import { describe, expect, it } from '@jest/globals';
import { type CredentialOwner, GatewayError, SecretBuffer } from '@omni/ports';
import { MemorySealedStore } from '@omni/testing';
import { LocalKeyWrapper } from './envelope.ts';
import { StoredCredentials } from './stored-credentials.ts';

const ADA: CredentialOwner = { principal: 'ada', server: 'github', audience: '' };
const BOB: CredentialOwner = { ...ADA, principal: 'bob' };

function key(fill: number): Promise<LocalKeyWrapper> {
  return LocalKeyWrapper.of('file', new SecretBuffer(new Uint8Array(32).fill(fill)));
}

async function text(credentials: StoredCredentials, owner: CredentialOwner): Promise<string | undefined> {
  return (await credentials.read(owner))?.text();
}

describe('StoredCredentials', () => {
  it('keep a credential for its owner', async () => {
    const store = new MemorySealedStore();
    const credentials = await StoredCredentials.open({ store, keys: [await key(1)] });
    expect(await text(credentials, ADA)).toBeUndefined();
    await credentials.write(ADA, SecretBuffer.of('token-of-ada'));
    expect(await text(credentials, ADA)).toBe('token-of-ada');
    expect(await text(credentials, BOB)).toBeUndefined();
    expect(JSON.stringify([...store.rows])).not.toContain('token-of-ada');
    expect(await credentials.remove(ADA)).toBe(true);
    expect(await text(credentials, ADA)).toBeUndefined();
  });

  // guard: secrets/sealed-place
  it('never open a row that was moved to another user', async () => {
    const store = new MemorySealedStore();
    const credentials = await StoredCredentials.open({ store, keys: [await key(1)] });
    await credentials.write(ADA, SecretBuffer.of('token-of-ada'));
    const row = await store.read(ADA);
    if (row === undefined) throw new TypeError('no row');
    await store.write({ ...row, owner: BOB });
    await expect(credentials.read(BOB)).rejects.toMatchObject({ code: 'OMNI_SECRET_CORRUPT' });
  });

  it('say what is damaged, without a value', async () => {
    const store = new MemorySealedStore();
    const keys = [await key(1)] as const;
    const credentials = await StoredCredentials.open({ store, keys });
    await store.write({ owner: ADA, keyId: keys[0].id, sealed: '{"v":1,"keyId"' });
    await expect(credentials.read(ADA)).rejects.toMatchObject({ code: 'OMNI_SECRET_CORRUPT' });
  });

  // guard: secrets/missing-key
  it('do not open without a key that rows need, and name it', async () => {
    const store = new MemorySealedStore();
    const [one, two] = [await key(1), await key(2)];
    await (await StoredCredentials.open({ store, keys: [one] })).write(ADA, SecretBuffer.of('token-of-ada'));
    await expect(StoredCredentials.open({ store, keys: [two] })).rejects.toMatchObject({
      code: 'OMNI_SECRET_KEY_MISSING',
      message: `Stored credentials need the key ${one.id}`,
    });
  });

  it('change their key while they are read and written, and go on where they stopped', async () => {
    const store = new MemorySealedStore();
    const [one, two] = [await key(1), await key(2)];
    const before = await StoredCredentials.open({ store, keys: [one] });
    const owners = Array.from({ length: 250 }, (_, n): CredentialOwner => ({
      ...ADA,
      principal: `user-${n}`,
    }));
    for (const owner of owners) await before.write(owner, SecretBuffer.of(`token of ${owner.principal}`));

    const after = await StoredCredentials.open({ store, keys: [two, one] });
    const write = store.write.bind(store);
    let written = 0;
    store.write = async (row, expected) => {
      if (++written === 120) throw new GatewayError('OMNI_STORE_FULL', 'no room');
      return write(row, expected);
    };
    await expect(after.changeKey()).rejects.toMatchObject({ code: 'OMNI_STORE_FULL' });
    for (const owner of owners.slice(0, 3))
      expect(await text(after, owner)).toBe(`token of ${owner.principal}`);
    expect(await text(after, { ...ADA, principal: 'user-249' })).toBe('token of user-249');
    expect(await after.changeKey()).toBe(131);
    expect(await store.keyIds()).toEqual([two.id]);
    const alone = await StoredCredentials.open({ store, keys: [two] });
    for (const owner of owners) expect(await text(alone, owner)).toBe(`token of ${owner.principal}`);
  });

  // guard: secrets/online-change
  it('do not undo what is written during a change of keys', async () => {
    const store = new MemorySealedStore();
    const [one, two] = [await key(1), await key(2)];
    await (await StoredCredentials.open({ store, keys: [one] })).write(ADA, SecretBuffer.of('first'));
    const credentials = await StoredCredentials.open({ store, keys: [two, one] });
    const rows = store.withOtherKey.bind(store);
    let isFirst = true;
    store.withOtherKey = async (...given) => {
      const found = await rows(...given);
      if (isFirst) await credentials.write(ADA, SecretBuffer.of('second'));
      isFirst = false;
      return found;
    };
    expect(await credentials.changeKey()).toBe(0);
    expect(await text(credentials, ADA)).toBe('second');
  });
});
