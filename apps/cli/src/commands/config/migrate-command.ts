import { migrateConfiguration } from '@omni/container/node';
import type { CommandContext } from '../../connection/target.ts';
import { print, type ConfigOptions } from './config-options.ts';

export interface MigrateConfigOptions extends Pick<ConfigOptions, 'config' | 'output'> {
  readonly write?: boolean;
}

/**
 * `omni config migrate`. The text of a client's file, which may hold secrets, goes to stdout only where it is
 * not written.
 *
 * @returns The exit code: 1 where something is left for people.
 */
export async function runConfigMigrate(
  options: MigrateConfigOptions,
  context: CommandContext,
): Promise<number> {
  const isWriting = options.write === true;
  const { terminal } = context;
  const files = await migrateConfiguration(options.config, terminal.environment, { isWriting });
  const facts = {
    schemaVersion: 1,
    isWritten: isWriting,
    files: files.map(({ text, ...file }) => (isWriting ? file : { ...file, text })),
  };
  const told = files.flatMap(({ file, target, client, changes, losses }) => [
    ...changes,
    ...losses.map((loss) => `left: ${loss}`),
    client === undefined
      ? `${file} ${changes.length === 0 ? 'is up to date' : isWriting ? 'was changed' : 'would be changed; --write does it'}`
      : `${file} is a file of ${client}, and stays; ${target} ${isWriting ? 'was written' : 'would be written with --write'}`,
  ]);
  if (options.output === 'json' || isWriting) print(context, options, facts, told);
  else {
    terminal.writeErr(told.map((line) => `${line}\n`).join(''));
    const texts = files.filter(({ client, changes }) => client !== undefined || changes.length > 0);
    terminal.writeOut(texts.map(({ text }) => text).join('---\n'));
  }
  return files.some(({ losses }) => losses.length > 0) ? 1 : 0;
}
