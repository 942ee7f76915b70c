import { type Command, Option } from 'commander';
import type { CommandContext } from '../../connection/target.ts';
import type { Outcome } from '../outcome.ts';
import type { ConfigOptions } from './config-options.ts';

const OUTPUTS: readonly ConfigOptions['output'][] = ['text', 'json'];

type Given = Pick<ConfigOptions, 'output'>;

/** The commands of `omni config` about the Omni that runs, and about what it may serve. */
export function addRunningConfig(config: Command, context: CommandContext, outcome: Outcome): void {
  const add = (usage: string, summary: string): Command =>
    config
      .command(usage)
      .description(summary)
      .addOption(new Option('-o, --output <format>', 'output format').choices(OUTPUTS).default('text'));
  add('apply', 'bring into force what lies in the files, also what was held back').action(
    async (given: Given) => {
      const { runConfigApply } = await import('./running-command.ts');
      outcome.exitCode = await runConfigApply(given, context);
    },
  );
  add('approve', 'allow the omni.yaml of the working directory, as it is, to be served')
    .option('-c, --config <path>', 'another one')
    .action(async (given: Given & { readonly config?: string }) => {
      const { runConfigApprove } = await import('./running-command.ts');
      outcome.exitCode = await runConfigApprove(given, context);
    });
  add('history', 'list what was in force, newest first')
    .option('--limit <number>', 'most revisions', '20')
    .action(async (given: Given & { readonly limit: string }) => {
      const { runConfigHistory } = await import('./running-command.ts');
      outcome.exitCode = await runConfigHistory(given, context);
    });
  add('rollback <revision>', 'write the files as they were, and bring them into force').action(
    async (revision: string, given: Given) => {
      const { runConfigRollback } = await import('./running-command.ts');
      outcome.exitCode = await runConfigRollback(revision, given, context);
    },
  );
}
