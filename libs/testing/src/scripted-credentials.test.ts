import { configuredCredentials } from '@omni/ports';
import { describe } from '@jest/globals';
import { credentialProviderContract } from './credential-provider-contract.ts';
import { ScriptedCredentials } from './scripted-credentials.ts';

describe('ScriptedCredentials', () => {
  credentialProviderContract(() => {
    const provider = new ScriptedCredentials();
    return {
      provider,
      change: (upstream, value) =>
        provider.set(upstream, { headers: { 'x-key': value }, environment: { KEY: value } }),
    };
  });
});

describe('configuredCredentials', () => {
  credentialProviderContract(() => ({ provider: configuredCredentials }));
});
