import { readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { environmentExample, variablesOfConfiguration } from '@omni/container/node';
import { GatewayError } from '@omni/ports';
import type { CommandContext } from '../../connection/target.ts';
import { print, type ConfigOptions } from './config-options.ts';

export interface EnvExampleOptions extends Pick<ConfigOptions, 'config' | 'output'> {
  /** Says whether the file is as it should be, and changes nothing. */
  readonly check?: boolean;
  readonly write?: boolean;
  /** Default: `.env.example` beside the configuration. */
  readonly file?: string;
}

/**
 * `omni config env-example`: prints the variables that a configuration names (X000-08).
 *
 * @returns The exit code: with `check` 1 where the file says something else.
 */
export async function runEnvExample(options: EnvExampleOptions, context: CommandContext): Promise<number> {
  const variables = await variablesOfConfiguration(options.config, context.terminal.environment);
  const text = environmentExample(variables);
  const file = options.file ?? join(await folderOf(options.config), '.env.example');
  if (options.check === true) {
    const isSame = (await textOf(file)) === text;
    const line = isSame
      ? `${file} is up to date`
      : `${file} is not what the configuration names; --write writes it`;
    print(context, options, { schemaVersion: 1, file, isSame, variables }, [line]);
    return isSame ? 0 : 1;
  }
  if (options.write === true) await written(file, text);
  const lines =
    options.write === true ? [`${file} names ${variables.length} variables`] : text.trimEnd().split('\n');
  print(context, options, { schemaVersion: 1, file, isWritten: options.write === true, variables }, lines);
  return 0;
}

async function folderOf(config: string): Promise<string> {
  return (await stat(config)).isDirectory() ? config : dirname(config);
}

/** @returns `undefined` where there is no file. */
async function textOf(file: string): Promise<string | undefined> {
  try {
    return (await readFile(file, 'utf8')).replaceAll('\r\n', '\n');
  } catch {
    return undefined;
  }
}

async function written(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text);
  } catch (cause) {
    throw new GatewayError('OMNI_USAGE', `${file} cannot be written`, { cause });
  }
}
