import { describe, expect, it } from '@jest/globals';
import { SecretBuffer } from '@omni/ports';
import { secretProviderContract } from '@omni/testing/contracts';
import { Keychain, type KeyringModule } from './keychain.ts';
import { KeychainSecrets, KeychainText } from './keychain-secrets.ts';

const NEVER = new AbortController().signal;

/** A keychain in memory, with what is used of the package. */
class FakeKeyring {
  readonly values = new Map<string, string>();
  isLocked = false;

  get module(): KeyringModule {
    const check = (): void => {
      if (this.isLocked) throw new Error('Platform secure storage failure: locked\nstack of the library');
    };
    const { values } = this;
    return {
      AsyncEntry: class {
        readonly #key: string;
        constructor(service: string, account: string) {
          this.#key = `${service}\n${account}`;
        }
        async getPassword(): Promise<string | null> {
          await Promise.resolve();
          check();
          return values.get(this.#key) ?? null;
        }
        async setPassword(value: string): Promise<void> {
          await Promise.resolve();
          check();
          values.set(this.#key, value);
        }
        async deletePassword(): Promise<boolean> {
          await Promise.resolve();
          check();
          return values.delete(this.#key);
        }
      },
      async findCredentialsAsync(service: string) {
        await Promise.resolve();
        check();
        return [...values.keys()]
          .filter((key) => key.startsWith(`${service}\n`))
          .map((key) => ({ account: key.slice(service.length + 1) }));
      },
    };
  }
}

function scene() {
  const keyring = new FakeKeyring();
  const keychain = new Keychain(() => Promise.resolve(keyring.module));
  return { keyring, keychain, secrets: new KeychainSecrets(keychain) };
}

describe('KeychainSecrets [X002-03]', () => {
  secretProviderContract(it, () => {
    const { keyring, secrets } = scene();
    return {
      provider: secrets,
      names: ['db/password', 'github-token'],
      isWritable: true,
      isListed: true,
      fail: () => void (keyring.isLocked = true),
    };
  });

  it('finds what another program keeps', async () => {
    const { keyring, secrets } = scene();
    keyring.values.set('gh:github.com\nada', 'value-of-gh');
    expect((await secrets.resolve('gh:github.com/ada', NEVER))?.text()).toBe('value-of-gh');
    expect(await secrets.list()).toEqual([]);
  });

  // guard: secrets/keychain-own, secrets/keychain-second-name
  it('neither shows nor changes the keys of Omni, and has one name for each secret', async () => {
    const { keyring, secrets } = scene();
    keyring.values.set('omni\nomni-sealing-keys', 'the-key');
    keyring.values.set('omni\ngithub', 'value-of-github');
    const value = SecretBuffer.of('another-key');
    for (const name of ['omni-sealing-keys', 'omni/omni-sealing-keys', 'OMNI-sealing-keys', 'omni/github'])
      expect(await secrets.resolve(name, NEVER)).toBeUndefined();
    await expect(secrets.store('omni-sealing-keys', value)).rejects.toMatchObject({
      code: 'OMNI_SECRET_DENIED',
    });
    expect(await secrets.delete('omni-sealing-keys')).toBe(false);
    expect(keyring.values.get('omni\nomni-sealing-keys')).toBe('the-key');
    expect((await secrets.resolve('github', NEVER))?.text()).toBe('value-of-github');
  });

  it('says in one line why it cannot be used, and what to do', async () => {
    const { keyring, keychain, secrets } = scene();
    keyring.isLocked = true;
    expect(await keychain.lack()).toBe(
      'The keychain of this user cannot be used: Platform secure storage failure: locked',
    );
    await expect(secrets.resolve('x', NEVER)).rejects.toMatchObject({
      hint: expect.stringContaining('secrets.chain'),
    });
  });

  it('is not there where its package is missing', async () => {
    const missing = Object.assign(new Error('Cannot find package'), { code: 'ERR_MODULE_NOT_FOUND' });
    const secrets = new KeychainSecrets(new Keychain(() => Promise.reject(missing)));
    expect(await secrets.isAvailable()).toBe(false);
    await expect(secrets.list()).rejects.toMatchObject({
      code: 'OMNI_SECRET_UNAVAILABLE',
      message: expect.stringContaining('@napi-rs/keyring is not installed'),
    });
  });
});

describe('KeychainText', () => {
  it('keeps a text that is no secret of users', async () => {
    const { keychain, secrets } = scene();
    const text = new KeychainText('omni-sealing-keys', keychain);
    expect(await text.read()).toBeUndefined();
    await text.change((before = 'none') => `${before}, one`);
    await text.change((before = 'none') => `${before}, two`);
    expect(await text.read()).toBe('none, one, two');
    expect(await secrets.list()).toEqual([]);
  });
});
