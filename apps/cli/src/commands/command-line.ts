import { exitCodeFor, failureText } from '@omni/master-server';
import { GatewayError } from '@omni/ports';
import { CommanderError } from 'commander';
import { failureJson } from '../output/failure-json.ts';
import type { Outcome } from './outcome.ts';
import { createProgram } from './program.ts';
import type { CommandContext } from '../connection/target.ts';

/**
 * Runs one command line and tells on stderr what went wrong.
 *
 * @param argv - Without Node and the script.
 * @returns The exit code; never throws.
 */
export async function runCommandLine(argv: readonly string[], context: CommandContext): Promise<number> {
  const outcome: Outcome = { exitCode: 0 };
  const program = createProgram(context, outcome);
  try {
    await program.parseAsync(argv.length === 0 ? ['help'] : [...argv], { from: 'user' });
    return outcome.exitCode;
  } catch (error) {
    // Help and version end by throwing, too.
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    const failure =
      error instanceof CommanderError
        ? usageFailure(
            error,
            argv,
            program.commands.map((command) => command.name()),
          )
        : error;
    context.terminal.writeErr(
      asksForJson(argv) ? failureJson(failure) : failureText(failure, { debug: argv.includes('--debug') }),
    );
    return exitCodeFor(failure);
  }
}

function usageFailure(
  { code, message }: CommanderError,
  argv: readonly string[],
  commands: readonly string[],
): GatewayError {
  // Help that was not asked for: of a command that does not exist, or because there is none.
  const said =
    code === 'commander.help'
      ? 'there is no such command, or none is given'
      : message.replace(/^error: /, '');
  const [first = '', ...suggestion] = said.split('\n');
  const own = suggestion.join(' ').replace(/^\((.*)\)$/, '$1');
  const command = argv.find((word) => commands.includes(word));
  const help =
    command === undefined || first.startsWith('unknown command') ? 'omni help' : `omni ${command} --help`;
  return new GatewayError('OMNI_USAGE', first, { hint: own === '' ? `${help} prints what there is.` : own });
}

function asksForJson(argv: readonly string[]): boolean {
  return argv.some(
    (word, index) =>
      /^(?:-o|--output)=?json$/.test(word) || (/^(?:-o|--output)$/.test(word) && argv[index + 1] === 'json'),
  );
}
