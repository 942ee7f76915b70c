import {
  type Configuration,
  type ConfigSource,
  parseConfiguration,
  type ParseOptions,
  parseSecretsSettings,
} from '@omni/config';
import { stateDirectory } from '@omni/node';
import { GatewayError, type SecretReference, secretReferenceText, systemClock } from '@omni/ports';
import { openSecrets } from './open-secrets.ts';

interface Wanted {
  readonly reference: SecretReference;
  readonly user: string;
}

type Outcome = { readonly text: string } | { readonly failure: string };

/** What stands for secrets while nobody knows which there are. */
const UNREAD: Outcome = { failure: 'it was not read' };

/**
 * Reads a configuration, with the secrets that stand in it elsewhere than in headers and variables of
 * servers. Nothing is opened where there are none.
 *
 * @throws {@link GatewayError} `OMNI_CONFIG_INVALID`.
 */
export async function readWithSecrets(
  sources: readonly ConfigSource[],
  options: Omit<ParseOptions, 'secrets'>,
): Promise<Configuration> {
  const wanted = new Map<string, Wanted>();
  const collect = {
    read(reference: SecretReference, user: string): Outcome {
      wanted.set(keyOf(reference, user), { reference, user });
      return UNREAD;
    },
  };
  const first = attempt(() => parseConfiguration(sources, { ...options, secrets: collect }));
  if (wanted.size === 0) return orThrow(first);
  const values = await valuesOf([...wanted.values()], sources, options);
  return parseConfiguration(sources, {
    ...options,
    secrets: { read: (reference, user) => values.get(keyOf(reference, user)) ?? UNREAD },
  });
}

async function valuesOf(
  wanted: readonly Wanted[],
  sources: readonly ConfigSource[],
  options: Omit<ParseOptions, 'secrets'>,
): Promise<ReadonlyMap<string, Outcome>> {
  const opened = openSecrets({
    settings: parseSecretsSettings(sources, options),
    environment: options.env,
    stateFolder: stateDirectory(options.env),
    clock: systemClock,
  });
  const { secrets } = opened;
  try {
    const read = async ({ reference, user }: Wanted): Promise<readonly [string, Outcome]> => {
      const key = keyOf(reference, user);
      try {
        const server = /^server:(.*)$/.exec(user)?.[1];
        const secret = await secrets.resolve(reference, {
          id: user,
          ...(server !== undefined && { server }),
        });
        const text = secret.text();
        secret.dispose();
        return [key, { text }];
      } catch (error) {
        return [key, { failure: lowerFirst(GatewayError.from(error).message) }];
      }
    };
    return new Map(await Promise.all(wanted.map(read)));
  } finally {
    opened.close();
  }
}

type Attempt<T> = { readonly value: T } | { readonly error: unknown };

function attempt<T>(act: () => T): Attempt<T> {
  try {
    return { value: act() };
  } catch (error) {
    return { error };
  }
}

function orThrow<T>(result: Attempt<T>): T {
  if ('error' in result) throw result.error;
  return result.value;
}

function keyOf(reference: SecretReference, user: string): string {
  return `${user}\n${secretReferenceText(reference)}`;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
