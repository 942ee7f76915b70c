import { describe, expect, it } from '@jest/globals';
import { GatewayError } from '@omni/ports';
import { ScriptedCredentials } from '@omni/testing';
import { credentialProviderContract } from '@omni/testing/contracts';
import { layeredCredentials } from './layered-credentials.ts';

function scene() {
  const [under, over] = [new ScriptedCredentials(), new ScriptedCredentials()];
  return { under, over, both: layeredCredentials(under, over) };
}

describe('layeredCredentials over the first', () => {
  credentialProviderContract(it, () => {
    const { under, both } = scene();
    return {
      provider: both,
      change: (upstream, value) => under.set(upstream, { headers: { a: value }, environment: { A: value } }),
    };
  });
});

describe('layeredCredentials over the second', () => {
  credentialProviderContract(it, () => {
    const { over, both } = scene();
    return {
      provider: both,
      change: (upstream, value) => over.set(upstream, { headers: { a: value }, environment: { A: value } }),
    };
  });
});

describe('layeredCredentials', () => {
  it('lay the values of the second over those of the first', () => {
    const { under, over, both } = scene();
    under.set('up', { headers: { a: '1', b: '2' }, environment: { A: '1' } });
    over.set('up', { headers: { b: '3' } });
    expect(both.headers('up')).toEqual({ a: '1', b: '3' });
    expect(both.environment('up')).toEqual({ A: '1' });
  });

  it('name the secrets of both, in the same list until one of theirs is another', () => {
    const { under, over, both } = scene();
    const secrets = (values: readonly string[]) => ({ secretValues: () => values });
    Object.assign(under, secrets(['one']));
    expect(both.secretValues?.('up')).toEqual(['one']);
    Object.assign(over, secrets(['two']));
    expect(both.secretValues?.('up')).toEqual(['one', 'two']);
    expect(both.secretValues?.('up')).toBe(both.secretValues?.('up'));
  });

  it('lack what one of them lacks, define and close both, and ask both after a refusal', async () => {
    const { under, over, both } = scene();
    expect(both.lack?.('up')).toBeUndefined();
    const lack = new GatewayError('OMNI_SECRET_UNKNOWN', 'none');
    const told: string[] = [];
    Object.assign(over, { lack: () => lack, close: () => told.push('close') });
    Object.assign(under, { define: async () => void told.push('define'), close: () => told.push('close') });
    expect(both.lack?.('up')).toBe(lack);
    await both.define?.([]);
    both.close?.();
    expect(told).toEqual(['define', 'close', 'close']);
    over.set('up', { headers: { a: '1' } });
    over.onRefused = () => Promise.resolve();
    expect(await both.refresh('up', both.headers('up'), new AbortController().signal)).toBeUndefined();
    expect(over.refused).toEqual([{ a: '1' }]);
  });
});
