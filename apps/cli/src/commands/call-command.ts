import { readFile } from 'node:fs/promises';
import { GatewayError, jsonText, terminalText } from '@omni/ports';
import { withDeadline } from '../connection/deadline.ts';
import { textMember, type JsonObject } from '../output/json-value.ts';
import { mirroredHeaders } from './mirrored-headers.ts';
import type { Progress } from '../connection/rpc-message.ts';
import { saveMedia } from './save-media.ts';
import { openTarget } from '../connection/open-target.ts';
import type { CommandContext, TargetOptions } from '../connection/target.ts';
import { decodeUtf8, type Terminal } from '../output/terminal.ts';
import { parseArgumentObject, parseArgumentWords, toolArguments } from './tool-arguments.ts';
import { findTool } from './tool-lookup.ts';
import { withOwnerReport } from './owner-report.ts';
import { inputQuestions, mediaLine, resultParts } from '../output/tool-result.ts';

export const CALL_FORMATS = ['text', 'json'] as const;

export interface CallOptions extends TargetOptions {
  /** All arguments as JSON, `@file`, or `-` for stdin. */
  readonly args?: string;
  readonly timeoutMs: number;
  /** Whether progress shows on stderr; on a terminal when absent. */
  readonly progress?: boolean;
  readonly output: (typeof CALL_FORMATS)[number];
  /** Folder for images, sound and other bytes of the result. */
  readonly saveMedia?: string;
}

/** How long servers of a configuration may take to start, in milliseconds. */
const SETTLE_MS = 15_000;

/**
 * `omni call`: calls one tool and prints what it gives.
 *
 * @param written - The tool: `server/tool`.
 * @param words - Its arguments: `key=value`, `key:=json`.
 * @returns The exit code.
 */
export async function runCall(
  written: string,
  words: readonly string[],
  options: CallOptions,
  context: CommandContext,
): Promise<number> {
  const { terminal } = context;
  const argumentWords = parseArgumentWords(words);
  const base =
    options.args === undefined ? {} : parseArgumentObject(await argumentText(options.args, terminal));
  const showsProgress = options.progress ?? terminal.isInteractive.err;
  const onProgress = (progress: Progress): void =>
    showsProgress ? terminal.writeErr(progressLine(progress)) : undefined;
  const target = await openTarget(options, SETTLE_MS, context);
  try {
    const result = await withDeadline(options.timeoutMs, context.signal, async (signal) => {
      const { connection, name, inputSchema } = await findTool(written, target, { signal });
      const args = toolArguments({ tool: written, inputSchema, base, words: argumentWords });
      const headers = mirroredHeaders(inputSchema, args);
      return await connection.request(
        'tools/call',
        { name, arguments: args },
        { signal, onProgress, headers },
      );
    });
    if (textMember(result, 'resultType') === 'input_required') throw inputRequired(result);
    await print(result, written, options, terminal);
    return result['isError'] === true ? fail(written) : 0;
  } catch (error) {
    throw await withOwnerReport(error, target, context.signal);
  } finally {
    await target.close();
  }
}

function fail(written: string): never {
  throw new GatewayError('OMNI_TOOL_FAILED', `${written} reported a failure`);
}

async function argumentText(source: string, terminal: Terminal): Promise<string> {
  if (source === '-') return await terminal.readInput();
  if (!source.startsWith('@')) return source;
  const path = source.slice(1);
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new GatewayError('OMNI_USAGE', `${path} of --args cannot be read`, { cause });
  });
  return decodeUtf8(bytes, path);
}

async function print(
  result: JsonObject,
  written: string,
  options: CallOptions,
  terminal: Terminal,
): Promise<void> {
  if (options.output === 'json') return terminal.writeOut(`${jsonText(result, 2)}\n`);
  for (const part of resultParts(result)) {
    if (part.kind === 'text') {
      terminal.writeContent(part.text.endsWith('\n') ? part.text : `${part.text}\n`);
    } else if (options.saveMedia === undefined) {
      terminal.writeOut(`${mediaLine(part.media)}\n`);
    } else {
      terminal.writeOut(`${await saveMedia(options.saveMedia, written, part.media)}\n`);
    }
  }
}

function progressLine({ progress, total, message }: Progress): string {
  const amount = total === undefined ? String(progress) : `${progress}/${total}`;
  return `progress ${amount}${message === undefined ? '' : ` ${terminalText(message).replaceAll(/\s+/g, ' ')}`}\n`;
}

function inputRequired(result: JsonObject): GatewayError {
  const questions = inputQuestions(result);
  return new GatewayError(
    'OMNI_INPUT_REQUIRED',
    ['The tool asks for input, and this command cannot answer', ...questions].join('\n'),
  );
}
