import type { CredentialProvider } from '@omni/ports';
import { expect, it } from '@jest/globals';

/** A provider, and the means to change what it says of an upstream; absent where nothing ever changes. */
export interface CredentialScene {
  readonly provider: CredentialProvider;
  readonly change?: (upstream: string, value: string) => void;
}

/**
 * What every `CredentialProvider` must do; the test file of each calls this.
 *
 * @param open - Called for each test.
 */
export function credentialProviderContract(open: () => CredentialScene): void {
  it('has nothing for an upstream that it does not know', () => {
    const { provider } = open();
    expect(provider.headers('nobody')).toEqual({});
    expect(provider.environment('nobody')).toEqual({});
  });

  it('gives the same objects until something changes', () => {
    const { provider, change } = open();
    change?.('up', 'first');
    expect(provider.headers('up')).toBe(provider.headers('up'));
    expect(provider.environment('up')).toBe(provider.environment('up'));
  });

  it('has an answer to a refusal, or nobody to ask', async () => {
    const { provider } = open();
    const asked = provider.refresh('up', provider.headers('up'), AbortSignal.timeout(1_000));
    expect(await Promise.allSettled([asked])).toHaveLength(1);
  });

  it('forgets who listens no longer', () => {
    const { provider, change } = open();
    const told: string[] = [];
    provider.subscribe((upstream) => told.push(upstream))();
    change?.('up', 'first');
    expect(told).toEqual([]);
  });

  if (open().change !== undefined) changingContract(open);
}

function changingContract(open: () => CredentialScene): void {
  it('gives other objects after a change, and leaves those alone that it has given', () => {
    const { provider, change } = open();
    change?.('up', 'first');
    const [headers, environment] = [provider.headers('up'), provider.environment('up')];
    const [headersBefore, environmentBefore] = [{ ...headers }, { ...environment }];
    change?.('up', 'second');
    expect([provider.headers('up') !== headers, provider.environment('up') !== environment]).toContain(true);
    expect(provider.headers('up')).not.toEqual(headersBefore);
    expect(headers).toEqual(headersBefore);
    expect(environment).toEqual(environmentBefore);
  });

  it('tells of a change when it is in force, and whose it is', () => {
    const { provider, change } = open();
    const told: unknown[] = [];
    provider.subscribe((upstream) => told.push(upstream, Object.values(provider.headers(upstream))));
    change?.('up', 'first');
    change?.('other', 'second');
    expect(told).toEqual(['up', ['first'], 'other', ['second']]);
    expect(Object.values(provider.headers('up'))).toEqual(['first']);
  });
}
