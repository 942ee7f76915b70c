import { createHash } from 'node:crypto';
import type {
  ConfigLayers,
  ConfigSource,
  Configuration,
  Environment,
  FlagSetting,
  RevisionSource,
  RuntimeOverride,
  SourceReading,
} from '@omni/config';
import { systemClock } from '@omni/ports';
import {
  baseNamesOf,
  checkConfigSafety,
  type ConfigFile,
  environmentName,
  readConfigSources,
} from '@omni/node';
import { readWithSecrets } from '../secrets/read-with-secrets.ts';

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

/** The files of a configuration at one moment. */
export interface FilesReading extends SourceReading<Configuration> {
  readonly files: readonly ConfigFile[];
}

/**
 * A configuration file, or a folder with `default.yaml`, `$OMNI_ENV.yaml`, `local.yaml` and `servers/*.yaml`;
 * variables `OMNI_A__B`, secrets, flags and overrides lie over them.
 */
export class ConfigurationFiles {
  readonly path: string;
  readonly #environment: Environment;
  readonly #options: LoadOptions;

  constructor(path: string, environment: Environment, options: LoadOptions = {}) {
    this.path = path;
    this.#environment = environment;
    this.#options = options;
  }

  /** What files of a folder are called, without extension. */
  get baseNames(): readonly string[] {
    return baseNamesOf(environmentName(this.#environment));
  }

  /** @throws {@link GatewayError} `OMNI_CONFIG_UNREADABLE` */
  async read(): Promise<FilesReading> {
    const files = await readConfigSources(this.path, { environment: environmentName(this.#environment) });
    const hash = createHash('sha256');
    for (const { place, role, text, flaw } of files) hash.update(JSON.stringify([place, role, text, flaw]));
    const digest = hash.digest('hex');
    const marks = files.map(({ place, mark }) => `${place} ${mark}`);
    return {
      files,
      hash: digest,
      mark: [digest, ...marks].join('\n'),
      load: () => this.#load(files),
    };
  }

  /**
   * Whether files of an earlier time can be read as a configuration now.
   *
   * @throws {@link GatewayError} `OMNI_CONFIG_INVALID`
   */
  async check(sources: readonly RevisionSource[]): Promise<void> {
    const files = sources.map((source) => ({ ...source, path: source.place }));
    await this.#parse(files);
  }

  #parse(files: readonly ConfigSource[]): Promise<Configuration> {
    const { strict = false, ...given } = this.#options;
    const env = this.#environment;
    return readWithSecrets(files, { env, strict, layers: layersOf(env, given) });
  }

  /** Secrets in headers and variables of servers stay references; others are read. */
  async #load(files: readonly ConfigFile[]): Promise<Configuration> {
    const safety = await checkConfigSafety(files);
    const configuration = await this.#parse(files);
    const shown = files
      .filter((file) => safety.readableByAll.includes(file.path) && holdsToken(file, configuration))
      .map(({ path }) => `${path} holds a token, and every user of this machine can read it; chmod 600 it`);
    return { ...configuration, warnings: [...safety.warnings, ...shown, ...configuration.warnings] };
  }
}

/** Whether a token that opens Omni stands in the file itself, and not in a variable that it names. */
function holdsToken({ text }: ConfigFile, { auth }: Configuration): boolean {
  const tokens = [auth.token, ...auth.tokens.map(({ token }) => token)];
  return tokens.some((token) => token !== undefined && text.includes(token));
}
