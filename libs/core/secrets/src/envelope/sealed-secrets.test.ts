import { describe, expect, it } from '@jest/globals';
import { GatewayError, SecretBuffer, type SharedText } from '@omni/ports';
import { MemorySharedText } from '@omni/testing';
import { secretProviderContract } from '@omni/testing/contracts';
import { KeyRing } from './key-ring.ts';
import { SealedSecrets } from './sealed-secrets.ts';

function scene() {
  const text = new MemorySharedText('secrets.json');
  const keyText = new MemorySharedText('secrets.key');
  const open = (): SealedSecrets => new SealedSecrets({ text, keys: new KeyRing('file', keyText) });
  return { text, keyText, open, secrets: open() };
}

async function put(secrets: SealedSecrets, name: string, value = `value of ${name}`): Promise<void> {
  await secrets.store(name, SecretBuffer.of(value));
}

async function read(secrets: SealedSecrets, name: string): Promise<string | undefined> {
  return (await secrets.resolve(name))?.text();
}

describe('SealedSecrets [X002-03]', () => {
  secretProviderContract(it, () => {
    const { secrets, text } = scene();
    return {
      provider: secrets,
      names: ['github-token', 'db/password'],
      isWritable: true,
      isListed: true,
      fail: () => void (text.failure = new GatewayError('OMNI_SECRET_UNAVAILABLE', 'no disk')),
    };
  });

  it('show names and no value [S002-SB-01]', async () => {
    const { secrets, text, keyText } = scene();
    await put(secrets, 'github-token', 's3cret-value');
    expect(text.text).toContain('"github-token"');
    expect(`${text.text}${keyText.text}`).not.toMatch(/s3cret-value|czNjcmV0/);
  });

  it('lose no write of another process', async () => {
    const { open } = scene();
    const [one, two] = [open(), open()];
    const names = Array.from({ length: 20 }, (_, n) => `name-${n}`);
    await Promise.all(names.map((name, n) => put(n % 2 === 0 ? one : two, name)));
    expect(await one.list()).toEqual(names.toSorted());
    for (const name of names) expect(await read(two, name)).toBe(`value of ${name}`);
  });

  it('are damaged at each length but the whole one, and never written over', async () => {
    const { secrets, text } = scene();
    await put(secrets, 'github-token');
    const whole = text.text ?? '';
    for (let length = 0; length < whole.trimEnd().length; length++) {
      text.text = whole.slice(0, length);
      await expect(secrets.resolve('github-token')).rejects.toMatchObject({ code: 'OMNI_SECRET_CORRUPT' });
      await expect(put(secrets, 'other')).rejects.toMatchObject({ code: 'OMNI_SECRET_CORRUPT' });
      await expect(secrets.check()).rejects.toMatchObject({ code: 'OMNI_SECRET_CORRUPT' });
      expect(text.text).toBe(whole.slice(0, length));
    }
  });

  it('do not open under another name', async () => {
    const { secrets, text } = scene();
    await put(secrets, 'github-token');
    text.text = text.text?.replace('github-token', 'gitlab-token');
    await expect(secrets.resolve('gitlab-token')).rejects.toMatchObject({ code: 'OMNI_SECRET_CORRUPT' });
  });

  // guard: secrets/second-key
  it('need their key: without it they are neither read nor added to', async () => {
    const { secrets, keyText, text } = scene();
    await put(secrets, 'github-token');
    const { keyId } = (JSON.parse(text.text ?? '') as { secrets: Record<string, { keyId: string }> }).secrets[
      'github-token'
    ] ?? { keyId: '' };
    keyText.text = undefined;
    const missing = {
      code: 'OMNI_SECRET_KEY_MISSING',
      message: `secrets.json needs the key ${keyId}, which is not in secrets.key`,
    };
    await expect(secrets.check()).rejects.toMatchObject(missing);
    await expect(secrets.resolve('github-token')).rejects.toMatchObject(missing);
    await expect(put(secrets, 'other')).rejects.toMatchObject(missing);
    await expect(secrets.changeKey()).rejects.toMatchObject(missing);
    expect(keyText.text).toBeUndefined();
  });

  it('say that a key is another one', async () => {
    const { secrets, keyText } = scene();
    await put(secrets, 'github-token');
    const other = new MemorySharedText();
    await new KeyRing('file', other).make();
    keyText.text = other.text;
    await expect(secrets.resolve('github-token')).rejects.toMatchObject({ code: 'OMNI_SECRET_KEY_MISSING' });
  });

  // guard: secrets/key-text
  it('do not take half a key for none', async () => {
    const { secrets, keyText } = scene();
    await put(secrets, 'github-token');
    for (const text of [keyText.text?.slice(0, 20), '', '\n']) {
      keyText.text = text;
      await expect(put(secrets, 'other')).rejects.toMatchObject({
        code: 'OMNI_SECRET_CORRUPT',
        message: 'secrets.key holds no key',
      });
    }
  });

  it('change their key, and drop the former one when that is done', async () => {
    const { secrets, keyText } = scene();
    for (const name of ['a', 'b', 'c']) await put(secrets, name);
    const former = keyText.text;
    expect(await secrets.changeKey()).toBe(3);
    expect(keyText.text).not.toBe(former);
    expect(keyText.text?.trim().split('\n')).toHaveLength(1);
    for (const name of ['a', 'b', 'c']) expect(await read(secrets, name)).toBe(`value of ${name}`);
  });

  it('keep both keys where a change was interrupted, and go on', async () => {
    const { secrets, keyText, text } = scene();
    await put(secrets, 'a');
    const former = text.text;
    const change = text.change.bind(text);
    text.change = (make) =>
      change(async (current) => {
        await make(current);
        throw new GatewayError('OMNI_SECRET_UNAVAILABLE', 'no room');
      });
    await expect(secrets.changeKey()).rejects.toMatchObject({ message: 'no room' });
    text.change = change;
    expect(text.text).toBe(former);
    expect(keyText.text?.trim().split('\n')).toHaveLength(2);
    expect(await read(secrets, 'a')).toBe('value of a');
    await put(secrets, 'b');
    expect(await secrets.changeKey()).toBe(2);
    expect(keyText.text?.trim().split('\n')).toHaveLength(1);
    expect([await read(secrets, 'a'), await read(secrets, 'b')]).toEqual(['value of a', 'value of b']);
  });

  it('keep the key of another process that changes it, also where keys have no lock of their own', async () => {
    const { text } = scene();
    let keys: string | undefined;
    // As in a keychain: read, then written, whoever writes meanwhile.
    const keyText = (): SharedText => ({
      place: 'keychain',
      read: () => Promise.resolve(keys),
      async change(change) {
        const next = await change(keys);
        await new Promise((resolve) => setImmediate(resolve));
        keys = next;
      },
      subscribe: () => () => {},
    });
    const open = (): SealedSecrets => new SealedSecrets({ text, keys: new KeyRing('keychain', keyText()) });
    await put(open(), 'a');
    for (let round = 0; round < 20; round++)
      await Promise.all([open().changeKey(), open().changeKey(), open().changeKey()]);
    expect(await read(open(), 'a')).toBe('value of a');
    expect(keys?.trim().split('\n')).toHaveLength(1);
  });

  it('are whole for who checks them while the key is changed', async () => {
    const { secrets, open, text } = scene();
    await put(secrets, 'a');
    const other = open();
    const readText = text.read.bind(text);
    let isFirst = true;
    text.read = async () => {
      const before = await readText();
      if (!isFirst) return before;
      isFirst = false;
      await other.changeKey();
      return before;
    };
    await secrets.check();
    await expect(secrets.check()).resolves.toBeUndefined();
  });

  it('are read and written while two processes change the key', async () => {
    const { open, keyText } = scene();
    const [one, two, three] = [open(), open(), open()];
    await put(one, 'a');
    await Promise.all([
      one.changeKey(),
      two.changeKey(),
      put(three, 'b'),
      put(three, 'c'),
      read(three, 'a').then((value) => expect(value).toBe('value of a')),
    ]);
    expect(await Promise.all(['a', 'b', 'c'].map((name) => read(open(), name)))).toEqual([
      'value of a',
      'value of b',
      'value of c',
    ]);
    expect(keyText.text?.trim().split('\n')).toHaveLength(1);
  });
});
