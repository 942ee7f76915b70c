import { loadConfiguration } from '@omni/container/node';
import { checkVerdict, configurationReport } from '@omni/master-server';
import type { CommandContext } from '../../connection/target.ts';
import { layersOf, print, type ConfigOptions } from './config-options.ts';

/** `omni config validate`. @returns The exit code: 4 where nothing could be served. */
export async function runConfigValidate(options: ConfigOptions, context: CommandContext): Promise<number> {
  const { terminal } = context;
  const configuration = await loadConfiguration(options.config, terminal.environment, layersOf(options));
  const { text, exitCode } = checkVerdict(options.config, configuration);
  const { upstreams, warnings, notes } = configuration;
  const servers = upstreams.map(({ name, enabled, disabledReason, flaw }) => ({
    name,
    enabled,
    ...(disabledReason !== undefined && { disabledReason }),
    ...(flaw !== undefined && { problems: flaw.split('\n') }),
  }));
  if (options.output === 'text') terminal.writeErr(configurationReport(configuration));
  const facts = { schemaVersion: 1, valid: exitCode === 0, servers, warnings, notes };
  print(context, options, facts, [text.trimEnd()]);
  return exitCode;
}
