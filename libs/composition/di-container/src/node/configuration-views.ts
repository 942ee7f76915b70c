import type { ConfigSource, Environment } from '@omni/config';
import {
  migratedText,
  namedVariables,
  settingsDifference,
  settingsView,
  type MigratedText,
  type NamedVariable,
  type SettingDifference,
  type SettingsView,
} from '@omni/config/settings-view';
import { checkConfigSafety, environmentName, readConfigSources, replaceFile } from '@omni/node';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { GatewayError } from '@omni/ports';
import { layersOf, type LoadOptions } from './node-configuration.ts';

/**
 * Who says what in the layers of a configuration; secrets are neither read nor shown.
 *
 * @throws {@link GatewayError} `OMNI_CONFIG_UNREADABLE`, `OMNI_CONFIG_UNSAFE`, `OMNI_CONFIG_INVALID` when a
 * file cannot be read; values are not checked.
 */
export async function viewConfiguration(
  path: string,
  environment: Environment,
  { strict = false, ...given }: LoadOptions = {},
): Promise<SettingsView> {
  const sources = await safeSources(path, environment);
  return settingsView(sources, { env: environment, strict, layers: layersOf(environment, given) });
}

/**
 * What the files at `after` say differently from those at `before`.
 *
 * @throws {@link GatewayError} As {@link viewConfiguration} does.
 */
export async function compareConfigurations(
  before: string,
  after: string,
  environment: Environment,
): Promise<readonly SettingDifference[]> {
  const [left, right] = [await safeSources(before, environment), await safeSources(after, environment)];
  return settingsDifference(left, right, { env: environment });
}

/**
 * The variables that the files of a configuration name.
 *
 * @throws {@link GatewayError} As {@link viewConfiguration} does.
 */
export async function variablesOfConfiguration(
  path: string,
  environment: Environment,
): Promise<readonly NamedVariable[]> {
  return namedVariables(await safeSources(path, environment), { env: environment });
}

/** What became of one file. */
export interface MigratedFile extends MigratedText {
  readonly file: string;
  /** Where the text goes: a client's file stays as it is. */
  readonly target: string;
}

/**
 * Brings the files of a configuration into the shape of today.
 *
 * @param isWriting - Whether something is changed. A file that is there already in the place of a new one is
 * never replaced.
 * @throws {@link GatewayError} As {@link viewConfiguration} does; `OMNI_USAGE` when there is a file already.
 */
export async function migrateConfiguration(
  path: string,
  environment: Environment,
  { isWriting }: { readonly isWriting: boolean },
): Promise<readonly MigratedFile[]> {
  const files = (await safeSources(path, environment)).map((source): MigratedFile => {
    const migrated = migratedText(source, environment);
    const { path: file } = source;
    return {
      file,
      ...migrated,
      target: migrated.client === undefined ? file : join(dirname(file), 'omni.yaml'),
    };
  });
  for (const { file, target, text, changes } of isWriting ? files : [])
    if (target !== file) await newFile(target, text);
    else if (changes.length > 0) await replaceFile(file, text);
  return files;
}

/** For its owner alone: it may hold what the other file held. */
async function newFile(path: string, text: string): Promise<void> {
  await writeFile(path, text, { flag: 'wx', mode: 0o600 }).catch((cause: unknown) => {
    throw new GatewayError('OMNI_USAGE', `${path} cannot be made`, {
      cause,
      hint: 'A file that is there already is left alone; move it away, or take what is printed without --write.',
    });
  });
}

async function safeSources(path: string, environment: Environment): Promise<readonly ConfigSource[]> {
  const sources = await readConfigSources(path, { environment: environmentName(environment) });
  await checkConfigSafety(sources);
  return sources;
}
