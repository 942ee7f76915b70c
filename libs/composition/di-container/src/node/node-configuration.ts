import {
  type ConfigLayers,
  type Configuration,
  type Environment,
  type FlagSetting,
  parseConfiguration,
  type RuntimeOverride,
} from '@omni/config';
import { checkConfigSafety, type ConfigFile, environmentName, readConfigSources } from '@omni/node';
import { systemClock } from '@omni/ports';
import { readWithSecrets } from './secrets/read-with-secrets.ts';

export type { Configuration, Environment, FlagSetting, RuntimeOverride } from '@omni/config';

export interface LoadOptions {
  /**
   * Whether one server that is wrong stops all in a client's file, as it does in Omni's own. Default `false`.
   */
  readonly strict?: boolean;
  /** Settings of the command line, over all files. Default: none. */
  readonly flags?: readonly FlagSetting[];
  /** What was changed at run time, over all else. Default: nothing. */
  readonly overrides?: readonly RuntimeOverride[];
}

/** What lies over the files of a configuration. */
export function layersOf(
  environment: Environment,
  { flags = [], overrides = [] }: Pick<LoadOptions, 'flags' | 'overrides'> = {},
): ConfigLayers {
  return { environment, flags, overrides, nowMs: systemClock.now() };
}

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
  { strict = false, ...given }: LoadOptions = {},
): Promise<Configuration> {
  const sources = await readConfigSources(path, { environment: environmentName(environment) });
  const safety = await checkConfigSafety(sources);
  const configuration = await readWithSecrets(sources, {
    env: environment,
    strict,
    layers: layersOf(environment, given),
  });
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
