import {
  defaultConfiguration,
  type Environment,
  literalSecrets,
  type LiteralSecret,
  parseSecretsSettings,
  type SecretsSettings,
} from '@omni/config';
import {
  checkConfigSafety,
  environmentName,
  readConfigSources,
  replaceFile,
  stateDirectory,
} from '@omni/node';
import { SecretBuffer, systemClock } from '@omni/ports';
import type { SecretUser } from '@omni/secrets';
import { layersOf } from '../node-configuration.ts';
import { openSecrets, type OpenSecrets } from './open-secrets.ts';

/** The secrets that a configuration means, and how they are come by. */
export interface ConfiguredSecrets extends OpenSecrets {
  readonly settings: SecretsSettings;
}

/**
 * Opens the secrets of a configuration without reading the rest of it: that may need them.
 *
 * @param path - Absent: those of a configuration that says nothing of secrets.
 * @throws {@link GatewayError} `OMNI_CONFIG_UNREADABLE`, `OMNI_CONFIG_UNSAFE`, `OMNI_CONFIG_INVALID`.
 */
export async function openConfiguredSecrets(
  path: string | undefined,
  environment: Environment,
): Promise<ConfiguredSecrets> {
  const settings = await settingsOf(path, environment);
  const stateFolder = stateDirectory(environment);
  return { ...openSecrets({ settings, environment, stateFolder, clock: systemClock }), settings };
}

/** What became of a secret that stood in a file. */
export interface MigratedSecret {
  readonly file: string;
  readonly line: number;
  readonly key: string;
  readonly name: string;
  /** `for people`: its place in the file is not told for certain. `taken`: the name has another value. */
  readonly outcome: 'moved' | 'would be moved' | 'for people' | 'taken';
}

export interface MigrateOptions {
  readonly environment: Environment;
  /** Whether something is changed. */
  readonly isWriting: boolean;
  readonly user: SecretUser;
}

/**
 * Moves secrets that stand in the files of a configuration into the store of secrets, and puts references in
 * their place; everything else in the files stays as it is.
 */
export async function migrateSecrets(
  path: string,
  { secrets }: Pick<ConfiguredSecrets, 'secrets'>,
  { environment, isWriting, user }: MigrateOptions,
): Promise<readonly MigratedSecret[]> {
  const sources = await readConfigSources(path, { environment: environmentName(environment) });
  await checkConfigSafety(sources);
  const migrated: MigratedSecret[] = [];
  const names = new Map<string, string>();
  for (const source of sources) {
    const moved: LiteralSecret[] = [];
    for (const literal of literalSecrets(source, environment) ?? []) {
      const { key, name, line, value, place } = literal;
      const add = (outcome: MigratedSecret['outcome']): void =>
        void migrated.push({ file: source.path, line, key, name, outcome });
      if (place === undefined) {
        add('for people');
        continue;
      }
      const secret = SecretBuffer.of(value);
      const former = names.get(name);
      const isKept = former === undefined ? await secrets.isKept(name, secret, user) : former === value;
      if (/* guard: secrets/migrate-taken */ isKept === false) add('taken');
      else {
        names.set(name, value);
        if (isWriting && isKept === undefined) await secrets.store(name, secret, user);
        moved.push(literal);
        add(isWriting ? 'moved' : 'would be moved');
      }
      secret.dispose();
    }
    // Behind: a file without its secrets is of no use while they are nowhere.
    if (isWriting && moved.length > 0) await replaceFile(source.path, spliced(source.text, moved));
  }
  return migrated;
}

async function settingsOf(path: string | undefined, environment: Environment): Promise<SecretsSettings> {
  if (path === undefined) return defaultConfiguration().secrets;
  const sources = await readConfigSources(path, { environment: environmentName(environment) });
  await checkConfigSafety(sources);
  return parseSecretsSettings(sources, { env: environment, layers: layersOf(environment) });
}

function spliced(text: string, secrets: readonly LiteralSecret[]): string {
  return secrets
    .flatMap(({ place }) => (place === undefined ? [] : [place]))
    .toSorted((a, b) => b.start - a.start)
    .reduce((rest, { start, end, instead }) => rest.slice(0, start) + instead + rest.slice(end), text);
}
