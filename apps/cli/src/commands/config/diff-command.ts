import { compareConfigurations } from '@omni/container/node';
import type { CommandContext } from '../../connection/target.ts';
import { print, valueText, type ConfigOptions } from './config-options.ts';

/** `omni config diff`. @returns The exit code: 1 where the two differ, as diff has it. */
export async function runConfigDiff(
  [before, after]: readonly [string, string],
  options: Pick<ConfigOptions, 'output'>,
  context: CommandContext,
): Promise<number> {
  const differences = await compareConfigurations(before, after, context.terminal.environment);
  const lines = differences.flatMap(({ key, before: was, after: is }) => [
    ...(was === undefined ? [] : [`- ${key}: ${valueText(was.value)}`]),
    ...(is === undefined ? [] : [`+ ${key}: ${valueText(is.value)}`]),
  ]);
  print(context, options, { schemaVersion: 1, differences }, lines);
  return differences.length === 0 ? 0 : 1;
}
