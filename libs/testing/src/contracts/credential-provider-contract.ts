import assert from 'node:assert/strict';
import type { CredentialProvider } from '@omni/ports';
import type { DefineTest } from './define-test.ts';

/** A provider, and the means to change what it says of an upstream; absent where nothing ever changes. */
export interface CredentialScene {
  readonly provider: CredentialProvider;
  readonly change?: (upstream: string, value: string) => void;
}

/**
 * What every `CredentialProvider` must do; the test file of each calls this.
 *
 * @param it - Of the runner.
 * @param open - Called for each test.
 */
export function credentialProviderContract(it: DefineTest, open: () => CredentialScene): void {
  it('has nothing for an upstream that it does not know', () => {
    const { provider } = open();
    assert.deepEqual({ ...provider.headers('nobody') }, {});
    assert.deepEqual({ ...provider.environment('nobody') }, {});
  });

  it('gives the same objects until something changes', () => {
    const { provider, change } = open();
    change?.('up', 'first');
    assert.equal(provider.headers('up'), provider.headers('up'));
    assert.equal(provider.environment('up'), provider.environment('up'));
  });

  it('has an answer to a refusal, or nobody to ask', async () => {
    const { provider } = open();
    const asked = provider.refresh('up', provider.headers('up'), AbortSignal.timeout(1_000));
    assert.ok(asked === undefined || asked instanceof Promise);
    await asked?.catch(() => {});
  });

  it('forgets who listens no longer', () => {
    const { provider, change } = open();
    const told: string[] = [];
    provider.subscribe((upstream) => told.push(upstream))();
    change?.('up', 'first');
    assert.deepEqual(told, []);
  });

  if (open().change !== undefined) changingContract(it, open);
}

function changingContract(it: DefineTest, open: () => CredentialScene): void {
  it('gives other objects after a change, and leaves those alone that it has given', () => {
    const { provider, change } = open();
    change?.('up', 'first');
    const [headers, environment] = [provider.headers('up'), provider.environment('up')];
    const [headersBefore, environmentBefore] = [{ ...headers }, { ...environment }];
    change?.('up', 'second');
    assert.ok(provider.headers('up') !== headers || provider.environment('up') !== environment);
    assert.notDeepEqual(provider.headers('up'), headersBefore);
    assert.deepEqual(headers, headersBefore);
    assert.deepEqual(environment, environmentBefore);
  });

  it('tells of a change when it is in force, and whose it is', () => {
    const { provider, change } = open();
    const told: unknown[] = [];
    provider.subscribe((upstream) => told.push(upstream, Object.values(provider.headers(upstream))));
    change?.('up', 'first');
    change?.('other', 'second');
    assert.deepEqual(told, ['up', ['first'], 'other', ['second']]);
    assert.deepEqual(Object.values(provider.headers('up')), ['first']);
  });
}
