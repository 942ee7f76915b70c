import { describe, expect, it } from '@jest/globals';
import { secretProviderContract } from '@omni/testing/contracts';
import { EnvironmentSecrets } from './environment-secrets.ts';

describe('EnvironmentSecrets [X002-03]', () => {
  secretProviderContract(it, () => {
    const environment: Record<string, string> = {};
    return {
      provider: new EnvironmentSecrets({ environment }),
      names: ['DB_PASSWORD', 'GITHUB_TOKEN'],
      put: (name, value) => void (environment[name] = value),
      isWritable: false,
      isListed: false,
    };
  });

  it('finds secrets of any name behind a prefix [S002-SE-03]', async () => {
    const environment = { OMNI_SECRET_DB_PASSWORD_USER: 'ada', TOKEN: 'other', EMPTY: '' };
    const secrets = new EnvironmentSecrets({ environment, prefix: 'OMNI_SECRET_' });
    expect((await secrets.resolve('db/password#user'))?.text()).toBe('ada');
    expect(await secrets.resolve('token')).toBeUndefined();
    expect(await new EnvironmentSecrets({ environment }).resolve('EMPTY')).toBeUndefined();
    expect(await new EnvironmentSecrets({ environment }).resolve('constructor')).toBeUndefined();
  });
});
