import { parseConfiguration, type Configuration, type Environment } from '@omni/config';
import { readConfigSources } from '@omni/node';

export type { Configuration, Environment } from '@omni/config';

export interface LoadOptions {
  /** Whether one server that is wrong stops all in a client's file, as it does in Omni's own. Default `false`. */
  readonly strict?: boolean;
}

/**
 * Reads a configuration file, or a folder with `default.yaml`, `$OMNI_ENV.yaml`, `local.yaml` and `servers/*.yaml`.
 *
 * @throws {@link GatewayError} `OMNI_CONFIG_UNREADABLE`, `OMNI_CONFIG_INVALID`.
 */
export async function loadConfiguration(
  path: string,
  environment: Environment,
  { strict = false }: LoadOptions = {},
): Promise<Configuration> {
  const sources = await readConfigSources(path, { environment: environment['OMNI_ENV'] });
  return parseConfiguration(sources, { env: environment, strict });
}

/** The same for text that is at hand. @param path - Named in messages. */
export function parseConfigurationText(text: string, path: string, environment: Environment): Configuration {
  return parseConfiguration([{ path, text, role: 'base' }], { env: environment });
}
