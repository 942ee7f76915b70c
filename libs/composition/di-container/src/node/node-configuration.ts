import { parseConfiguration, type Configuration, type Environment } from '@omni/config';
import { readWithSecrets } from './secrets/read-with-secrets.ts';
import { checkConfigSafety, type ConfigFile, readConfigSources } from '@omni/node';

export type { Configuration, Environment } from '@omni/config';

export interface LoadOptions {
  /**
   * Whether one server that is wrong stops all in a client's file, as it does in Omni's own. Default `false`.
   */
  readonly strict?: boolean;
}

/**
 * Reads a configuration file, or a folder with `default.yaml`, `$OMNI_ENV.yaml`, `local.yaml` and
 * `servers/*.yaml`.
 *
 * Secrets in headers and variables of servers stay references, which a gateway fills in; others are read.
 *
 * @throws {@link GatewayError} `OMNI_CONFIG_UNREADABLE`, `OMNI_CONFIG_UNSAFE`, `OMNI_CONFIG_INVALID`.
 */
export async function loadConfiguration(
  path: string,
  environment: Environment,
  { strict = false }: LoadOptions = {},
): Promise<Configuration> {
  const sources = await readConfigSources(path, { environment: environment['OMNI_ENV'] });
  const safety = await checkConfigSafety(sources);
  const configuration = await readWithSecrets(sources, { env: environment, strict });
  const shown = sources
    .filter((source) => safety.readableByAll.includes(source.path) && holdsToken(source, configuration))
    .map(
      (source) => `${source.path} holds a token, and every user of this machine can read it; chmod 600 it`,
    );
  return { ...configuration, warnings: [...safety.warnings, ...shown, ...configuration.warnings] };
}

/** Whether a token that opens Omni stands in the file itself, and not in a variable that it names. */
function holdsToken({ text }: ConfigFile, { auth }: Configuration): boolean {
  const tokens = [auth.token, ...auth.tokens.map(({ token }) => token)];
  return tokens.some((token) => token !== undefined && text.includes(token));
}

/** What differs from a file. */
export interface TextOptions {
  /** See {@link ParseOptions.isOperatorOwned}. */
  readonly isOperatorOwned?: boolean;
}

/**
 * The same for text that is at hand; secrets stand in headers and variables of servers only.
 *
 * @param path - Named in messages.
 */
export function parseConfigurationText(
  text: string,
  path: string,
  environment: Environment,
  options: TextOptions = {},
): Configuration {
  const read = (): { readonly failure: string } => ({
    failure: 'here secrets stand in headers and env only',
  });
  return parseConfiguration([{ path, text, role: 'base' }], {
    env: environment,
    secrets: { read },
    ...options,
  });
}
