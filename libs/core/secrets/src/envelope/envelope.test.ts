import { describe, expect, it } from '@jest/globals';
import { SecretBuffer } from '@omni/ports';
import { LocalKeyWrapper, rewrap, seal, type SealedSecret, sealedSecretOf, unseal } from './envelope.ts';

const PLACE = ['ada', 'github', 'https://api.github.com'];

function key(fill: number): Promise<LocalKeyWrapper> {
  return LocalKeyWrapper.of('file', new SecretBuffer(new Uint8Array(32).fill(fill)));
}

describe('seal', () => {
  it('makes something that opens with the key and for the place alone [S002-SB-01]', async () => {
    const [one, two] = [await key(1), await key(2)];
    const sealed = await seal(SecretBuffer.of('s3cret-value'), PLACE, one);
    expect(sealed.keyId).toBe(one.id);
    expect(JSON.stringify(sealed)).not.toContain('s3cret');
    expect((await unseal(sealed, PLACE, [two, one])).text()).toBe('s3cret-value');
    await expect(unseal(sealed, PLACE, [two])).rejects.toMatchObject({
      code: 'OMNI_SECRET_KEY_MISSING',
      message: `The key ${one.id} is not there`,
    });
    const pretended = { ...sealed, keyId: two.id };
    await expect(unseal(pretended, PLACE, [two])).rejects.toMatchObject({ code: 'OMNI_SECRET_CORRUPT' });
  });

  // guard: secrets/sealed-place
  it.each([
    ['another user', ['bob', 'github', 'https://api.github.com']],
    ['another server', ['ada', 'gitlab', 'https://api.github.com']],
    ['another audience', ['ada', 'github', 'https://api.github.co']],
    ['texts that are joined in another way', ['adagithub', '', 'https://api.github.com']],
    ['a shorter list', ['ada', 'github']],
  ])('makes something that does not open for %s', async (_what, place) => {
    const one = await key(1);
    const sealed = await seal(SecretBuffer.of('s3cret-value'), PLACE, one);
    await expect(unseal(sealed, place, [one])).rejects.toMatchObject({ code: 'OMNI_SECRET_CORRUPT' });
  });

  it('makes something that does not open when one bit of it has changed', async () => {
    const one = await key(1);
    const sealed = await seal(SecretBuffer.of('s'), PLACE, one);
    for (const member of ['key', 'data'] as const) {
      const bytes = Buffer.from(sealed[member], 'base64');
      for (let bit = 0; bit < bytes.length * 8; bit += 5) {
        const changed = Buffer.from(bytes);
        changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        const other = { ...sealed, [member]: changed.toString('base64') };
        await expect(unseal(other, PLACE, [one])).rejects.toMatchObject({ code: 'OMNI_SECRET_CORRUPT' });
      }
      await expect(unseal({ ...sealed, [member]: '' }, PLACE, [one])).rejects.toMatchObject({
        code: 'OMNI_SECRET_CORRUPT',
      });
      await expect(unseal({ ...sealed, [member]: '*' }, PLACE, [one])).rejects.toMatchObject({
        code: 'OMNI_SECRET_CORRUPT',
      });
    }
  });

  it('has a key of its own for each secret', async () => {
    const one = await key(1);
    const sealed = await Promise.all([1, 2].map(() => seal(SecretBuffer.of('same'), PLACE, one)));
    const [first, second] = sealed as [SealedSecret, SealedSecret];
    expect(first.data).not.toBe(second.data);
    await expect(unseal({ ...first, key: second.key }, PLACE, [one])).rejects.toMatchObject({
      code: 'OMNI_SECRET_CORRUPT',
    });
  });
});

describe('rewrap', () => {
  it('changes the key, and leaves the sealed value [S002-SB-01]', async () => {
    const [one, two] = [await key(1), await key(2)];
    const sealed = await seal(SecretBuffer.of('s3cret-value'), PLACE, one);
    const changed = await rewrap(sealed, PLACE, { to: two, from: [one] });
    expect(changed).toMatchObject({ keyId: two.id, data: sealed.data });
    expect((await unseal(changed, PLACE, [two])).text()).toBe('s3cret-value');
  });

  // guard: secrets/rewrap-opens
  it('does not carry over what does not open', async () => {
    const [one, two] = [await key(1), await key(2)];
    const sealed = await seal(SecretBuffer.of('s3cret-value'), PLACE, one);
    const other = await seal(SecretBuffer.of('other'), PLACE, one);
    await expect(
      rewrap({ ...sealed, data: other.data }, PLACE, { to: two, from: [one] }),
    ).rejects.toMatchObject({ code: 'OMNI_SECRET_CORRUPT' });
  });
});

describe('LocalKeyWrapper', () => {
  it('is named by its origin and a fingerprint, and takes 32 bytes', async () => {
    const [one, same, two] = [await key(1), await key(1), await key(2)];
    expect(one.id).toMatch(/^file:[0-9a-f]{12}$/);
    expect(same.id).toBe(one.id);
    expect(two.id).not.toBe(one.id);
    await expect(LocalKeyWrapper.of('file', new SecretBuffer(new Uint8Array(31)))).rejects.toMatchObject({
      code: 'OMNI_SECRET_CORRUPT',
    });
  });
});

describe('sealedSecretOf', () => {
  it.each([null, 1, {}, { v: 2 }, { v: 1, keyId: 'a', key: 'b' }])('refuses %j', (value) => {
    expect(() => sealedSecretOf(value, 'github')).toThrow('github is no sealed secret');
  });
});
