import { viewConfiguration } from '@omni/container/node';
import type { CommandContext } from '../../connection/target.ts';
import { textTable } from '../../output/text-table.ts';
import { layersOf, print, valueText, type ConfigOptions } from './config-options.ts';

export interface ShowOptions extends ConfigOptions {
  /** With where each setting comes from. */
  readonly origin?: boolean;
  /** With what nobody has set. */
  readonly defaults?: boolean;
}

/** `omni config show`: what the layers say, without what may be secret. @returns The exit code. */
export async function runConfigShow(options: ShowOptions, context: CommandContext): Promise<number> {
  const { settings, servers } = await viewConfiguration(
    options.config,
    context.terminal.environment,
    layersOf(options),
  );
  const shown = settings.filter(({ layer }) => options.defaults === true || layer !== 'default');
  const rows = shown.map(({ key, value, layer, place }) => [
    key,
    shortened(valueText(value)),
    ...(options.origin === true ? [layer, place ?? ''] : []),
  ]);
  const heading = ['KEY', 'VALUE', ...(options.origin === true ? ['LAYER', 'PLACE'] : [])];
  const facts = {
    schemaVersion: 1,
    settings: shown.map(({ under, ...setting }) =>
      options.origin === true ? { ...setting, under } : setting,
    ),
    servers,
  };
  print(
    context,
    options,
    facts,
    textTable([heading, ...rows])
      .trimEnd()
      .split('\n'),
  );
  return 0;
}

const MAX_WIDTH = 60;

function shortened(text: string): string {
  return text.length > MAX_WIDTH ? `${text.slice(0, MAX_WIDTH - 1)}…` : text;
}
