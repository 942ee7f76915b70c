import { childrenOf } from '../harness/processes.ts';
import { jsonOf } from './answer-text.ts';
import { documentProblem } from './judge.ts';
import type { OmniProcess, UpstreamDetails } from './omni-process.ts';
import { send } from './raw-http.ts';
import { callText, modernPost } from './request-bytes.ts';

/** How a call to a tool of a bad server ended. */
export interface CallOutcome {
  /** What the tool gave back. */
  readonly value: unknown;
  /** Code of the error table. */
  /** Of the error, or of what has cut a call whose outcome is unknown. */
  readonly code: string | undefined;
  readonly message: string;
  readonly tookMs: number;
  /** What is wrong with the form of the answer. */
  readonly problem: string | undefined;
}

/** What rows about servers work with. */
export interface StdioContext {
  readonly omni: OmniProcess;
  /** Calls a tool of a server through the endpoint of all. */
  call(server: string, tool: string, args?: Readonly<Record<string, unknown>>): Promise<CallOutcome>;
  details(server: string): Promise<UpstreamDetails>;
  /** The process of a server, found by a word of its command line. */
  processOf(word: string): number | undefined;
  /** A folder for files of the servers. */
  readonly folder: string;
}

interface CallAnswer {
  readonly result?: { readonly structuredContent?: { readonly value?: unknown } };
  readonly error?: {
    readonly message?: string;
    readonly data?: { readonly code?: string; readonly cause?: string };
  };
}

const WITHIN_MS = 20_000;

export function stdioContext(omni: OmniProcess, folder: string): StdioContext {
  return {
    omni,
    folder,
    details: omni.upstream,
    processOf: (word) => childrenOf(omni.pid).find(({ command }) => command.includes(word))?.pid,
    call: async (server, tool, args = {}) => {
      const name = `${server}__${tool}`;
      const bytes = modernPost(callText({ name: JSON.stringify(name), args: JSON.stringify(args) }), [
        ['Mcp-Name', name],
      ]);
      const { answers, tookMs } = await send({ port: omni.port, bytes, withinMs: WITHIN_MS });
      const [answer] = answers;
      if (answer === undefined)
        return { value: undefined, code: undefined, message: '', tookMs, problem: 'no answer' };
      // Members are optional, and only these are looked at.
      const { result, error } = JSON.parse(jsonOf(answer)) as CallAnswer;
      return {
        value: result?.structuredContent?.value,
        code: error?.data?.cause ?? error?.data?.code,
        message: error?.message ?? '',
        tookMs,
        problem: documentProblem(answer),
      };
    },
  };
}
