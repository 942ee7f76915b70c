import { jsonText } from '@omni/ports';
import { type Command, Option } from 'commander';
import type { CommandContext } from '../../connection/target.ts';
import type { Outcome } from '../outcome.ts';
import { setOption } from '../set-option.ts';
import type { ConfigOptions } from './config-options.ts';
import type { EnvExampleOptions } from './env-example-command.ts';
import type { MigrateConfigOptions } from './migrate-command.ts';
import { addRunningConfig } from './running-commands.ts';
import type { ShowOptions } from './show-command.ts';
import type { TestOptions } from './test-command.ts';

const OUTPUTS: readonly ConfigOptions['output'][] = ['text', 'json'];

/** `omni config`. Each command loads what it needs when it runs. */
export function addConfig(program: Command, context: CommandContext, outcome: Outcome): void {
  const config = program
    .command('config')
    .description('look at a configuration, and change that of the Omni that runs');
  const output = (): Option =>
    new Option('-o, --output <format>', 'output format').choices(OUTPUTS).default('text');
  const add = (usage: string, summary: string): Command =>
    config
      .command(usage)
      .description(summary)
      .requiredOption('-c, --config <path>', 'configuration: a file or a folder')
      .addOption(output());
  const addLayered = (usage: string, summary: string): Command =>
    add(usage, summary)
      .option('--strict', 'one server that is wrong stops all of them')
      .addOption(setOption());
  addLayered('validate', 'say everything that is wrong').action(async (given: ConfigOptions) => {
    const { runConfigValidate } = await import('./validate-command.ts');
    outcome.exitCode = await runConfigValidate(given, context);
  });
  addLayered('show', 'print what is set, without what may be secret')
    .option('--origin', 'say where each setting comes from')
    .option('--defaults', 'print what nobody has set, too')
    .action(async (given: ShowOptions) => {
      const { runConfigShow } = await import('./show-command.ts');
      outcome.exitCode = await runConfigShow(given, context);
    });
  addLayered(
    'explain <key>',
    'say what a setting means and who has set it; server.NAME: all of a server',
  ).action(async (key: string, given: ConfigOptions) => {
    const { runConfigExplain } = await import('./explain-command.ts');
    outcome.exitCode = await runConfigExplain(key, given, context);
  });
  config
    .command('schema')
    .description('print the JSON Schema of a configuration, for editors')
    .action(async () => {
      const { configurationJsonSchema } = await import('@omni/container/node');
      context.terminal.writeOut(`${jsonText(configurationJsonSchema(), 2)}\n`);
    });
  config
    .command('diff <before> <after>')
    .description('say what a file or folder says differently from another')
    .addOption(output())
    .action(async (before: string, after: string, given: Pick<ConfigOptions, 'output'>) => {
      const { runConfigDiff } = await import('./diff-command.ts');
      outcome.exitCode = await runConfigDiff([before, after], given, context);
    });
  add('env-example', 'print the variables that a configuration names')
    .option('--check', 'end with 1 where the file says something else')
    .option('--write', 'write the file')
    .option('--file <path>', 'the file (default: .env.example beside the configuration)')
    .action(async (given: EnvExampleOptions) => {
      const { runEnvExample } = await import('./env-example-command.ts');
      outcome.exitCode = await runEnvExample(given, context);
    });
  add('migrate', "bring old names up to date, or a client's file into Omni's own shape")
    .option('--write', "replace the file; of a client's, write omni.yaml beside it")
    .action(async (given: MigrateConfigOptions) => {
      const { runConfigMigrate } = await import('./migrate-command.ts');
      outcome.exitCode = await runConfigMigrate(given, context);
    });
  addLayered('test', 'run what the configuration expects of itself under "tests"')
    .option('--timeout <duration>', 'longest wait for servers to start', '15s')
    .action(async (given: TestOptions) => {
      const { runConfigTest } = await import('./test-command.ts');
      outcome.exitCode = await runConfigTest(given, context);
    });
  addRunningConfig(config, context, outcome);
}
