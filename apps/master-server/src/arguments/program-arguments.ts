import { parseArgs } from 'node:util';
import { GatewayError } from '@omni/ports';
import { LOG_LEVELS, type LogLevel } from './log-level.ts';
import type { ServeOptions } from '../serve.ts';
import type { StartOptions } from '../start.ts';
import type { StdioOptions } from '../stdio.ts';

/** What the command line asks for. */
export type ProgramRequest =
  | { readonly command: 'serve'; readonly options: ServeOptions }
  | { readonly command: 'stdio'; readonly options: StdioOptions }
  | { readonly command: 'start'; readonly options: StartOptions }
  | { readonly command: 'help' };

export const USAGE = `Usage: main <command> [options]

  start  [--config FILE|DIR] [--strict] [--set KEY=VALUE]… [--listen HOST:PORT] [--log-level LEVEL]
         serve with everything to paste into a client; without --config in front of two demo servers
  serve  [--config FILE|DIR] [--listen HOST:PORT] [--log-level LEVEL] [--check] [--strict] [--json] [--set KEY=VALUE]…
  stdio  [--config FILE|DIR] [--server NAME] [--strict] [--log-level LEVEL] [--set KEY=VALUE]…

Without --config: that of the user, else omni.yaml here once it was approved (omni config approve).
--strict: one server that is wrong in a client's file stops all of them.
--set: a setting over those of the files, such as server.drain=30s; any number of times.
LEVEL is debug, info, warn or error.
`;

const HELP = ['--help', '-h'];
const TEXT = { type: 'string' } as const;
const FLAG = { type: 'boolean' } as const;
const TEXTS = { type: 'string', multiple: true } as const;

/** @throws {@link GatewayError} `OMNI_USAGE` */
export function parseProgramArguments(argv: readonly string[]): ProgramRequest {
  const [command, ...rest] = argv;
  if (command === undefined || command === 'help' || argv.some((word) => HELP.includes(word)))
    return { command: 'help' };
  switch (command) {
    case 'serve': {
      const values = parse(rest, {
        config: TEXT,
        listen: TEXT,
        'log-level': TEXT,
        check: FLAG,
        strict: FLAG,
        json: FLAG,
        set: TEXTS,
      });
      return {
        command,
        options: {
          ...reading(values),
          ...listening(values),
          check: values.check ?? false,
          json: values.json ?? false,
        },
      };
    }
    case 'stdio': {
      const values = parse(rest, { config: TEXT, server: TEXT, strict: FLAG, 'log-level': TEXT, set: TEXTS });
      return {
        command,
        options: {
          ...(values.server !== undefined && { server: values.server }),
          ...reading(values),
          ...listening(values),
        },
      };
    }
    case 'start': {
      const values = parse(rest, { config: TEXT, strict: FLAG, listen: TEXT, 'log-level': TEXT, set: TEXTS });
      return {
        command,
        options: {
          ...reading(values),
          ...listening(values),
        },
      };
    }
    default:
      throw new GatewayError('OMNI_USAGE', `There is no command "${command}"`, {
        hint: 'Commands are start, serve and stdio.',
      });
  }
}

type OptionTypes = Readonly<
  Record<string, { readonly type: 'string' | 'boolean'; readonly multiple?: boolean }>
>;

function parse<T extends OptionTypes>(
  args: readonly string[],
  options: T,
): ReturnType<typeof parseArgs<{ options: T }>>['values'] {
  try {
    return parseArgs({ args, options, strict: true, allowPositionals: false }).values;
  } catch (cause) {
    // Node's messages name the argument; they quote nothing else.
    const message = cause instanceof Error ? cause.message : 'The arguments cannot be read';
    throw new GatewayError('OMNI_USAGE', message, { cause, hint: '--help prints the options.' });
  }
}

interface ReadingOptions {
  readonly config?: string;
  readonly strict?: boolean;
  readonly set?: readonly string[];
}

function reading({ config, strict, set }: ReadingOptions): ReadingOptions {
  return {
    ...(config !== undefined && { config }),
    ...(strict !== undefined && { strict }),
    ...(set !== undefined && { set }),
  };
}

interface ListeningOptions {
  readonly listen?: string;
  readonly logLevel?: LogLevel;
}

function listening({
  listen,
  'log-level': level,
}: {
  readonly listen?: string;
  readonly 'log-level'?: string;
}): ListeningOptions {
  const logLevel = LOG_LEVELS.find((known) => known === level);
  if (level !== undefined && logLevel === undefined) {
    throw new GatewayError('OMNI_USAGE', `--log-level must be one of ${LOG_LEVELS.join(', ')}`);
  }
  return { ...(listen !== undefined && { listen }), ...(logLevel !== undefined && { logLevel }) };
}
