import { describe, expect, it } from '@jest/globals';
import { GatewayError, SecretBuffer } from '@omni/ports';
import { failedTitles } from './contracts/failed-titles.fixture.ts';
import { secretProviderContract } from './contracts/secret-provider-contract.ts';
import { ScriptedSecrets } from './scripted-secrets.ts';

function sceneOf(provider: ScriptedSecrets) {
  return {
    provider,
    names: ['db/password', 'github-token'] as const,
    isWritable: true,
    isListed: true,
    fail: () => void (provider.failure = new GatewayError('OMNI_SECRET_UNAVAILABLE', 'scripted is down')),
  };
}

describe('ScriptedSecrets [X002-03]', () => {
  secretProviderContract(it, () => sceneOf(new ScriptedSecrets()));
});

describe('secretProviderContract', () => {
  class Trimming extends ScriptedSecrets {
    override store(name: string, value: SecretBuffer): Promise<void> {
      return super.store(name, SecretBuffer.of(value.text().trim()));
    }
  }
  class Sharing extends ScriptedSecrets {
    readonly #given = new Map<string, SecretBuffer | undefined>();
    override async resolve(name: string, signal: AbortSignal): Promise<SecretBuffer | undefined> {
      if (!this.#given.has(name)) this.#given.set(name, await super.resolve(name, signal));
      return this.#given.get(name);
    }
  }
  class Taking extends ScriptedSecrets {
    override async store(name: string, value: SecretBuffer): Promise<void> {
      await super.store(name, value);
      value.dispose();
    }
  }
  class Telling extends ScriptedSecrets {
    override async resolve(name: string, signal: AbortSignal): Promise<SecretBuffer | undefined> {
      const { failure } = this;
      this.failure = undefined;
      const value = await super.resolve(name, signal);
      this.failure = failure;
      if (failure === undefined) return value;
      throw new GatewayError('OMNI_SECRET_UNAVAILABLE', `cannot give ${value?.text()}`);
    }
  }
  class Unsorted extends ScriptedSecrets {
    override async list(): Promise<readonly string[]> {
      return (await super.list()).toReversed();
    }
  }

  it.each([
    ['trims values', Trimming, 'gives values as they are, one line end at the end aside'],
    ['gives all the same value', Sharing, 'gives each caller a value of its own'],
    ['takes the value of its caller', Taking, 'keeps and forgets, or says that it does not'],
    ['tells values in failures', Telling, 'fails with a code and no value when it cannot be asked'],
    ['lists in any order', Unsorted, 'lists the names, sorted, or none'],
  ])('is not passed by one that %s', async (_what, Faulty, title) => {
    expect(
      await failedTitles((define) => secretProviderContract(define, () => sceneOf(new Faulty()))),
    ).toContain(title);
  });
});
