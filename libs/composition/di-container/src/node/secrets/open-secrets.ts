import { join } from 'node:path';
import type { Environment, SecretPlace, SecretsSettings, VaultSettings } from '@omni/config';
import {
  EnvironmentSecrets,
  FileSecrets,
  Keychain,
  KeychainSecrets,
  KeychainText,
  PrivateTextFile,
  ProgramSecrets,
  VaultClient,
  VaultSecrets,
  VaultTransitKey,
} from '@omni/node';
import {
  type AuditSink,
  type Clock,
  GatewayError,
  type KeyWrapper,
  type Logger,
  type Metrics,
  type SecretProvider,
  type SecretText,
} from '@omni/ports';
import { KeyRing, SealedSecrets, type SealingKeys, Secrets, type SecretUser } from '@omni/secrets';

export interface OpenSecretsOptions {
  readonly settings: SecretsSettings;
  readonly environment: Environment;
  /** Where the sealed file is. */
  readonly stateFolder: string;
  readonly clock: Clock;
  /** Default: nothing is logged. */
  readonly logger?: Pick<Logger, 'warn'>;
  /** Told every access. Default: nobody. */
  readonly audit?: AuditSink;
  readonly metrics?: Metrics | undefined;
}

/** The secrets of a gateway, and the parts that a command asks for. */
export interface OpenSecrets {
  readonly secrets: Secrets;
  /** Where `file` of the chain is. */
  readonly sealed: SealedSecrets;
  readonly keychain: Keychain;
  close(): void;
}

const ENVIRONMENT_PREFIX = 'OMNI_SECRET_';

/** Makes the providers that settings name. Nothing is read before somebody asks. */
export function openSecrets(options: OpenSecretsOptions): OpenSecrets {
  const { settings, environment, stateFolder, clock, logger, audit, metrics } = options;
  const keychain = new Keychain();
  const path = new FileSecrets();
  const program = new ProgramSecrets({ environment });
  const local = { FILE: path, EXEC: program, ENV: new EnvironmentSecrets({ environment }) };
  const ofKeychain = new KeychainSecrets(keychain);
  const { vault, ttlMs, maxStaleMs, timeoutMs, rules } = settings;
  const told = { ...(logger !== undefined && { logger }), ...(audit !== undefined && { audit }) };
  // What opens Vault cannot lie in it, and is read for each login.
  const first = new Secrets({
    chain: [],
    schemes: { ...local, KEYCHAIN: ofKeychain },
    ...{ clock, timeoutMs, ttlMs: 0 },
    ...told,
  });
  const client = vault && new VaultClient(vaultOptions(vault, first, clock));
  const sealed = new SealedSecrets({
    text: new PrivateTextFile(join(stateFolder, 'secrets.json')),
    keys: keysOf(settings, { stateFolder, keychain, client }),
  });
  const ofVault = client && new VaultSecrets({ client, mount: vault?.mount ?? 'secret' });
  const places: Readonly<Record<SecretPlace, SecretProvider | undefined>> = {
    file: sealed,
    keychain: ofKeychain,
    mounted: new FileSecrets({ folder: settings.folder }),
    environment: new EnvironmentSecrets({ environment, prefix: ENVIRONMENT_PREFIX }),
    vault: ofVault,
  };
  const named = (names: readonly SecretPlace[]): readonly SecretProvider[] =>
    names.map((name) => places[name]).filter((provider) => provider !== undefined);
  const secrets = new Secrets({
    chain: named(settings.chain),
    fallback: named(settings.fallback),
    schemes: { ...local, KEYCHAIN: ofKeychain, ...(ofVault !== undefined && { VAULT: ofVault }) },
    ...{ clock, ttlMs, maxStaleMs, timeoutMs, rules },
    ...told,
    ...(metrics !== undefined && { metrics }),
  });
  return {
    secrets,
    sealed,
    keychain,
    close() {
      secrets.dispose();
      first.dispose();
      client?.close();
    },
  };
}

const LOGIN: SecretUser = { id: 'setting:secrets.vault' };

function vaultOptions(
  { address, namespace, login }: VaultSettings,
  secrets: Secrets,
  clock: Clock,
): ConstructorParameters<typeof VaultClient>[0] {
  const read = (text: SecretText) => async (): Promise<string> => {
    const parts = await Promise.all(
      text.map(async (part) => {
        if (typeof part === 'string') return part;
        const secret = await secrets.resolve(part, LOGIN);
        const value = secret.text();
        secret.dispose();
        return value;
      }),
    );
    return parts.join('');
  };
  const shown =
    login.kind === 'token'
      ? ({ kind: 'token', token: read(login.token) } as const)
      : ({ ...login, roleId: read(login.roleId), secretId: read(login.secretId) } as const);
  return { address, clock, login: shown, ...(namespace !== undefined && { namespace }) };
}

interface KeyPlaces {
  readonly stateFolder: string;
  readonly keychain: Keychain;
  readonly client: VaultClient | undefined;
}

function keysOf({ key, vault }: SecretsSettings, { stateFolder, keychain, client }: KeyPlaces): SealingKeys {
  if (key === 'keychain')
    return new KeyRing('keychain', new KeychainText(`omni-sealing-keys ${stateFolder}`, keychain));
  if (key === 'file' || client === undefined || vault === undefined)
    return new KeyRing('file', new PrivateTextFile(join(stateFolder, 'secrets.key')));
  const { transitKey, transitMount } = vault;
  return new TransitKeys(new VaultTransitKey({ client, key: transitKey, mount: transitMount }));
}

/** A key of Vault is made and changed there. */
class TransitKeys implements SealingKeys {
  readonly #key: KeyWrapper;

  constructor(key: KeyWrapper) {
    this.#key = key;
  }

  get place(): string {
    return `Vault (${this.#key.id})`;
  }

  all(): Promise<readonly KeyWrapper[]> {
    return Promise.resolve([this.#key]);
  }

  make(): Promise<KeyWrapper> {
    return Promise.reject(
      new GatewayError('OMNI_SECRET_READ_ONLY', `The key ${this.#key.id} is changed in Vault`, {
        hint: 'vault write -f transit/keys/NAME/rotate makes a new version; former ones open what they wrapped.',
      }),
    );
  }

  drop(): Promise<void> {
    return Promise.resolve();
  }
}
