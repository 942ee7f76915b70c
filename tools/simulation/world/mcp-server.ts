import type { Choices } from '../engine/choices.ts';
import { type CallLedger, type LedgerCall, resultMark } from './call-ledger.ts';
import type { Host } from './host.ts';

/** A message that a server has received. */
export interface ServerMessage {
  readonly text: string;
  /** As it is written; absent in notifications. */
  readonly id: number | string | undefined;
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** What a server makes of a request. */
export type ServerAnswer =
  | { readonly kind: 'result'; readonly result: string; readonly progress: readonly string[] }
  | { readonly kind: 'error'; readonly code: number }
  /** A subscription: it is acknowledged and has no end of its own. */
  | { readonly kind: 'listen'; readonly acknowledgement: string }
  /** It never comes. */
  | { readonly kind: 'silence' };

const MODERN = '2026-07-28';
const PROGRESS_CHANCE = 0.3;
/** The share of answers that take as long as progress is told. */
const SLOW_FACTOR = 100;

export interface McpServerOptions {
  readonly host: Host;
  readonly ledger: CallLedger;
  readonly choices: Choices;
  /** Its tools are read. */
  readonly onListed: () => void;
  /** A server of the legacy era has got the envelope of the modern one. */
  readonly onEnvelope: (text: string) => void;
}

/** What a simulated server answers, whatever it is reached by. */
export class McpServer {
  readonly host: Host;
  readonly #ledger: CallLedger;
  readonly #choices: Choices;

  readonly #onListed: () => void;
  readonly #onEnvelope: (text: string) => void;

  constructor({ host, ledger, choices, onListed, onEnvelope }: McpServerOptions) {
    this.host = host;
    this.#ledger = ledger;
    this.#choices = choices;
    this.#onListed = onListed;
    this.#onEnvelope = onEnvelope;
  }

  read(text: string): ServerMessage {
    // Omni sends messages and nothing else.
    const value = JSON.parse(text) as {
      readonly id?: number | string;
      readonly method?: string;
      readonly params?: Readonly<Record<string, unknown>>;
    };
    return { text, id: value.id, method: value.method ?? '', params: value.params ?? {} };
  }

  /** Must be called for each message once, when it is received. */
  receive({ method, text }: ServerMessage): LedgerCall | undefined {
    if (
      this.host.plan.era === 'legacy' &&
      text.includes('io.modelcontextprotocol/clientCapabilities') &&
      method !== 'server/discover'
    )
      this.#onEnvelope(text);
    if (method === 'tools/list') this.#onListed();
    return method === 'tools/call' ? this.#ledger.onReceived(this.host.name, text) : undefined;
  }

  /** It is about to answer. */
  work({ method, text }: ServerMessage): void {
    if (method === 'tools/call') this.#ledger.onWorked(text);
  }

  /** It has answered. */
  answered({ method, text }: ServerMessage): void {
    if (method === 'tools/call') this.#ledger.onAnswered(text);
  }

  /** How long until it answers. */
  get answerMs(): number {
    const { answerMs } = this.host.plan;
    if (answerMs === 0 && !this.host.has('slow')) return 0;
    return Math.max(1, this.#choices.interval(answerMs) * (this.host.has('slow') ? SLOW_FACTOR : 1));
  }

  answerTo(message: ServerMessage): ServerAnswer {
    const { host } = this;
    const { method } = message;
    if (host.has('hang')) return { kind: 'silence' };
    const isHandshake = method === 'initialize' || method === 'server/discover';
    if (host.has('hang-at-handshake') && isHandshake) return { kind: 'silence' };
    if (host.has('pings-only') && method !== 'ping' && !isHandshake) return { kind: 'silence' };
    if (host.has('refuses-handshake') && isHandshake) return { kind: 'error', code: -32603 };
    if (host.has('error-answers') && method === 'tools/call') return { kind: 'error', code: -32603 };
    if (host.has('list-errors') && method.endsWith('/list')) return { kind: 'error', code: -32603 };
    const result = this.#resultOf(message);
    if (typeof result !== 'string') return result;
    return { kind: 'result', result: this.#complete(result), progress: this.#progressOf(message) };
  }

  #resultOf({ method, params, id }: ServerMessage): string | ServerAnswer {
    const isModern = this.host.plan.era === 'modern';
    const { name, tools } = this.host;
    const info = `"serverInfo":{"name":"${name}","version":"1"}`;
    const capabilities = '"capabilities":{"tools":{"listChanged":true},"resources":{},"logging":{}}';
    switch (method) {
      case 'initialize':
        return isModern
          ? { kind: 'error', code: -32601 }
          : `{"protocolVersion":"2025-11-25",${capabilities},${info}}`;
      case 'server/discover':
        return isModern
          ? `{"supportedVersions":["${MODERN}"],${capabilities},${info}}`
          : { kind: 'error', code: -32601 };
      case 'ping':
        return isModern ? { kind: 'error', code: -32601 } : '{}';
      case 'tools/list':
        if (this.host.has('same-cursor')) return '{"tools":[],"nextCursor":"again"}';
        return `{"tools":[${tools.map((tool) => `{"name":"${tool}","inputSchema":{"type":"object"}}`).join(',')}]}`;
      case 'resources/list':
        return `{"resources":[{"uri":"sim://${name}/r","name":"r"}]}`;
      case 'resources/read':
        return `{"contents":[{"uri":"sim://${name}/r","text":"of ${name}"}]}`;
      case 'resources/templates/list':
        return '{"resourceTemplates":[]}';
      case 'logging/setLevel':
        return '{}';
      case 'tools/call':
        return this.#called(params);
      case 'subscriptions/listen':
        return { kind: 'listen', acknowledgement: acknowledgement(id, params['notifications']) };
      default:
        return { kind: 'error', code: -32601 };
    }
  }

  #called(params: Readonly<Record<string, unknown>>): string | ServerAnswer {
    const { name, arguments: given } = params;
    if (!this.host.tools.includes(String(name))) return { kind: 'error', code: -32602 };
    // Clients of the simulation send a token with each call.
    const { token } = given as { readonly token: string };
    const mark = resultMark(token, this.host.name);
    return `{"content":[{"type":"text","text":"${token}"}],"structuredContent":${mark}}`;
  }

  #complete(result: string): string {
    return this.host.plan.era === 'modern'
      ? `{"resultType":"complete",${result.slice(1)}`.replace(',}', '}')
      : result;
  }

  #progressOf({ method, params }: ServerMessage): readonly string[] {
    const meta = params['_meta'];
    if (method !== 'tools/call' || typeof meta !== 'object' || meta === null || !('progressToken' in meta))
      return [];
    if (!this.#choices.chance(PROGRESS_CHANCE)) return [];
    const token = JSON.stringify(meta.progressToken);
    return [1, 2].map(
      (progress) =>
        `{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":${token},"progress":${progress},"total":2}}`,
    );
  }
}

export function responseText(
  id: number | string,
  answer: Exclude<ServerAnswer, { kind: 'silence' | 'listen' }>,
): string {
  const start = `{"jsonrpc":"2.0","id":${JSON.stringify(id)},`;
  return answer.kind === 'result'
    ? `${start}"result":${answer.result}}`
    : `${start}"error":{"code":${answer.code},"message":"refused by the simulation"}}`;
}

function acknowledgement(id: number | string | undefined, notifications: unknown): string {
  const meta = `"_meta":{"io.modelcontextprotocol/subscriptionId":${JSON.stringify(id)}}`;
  return `{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{${meta},"notifications":${JSON.stringify(notifications ?? {})}}}`;
}

/** What tells that the tools have changed, on a subscription or outside of one. */
export function listChangedText(subscription: number | string | undefined): string {
  const params =
    subscription === undefined
      ? ''
      : `,"params":{"_meta":{"io.modelcontextprotocol/subscriptionId":${JSON.stringify(subscription)}}}`;
  return `{"jsonrpc":"2.0","method":"notifications/tools/list_changed"${params}}`;
}
