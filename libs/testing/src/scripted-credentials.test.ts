import { configuredCredentials } from '@omni/ports';
import { describe, it } from '@jest/globals';
import { credentialProviderContract } from './contracts/credential-provider-contract.ts';
import { ScriptedCredentials } from './scripted-credentials.ts';

describe('ScriptedCredentials', () => {
  credentialProviderContract(it, () => {
    const provider = new ScriptedCredentials();
    return {
      provider,
      change: (upstream, value) =>
        provider.set(upstream, { headers: { 'x-key': value }, environment: { KEY: value } }),
    };
  });
});

describe('configuredCredentials', () => {
  credentialProviderContract(it, () => ({ provider: configuredCredentials }));
});
