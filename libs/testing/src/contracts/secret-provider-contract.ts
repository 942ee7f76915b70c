import assert from 'node:assert/strict';
import { GatewayError, SecretBuffer, type SecretProvider } from '@omni/ports';
import type { DefineTest } from './define-test.ts';

/** A provider without secrets, and what a test may do with it. */
export interface SecretProviderScene {
  readonly provider: SecretProvider;
  /** Two names that it takes. */
  readonly names: readonly [string, string];
  /** Puts a value there by the provider's own means; absent where `store` is the only one. */
  readonly put?: (name: string, value: string) => void | Promise<void>;
  /** Whether `store` and `delete` are possible. */
  readonly isWritable: boolean;
  /** Whether names can be listed. */
  readonly isListed: boolean;
  /** Makes it impossible to ask; absent where it always can be asked. */
  readonly fail?: () => void | Promise<void>;
}

const NEVER = new AbortController().signal;
/** What a careless provider would trim, escape, look into or cut. */
const VALUES: readonly string[] = [
  'plain-value-1',
  ' two words ',
  'line one\nline two',
  'quotes " and \' and $HOME and ${SECRET:other}',
  '{"json":["ü","🔑"]}',
];

/**
 * What every `SecretProvider` must do; the test file of each calls this.
 *
 * @param it - Of the runner.
 * @param open - Called for each test.
 */
export function secretProviderContract(
  it: DefineTest,
  open: () => SecretProviderScene | Promise<SecretProviderScene>,
): void {
  const put = async (scene: SecretProviderScene, name: string, value: string): Promise<void> => {
    if (scene.put !== undefined) await scene.put(name, value);
    else await scene.provider.store(name, SecretBuffer.of(value));
  };
  const read = async ({ provider }: SecretProviderScene, name: string): Promise<string | undefined> => {
    const secret = await provider.resolve(name, NEVER);
    const text = secret?.text();
    secret?.dispose();
    return text;
  };

  it('has a name that says nothing else', async () => {
    const { provider } = await open();
    assert.match(provider.getName(), /^[a-z][a-z0-9-]{0,31}$/);
    assert.equal(provider.getName(), provider.getName());
  });

  it('can be asked', async () => {
    const { provider } = await open();
    assert.equal(await provider.isAvailable(), true);
  });

  it('does not have what nobody has put there', async () => {
    const scene = await open();
    assert.equal(await read(scene, scene.names[0]), undefined);
  });

  it('gives values as they are, one line end at the end aside', async () => {
    const scene = await open();
    const [name] = scene.names;
    for (const value of VALUES) {
      await put(scene, name, value);
      assert.equal((await read(scene, name))?.replace(/\n$/, ''), value);
    }
  });

  it('tells names apart', async () => {
    const scene = await open();
    const [first, second] = scene.names;
    await put(scene, first, 'value-of-first');
    assert.equal(await read(scene, second), undefined);
    await put(scene, second, 'value-of-second');
    assert.deepEqual(
      [await read(scene, first), await read(scene, second)],
      ['value-of-first', 'value-of-second'],
    );
  });

  it('gives each caller a value of its own', async () => {
    const scene = await open();
    const [name] = scene.names;
    await put(scene, name, 'value-that-stays');
    const first = await scene.provider.resolve(name, NEVER);
    first?.dispose();
    assert.equal(await read(scene, name), 'value-that-stays');
  });

  it('lists the names, sorted, or none', async () => {
    const scene = await open();
    const [first, second] = scene.names;
    await put(scene, second, 'value-of-second');
    await put(scene, first, 'value-of-first');
    assert.deepEqual(
      [...(await scene.provider.list())],
      scene.isListed ? [first, second].toSorted((a, b) => (a < b ? -1 : 1)) : [],
    );
  });

  it('keeps and forgets, or says that it does not', async () => {
    const scene = await open();
    const { provider, names, isWritable } = scene;
    const [name] = names;
    const value = SecretBuffer.of('value-that-is-kept');
    if (!isWritable) {
      await rejectsWith(() => provider.store(name, value), 'OMNI_SECRET_READ_ONLY');
      await rejectsWith(() => provider.delete(name), 'OMNI_SECRET_READ_ONLY');
      return;
    }
    await provider.store(name, value);
    assert.equal(value.isDisposed, false);
    assert.equal(value.text(), 'value-that-is-kept');
    assert.equal(await read(scene, name), 'value-that-is-kept');
    assert.equal(await provider.delete(name), true);
    assert.equal(await read(scene, name), undefined);
    assert.equal(await provider.delete(name), false);
  });

  it('fails with a code and no value when it cannot be asked', async () => {
    const scene = await open();
    if (scene.fail === undefined) return;
    const [name] = scene.names;
    await put(scene, name, 'value-not-to-be-shown');
    await scene.fail();
    assert.equal(await scene.provider.isAvailable(), false);
    const error = await rejectsWith(() => scene.provider.resolve(name, NEVER), undefined);
    assert.ok(!`${error.message} ${error.hint}`.includes('value-not-to-be-shown'));
  });
}

async function rejectsWith(act: () => Promise<unknown>, code: string | undefined): Promise<GatewayError> {
  const error: unknown = await act().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof GatewayError, `expected a GatewayError, got ${String(error)}`);
  if (code === undefined) assert.match(error.code, /^OMNI_SECRET_/);
  else assert.equal(error.code, code);
  return error;
}
