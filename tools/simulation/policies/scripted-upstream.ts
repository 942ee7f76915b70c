import type { Attempt, AttemptEnd, History } from './history.ts';
import { askedBy, CAPABILITIES, type PlannedUpstream } from './plan.ts';

/** The way back of one request, of whichever transport. */
export interface ReplyLine {
  /** The answer, complete. */
  answer(text: string, headers?: readonly string[]): void;
  /** Something before the answer. */
  tell(text: string): void;
  /** A status without a JSON-RPC answer. */
  refuse(status: number, headers: readonly string[]): void;
  /** Breaks the connection; a process ends. */
  cut(at: 'request' | 'body' | 'stream', half: string): void;
  /** A notification was taken. */
  accept(): void;
}

export interface ScriptedUpstreamOptions {
  readonly plan: PlannedUpstream;
  readonly history: History;
  readonly after: (delayMs: number, action: () => void) => unknown;
}

const TOKEN = /"token":"([^"]+)"/;
const HINTS = {
  act: '',
  look: ',"annotations":{"readOnlyHint":true}',
  again: ',"annotations":{"idempotentHint":true}',
};
const MODERN = '2026-07-28';

/** A server that does with each attempt what the plan says, whatever it is reached by. */
export class ScriptedUpstream {
  readonly plan: PlannedUpstream;
  readonly #history: History;
  readonly #after: ScriptedUpstreamOptions['after'];
  /** Attempts that run, by their line. */
  readonly #running = new Map<ReplyLine, Attempt>();
  readonly #lines = new Map<string, ReplyLine>();

  constructor({ plan, history, after }: ScriptedUpstreamOptions) {
    this.plan = plan;
    this.#history = history;
    this.#after = after;
  }

  /** @param connection - Ids of requests are those of one. */
  receive(text: string, line: ReplyLine, connection = ''): void {
    // Omni sends messages and nothing else.
    const message = JSON.parse(text) as {
      readonly id?: number | string;
      readonly method: string;
      readonly params?: Readonly<Record<string, unknown>>;
    };
    const { id, method, params = {} } = message;
    if (id === undefined) {
      line.accept();
      if (method === 'notifications/cancelled')
        this.#takeBack(`${connection} ${String(params['requestId'])}`);
      return;
    }
    const attempt = isCall(method)
      ? this.#history.arrived(TOKEN.exec(text)?.[1] ?? '', this.plan)
      : undefined;
    if (attempt === undefined) {
      const answer = this.#answerTo(method);
      const session = method === 'initialize' ? ['mcp-session-id', 'scripted'] : [];
      const body =
        answer === undefined ? '"error":{"code":-32601,"message":"not here"}' : `"result":${answer}`;
      this.#after(1, () => line.answer(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},${body}}`, session));
      return;
    }
    this.#running.set(line, attempt);
    this.#lines.set(`${connection} ${String(id)}`, line);
    this.#play(attempt, line, { id, token: progressTokenIn(params), method });
  }

  /** Whoever asked has gone. */
  gone(line: ReplyLine): void {
    this.#end(line, { kind: 'taken-back' });
  }

  /** The process that all these are of has ended. */
  exited(lines: Iterable<ReplyLine>): void {
    for (const line of lines) this.#end(line, { kind: 'exit' });
  }

  #takeBack(key: string): void {
    const line = this.#lines.get(key);
    if (line !== undefined) this.#end(line, { kind: 'taken-back' });
  }

  /** @returns Whether it was running. */
  #end(line: ReplyLine, end: AttemptEnd): boolean {
    const attempt = this.#running.get(line);
    if (attempt === undefined) return false;
    this.#running.delete(line);
    this.#history.ended(attempt, end);
    return true;
  }

  #play(
    { mood, call, number }: Attempt,
    line: ReplyLine,
    { id, token, method }: { readonly id: number | string; readonly token: unknown; readonly method: string },
  ): void {
    if (mood.kind === 'silence') return;
    const tells =
      token !== undefined && mood.kind !== 'status' && (mood.kind !== 'cut' || mood.at === 'stream');
    if (tells)
      this.#after(mood.afterMs / 2, () => {
        if (this.#running.has(line)) line.tell(progressText(token));
      });
    const mark = `${askedBy(call.plan)}#${number}`;
    const start = `{"jsonrpc":"2.0","id":${JSON.stringify(id)},`;
    const result = `${start}"result":${this.#complete(resultOf(method, mark, mood.kind === 'tool-error'))}}`;
    this.#after(mood.afterMs, () => {
      switch (mood.kind) {
        case 'answer':
        case 'tool-error':
          if (this.#end(line, { kind: mood.kind })) line.answer(result);
          return;
        case 'error':
          if (this.#end(line, { kind: 'error' }))
            line.answer(`${start}"error":{"code":-32050,"message":"${mark}"}}`);
          return;
        case 'status': {
          const { status, retryAfterS } = mood;
          if (this.#end(line, { kind: 'status', status, ...(retryAfterS !== undefined && { retryAfterS }) }))
            line.refuse(status, retryAfterS === undefined ? [] : ['retry-after', String(retryAfterS)]);
          return;
        }
        case 'cut': {
          const how: AttemptEnd =
            this.plan.transport === 'stdio' ? { kind: 'exit' } : { kind: 'cut', at: mood.at };
          if (this.#end(line, how)) line.cut(mood.at, result.slice(0, result.length / 2));
        }
      }
    });
  }

  #answerTo(method: string): string | undefined {
    const isModern = this.plan.era === 'modern';
    const info = `"serverInfo":{"name":"${this.plan.name}","version":"1"}`;
    const capabilities = '"capabilities":{"tools":{},"prompts":{}}';
    switch (method) {
      case 'initialize':
        return isModern ? undefined : `{"protocolVersion":"2025-11-25",${capabilities},${info}}`;
      case 'server/discover':
        return isModern
          ? this.#complete(
              `{"supportedVersions":["${MODERN}"],${capabilities},"_meta":{"io.modelcontextprotocol/${info.slice(1)}},"ttlMs":60000,"cacheScope":"private"}`,
            )
          : undefined;
      case 'ping':
        return isModern ? undefined : '{}';
      case 'tools/list': {
        const tools = CAPABILITIES.filter((name) => name !== 'ask').map(
          (name) => `{"name":"${name}","inputSchema":{"type":"object"}${HINTS[name]}}`,
        );
        return this.#complete(`{"tools":[${tools.join(',')}]}`);
      }
      case 'prompts/list':
        return this.#complete('{"prompts":[{"name":"ask","arguments":[{"name":"token"}]}]}');
      default:
        return undefined;
    }
  }

  #complete(result: string): string {
    return this.plan.era === 'modern' ? `{"resultType":"complete",${result.slice(1)}` : result;
  }
}

function isCall(method: string): boolean {
  return method === 'tools/call' || method === 'prompts/get';
}

function resultOf(method: string, mark: string, isError: boolean): string {
  return method === 'prompts/get'
    ? `{"messages":[{"role":"user","content":{"type":"text","text":"${mark}"}}]}`
    : `{"content":[{"type":"text","text":"${mark}"}]${isError ? ',"isError":true' : ''}}`;
}

function progressTokenIn({ _meta: meta }: Readonly<Record<string, unknown>>): unknown {
  return typeof meta === 'object' && meta !== null && 'progressToken' in meta
    ? meta.progressToken
    : undefined;
}

function progressText(token: unknown): string {
  return `{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":${JSON.stringify(token)},"progress":1}}`;
}
