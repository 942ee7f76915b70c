import { readFileSync } from 'node:fs';
import { LOG_LEVELS, type LogLevel } from '@omni/master-server';
import { jsonText } from '@omni/ports';
import { Argument, Command, Option } from 'commander';
import type { CALL_FORMATS } from './call-command.ts';
import { completionScript, SHELLS, type CompletedCommand, type Shell } from './completion-script.ts';
import { parseDuration } from '../output/duration.ts';
import type { LIST_FORMATS } from '../output/server-list.ts';
import { addConfig } from './config/config-commands.ts';
import type { SecretsOptions } from './secrets-command.ts';
import type { StoreOptions } from './store-command.ts';
import type { CommandContext } from '../connection/target.ts';
import type { Outcome } from './outcome.ts';
import { setOption } from './set-option.ts';

const CALL_OUTPUTS: readonly (typeof CALL_FORMATS)[number][] = ['text', 'json'];
const STRICT = "one server that is wrong in a client's file, or a file of its own, stops all of them";
const STORE_OUTPUTS: readonly StoreOptions['output'][] = ['text', 'json'];
const LIST_OUTPUTS: readonly (typeof LIST_FORMATS)[number][] = ['table', 'json', 'name'];

/**
 * The tree of commands. Each loads what it needs when it runs, so that help and version stay fast.
 *
 * @param outcome - Gets the exit code of the command that runs.
 */
export function createProgram(context: CommandContext, outcome: Outcome): Command {
  const { terminal } = context;
  const program = new Command('omni')
    .description('One endpoint in front of many MCP servers')
    .version(version())
    .option('--debug', 'show stacks of errors, and log what happens')
    .exitOverride()
    // Whatever goes wrong is thrown, and told in one form.
    .configureOutput({ writeOut: (text) => terminal.writeOut(text), writeErr() {}, outputError() {} });
  addServing(program, outcome);
  addCalling(program, context, outcome);
  addStore(program, context, outcome);
  addSecrets(program, context, outcome);
  addConfig(program, context, outcome);
  addAbout(program, context);
  return program;
}

interface GivenServing {
  readonly config?: string;
  readonly strict?: boolean;
  readonly set?: readonly string[];
  readonly listen?: string;
  readonly logLevel?: LogLevel;
  readonly check?: boolean;
  readonly json?: boolean;
  readonly server?: string;
}

function addServing(program: Command, outcome: Outcome): void {
  const level = (): Option =>
    new Option('--log-level <level>', 'lowest severity that is logged').choices([...LOG_LEVELS]);
  program
    .command('serve')
    .description('serve a configuration over HTTP')
    .option(
      '-c, --config <path>',
      'configuration: a file or a folder (default: that of the user, else omni.yaml here)',
    )
    .option('--listen <host:port>', 'address to listen on; port 0 picks a free one')
    .addOption(level())
    .option('--check', 'validate the configuration and end')
    .option('--strict', STRICT)
    .addOption(setOption())
    .option('--json', 'print URL and token file as one line of JSON on stdout')
    .action(async ({ check = false, json = false, ...given }: GivenServing) => {
      const { runServe } = await import('@omni/master-server');
      outcome.exitCode = await runServe({ ...given, check, json });
    });
  program
    .command('stdio')
    .description('serve a configuration to one client on stdin and stdout')
    .option(
      '-c, --config <path>',
      'configuration: a file or a folder (default: that of the user, else omni.yaml here)',
    )
    .option('--server <name>', 'show only this server, under its own names')
    .option('--strict', STRICT)
    .addOption(setOption())
    .addOption(level())
    .action(async (given: GivenServing) => {
      const { runStdio } = await import('@omni/master-server');
      outcome.exitCode = await runStdio(given);
    });
}

interface GivenTarget {
  readonly config?: string;
  readonly strict?: boolean;
  readonly url?: string;
  readonly token?: string;
  readonly timeout: string;
}

interface GivenCall extends GivenTarget {
  readonly args?: string;
  readonly progress?: boolean;
  readonly output: (typeof CALL_FORMATS)[number];
  readonly saveMedia?: string;
}

interface GivenLs extends GivenTarget {
  readonly output: (typeof LIST_FORMATS)[number];
}

function addCalling(program: Command, context: CommandContext, outcome: Outcome): void {
  const isDebugging = (): boolean => program.opts()['debug'] === true;
  withTarget(program.command('ls').description('list servers and their status'))
    .option('--timeout <duration>', 'longest wait for servers to start', '15s')
    .addOption(new Option('-o, --output <format>', 'output format').choices(LIST_OUTPUTS).default('table'))
    .action(async ({ timeout, ...given }: GivenLs) => {
      const timeoutMs = parseDuration(timeout);
      const { runLs } = await import('./ls-command.ts');
      outcome.exitCode = await runLs({ ...given, timeoutMs, debug: isDebugging() }, context);
    });
  withTarget(program.command('call').description('call one tool'))
    .argument('<tool>', 'server/tool')
    .argument('[arguments...]', 'key=value converted to what the tool expects, key:=json as written')
    .option('--args <json>', 'arguments as one JSON object, @file, or - for stdin')
    .option('--timeout <duration>', 'longest wait for the result', '60s')
    .option('--progress', 'show progress on stderr (default on a terminal)')
    .option('--no-progress', 'show no progress')
    .addOption(new Option('-o, --output <format>', 'output format').choices(CALL_OUTPUTS).default('text'))
    .option('--save-media <folder>', 'save images, sound and other binary content to this folder')
    .action(async (tool: string, words: readonly string[], { timeout, ...given }: GivenCall) => {
      const timeoutMs = parseDuration(timeout);
      const { runCall } = await import('./call-command.ts');
      outcome.exitCode = await runCall(tool, words, { ...given, timeoutMs, debug: isDebugging() }, context);
    });
}

/** Adds the options that select the gateway: one started for this command, or a running one. */
function withTarget(command: Command): Command {
  return command
    .option('-c, --config <path>', 'run this configuration for the length of the command')
    .option('--strict', STRICT)
    .option('--url <url>', 'a running gateway (default http://127.0.0.1:7431)')
    .option('--token <token>', 'its token; OMNI_TOKEN is safer (default: the token of this user)');
}

function addStore(program: Command, context: CommandContext, outcome: Outcome): void {
  const store = program.command('store').description('look after what Omni keeps in its state folder');
  const add = (usage: string, summary: string): Command =>
    store
      .command(usage)
      .description(summary)
      .option('-c, --config <path>', 'configuration whose storage.url is meant')
      .addOption(new Option('-o, --output <format>', 'output format').choices(STORE_OUTPUTS).default('text'));
  add('check', 'look for damage; a gateway may run').action(async (given: StoreOptions) => {
    const { runStoreCheck } = await import('./store-command.ts');
    outcome.exitCode = await runStoreCheck(given, context);
  });
  add('backup <file>', 'write a copy to a new file; a gateway may run').action(
    async (file: string, given: StoreOptions) => {
      const { runStoreBackup } = await import('./store-command.ts');
      outcome.exitCode = await runStoreBackup(file, given, context);
    },
  );
  add('restore <file>', 'put a copy in the place of what is there, and keep that').action(
    async (file: string, given: StoreOptions) => {
      const { runStoreRestore } = await import('./store-command.ts');
      outcome.exitCode = await runStoreRestore(file, given, context);
    },
  );
}

interface GivenMigrate extends SecretsOptions {
  readonly write?: boolean;
}

function addSecrets(program: Command, context: CommandContext, outcome: Outcome): void {
  const secrets = program.command('secrets').description('keep secrets out of configurations');
  const add = (usage: string, summary: string): Command =>
    secrets
      .command(usage)
      .description(summary)
      .option('-c, --config <path>', 'configuration whose "secrets" is meant (default: the sealed file)')
      .addOption(new Option('-o, --output <format>', 'output format').choices(STORE_OUTPUTS).default('text'));
  add('ls', 'list the names of secrets').action(async (given: SecretsOptions) => {
    const { runSecretsLs } = await import('./secrets-command.ts');
    outcome.exitCode = await runSecretsLs(given, context);
  });
  add('set <name>', 'keep a secret, read from stdin or typed').action(
    async (name: string, given: SecretsOptions) => {
      const { runSecretsSet } = await import('./secrets-command.ts');
      outcome.exitCode = await runSecretsSet(name, given, context);
    },
  );
  add('rm <name>', 'forget a secret').action(async (name: string, given: SecretsOptions) => {
    const { runSecretsRm } = await import('./secrets-command.ts');
    outcome.exitCode = await runSecretsRm(name, given, context);
  });
  add('migrate', 'move secrets out of a configuration')
    .option('--write', 'do it; without, say what would be done')
    .action(async (given: GivenMigrate) => {
      const { runSecretsMigrate } = await import('./secrets-command.ts');
      outcome.exitCode = await runSecretsMigrate(given, context);
    });
  add('rotate', 'seal the file of secrets with a new key').action(async (given: SecretsOptions) => {
    const { runSecretsRotate } = await import('./secrets-command.ts');
    outcome.exitCode = await runSecretsRotate(given, context);
  });
  add('backend', 'say where secrets are kept, and whether that works').action(
    async (given: SecretsOptions) => {
      const { runSecretsBackend } = await import('./secrets-command.ts');
      outcome.exitCode = await runSecretsBackend(given, context);
    },
  );
}

function addAbout(program: Command, { terminal }: CommandContext): void {
  program
    .command('version')
    .description('print the version')
    .option('--json', 'as JSON')
    .action(({ json }: { readonly json?: boolean }) => {
      const facts = { omni: version(), node: process.versions.node };
      terminal.writeOut(json === true ? `${jsonText(facts)}\n` : `omni ${facts.omni} (Node ${facts.node})\n`);
    });
  program
    .command('schema')
    .description('print the JSON Schema of a configuration, for editors')
    .action(async () => {
      const { configurationJsonSchema } = await import('@omni/container/node');
      terminal.writeOut(`${jsonText(configurationJsonSchema(), 2)}\n`);
    });
  program
    .command('completion')
    .description('print the completion script for a shell')
    .addArgument(new Argument('<shell>').choices(SHELLS))
    .action((shell: Shell) => terminal.writeOut(completionScript(shell, completedCommands(program))));
}

function completedCommands(program: Command): readonly CompletedCommand[] {
  return program.commands.map((command) => ({
    name: command.name(),
    summary: command.description(),
    commands: command.commands.map((inner) => inner.name()),
    options: [command, ...command.commands]
      .flatMap(({ options }) => options)
      .filter(isFirstOfItsName)
      .map((option) => ({
        long: option.long ?? option.flags,
        summary: option.description,
        takesValue: option.required,
      })),
  }));
}

/** Commands of one command have options in common. */
function isFirstOfItsName({ long }: Option, index: number, options: readonly Option[]): boolean {
  return options.findIndex((other) => other.long === long) === index;
}

function version(): string {
  // Written by npm, and by us: it has a version.
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    readonly version: string;
  };
  return manifest.version;
}
