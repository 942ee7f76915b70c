import { type Configuration, type Environment, parseConfiguration } from '@omni/config';
import { ConfigurationFiles, type LoadOptions } from './reload/configuration-files.ts';

export type { Configuration, Environment, FlagSetting, RuntimeOverride } from '@omni/config';
export { layersOf, type LoadOptions } from './reload/configuration-files.ts';

/**
 * Reads a configuration file, or a folder with `default.yaml`, `$OMNI_ENV.yaml`, `local.yaml` and
 * `servers/*.yaml`; variables `OMNI_A__B`, secrets, flags and overrides lie over them.
 *
 * Secrets in headers and variables of servers stay references, which a gateway fills in; others are read.
 *
 * @throws {@link GatewayError} `OMNI_CONFIG_UNREADABLE`, `OMNI_CONFIG_UNSAFE`, `OMNI_CONFIG_INVALID`.
 */
export async function loadConfiguration(
  path: string,
  environment: Environment,
  options: LoadOptions = {},
): Promise<Configuration> {
  return (await new ConfigurationFiles(path, environment, options).read()).load();
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
