import { describe, expect, it } from '@jest/globals';
import { secretProviderContract } from '@omni/testing/contracts';
import { Keychain } from './keychain.ts';
import { KeychainSecrets } from './keychain-secrets.ts';

/**
 * The keychain of whoever runs the tests is left alone: a Secret Service of its own is named by
 * `OMNI_TEST_KEYCHAIN=1`, as in `dbus-run-session -- sh -c 'echo | gnome-keyring-daemon --unlock
 * --components=secrets && OMNI_TEST_KEYCHAIN=1 npm test -- …'`.
 */
const define = process.env['OMNI_TEST_KEYCHAIN'] === '1' ? describe : describe.skip;

define('KeychainSecrets over the Secret Service [X002-03]', () => {
  secretProviderContract(it, async () => {
    const provider = new KeychainSecrets(new Keychain());
    for (const name of await provider.list()) await provider.delete(name);
    return { provider, names: ['db/password', 'github-token'], isWritable: true, isListed: true };
  });
});

describe('Keychain', () => {
  it('says why there is none, or has one', async () => {
    const lack = await new Keychain().lack();
    if (lack !== undefined) expect(lack).toMatch(/^The keychain of this user cannot be used: \S/);
  });
});
