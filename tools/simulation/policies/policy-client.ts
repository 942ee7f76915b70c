import {
  type ClientConnection,
  type ClientListener,
  LEGACY_VERSION,
  MODERN_VERSION,
} from '../clients/client-connection.ts';
import type { History, Reply } from './history.ts';
import { type PlannedCall, type PlannedClient, requestOf } from './plan.ts';

const RESPONSE_ID = /^\{"jsonrpc":"2\.0","id":(\d+),/;
const PROGRESS = /"method":"notifications\/progress".*"progressToken":"([^"]+)"/;
const ENVELOPE = `"io.modelcontextprotocol/protocolVersion":"${MODERN_VERSION}","io.modelcontextprotocol/clientCapabilities":{}`;

/** A client that makes the calls of a plan, and writes down what it is told. */
export class PolicyClient {
  readonly #plan: PlannedClient;
  readonly #history: History;
  readonly #connection: ClientConnection;
  readonly #pending = new Map<number, string>();
  readonly #ids = new Map<string, number>();
  #lastId = 0;

  constructor(
    plan: PlannedClient,
    history: History,
    connect: (plan: PlannedClient, listener: ClientListener) => ClientConnection,
  ) {
    this.#plan = plan;
    this.#history = history;
    this.#connection = connect(plan, {
      onMessage: (text) => this.#onMessage(text),
      onOver: (id) => {
        const call = id === undefined ? undefined : this.#pending.get(id);
        if (call !== undefined) history.replied(call, { kind: 'strange', text: 'its exchange has ended' });
        if (id !== undefined) this.#pending.delete(id);
      },
      onMore: () => history.surplus.push(plan.name),
    });
    if (plan.era === 'modern') return;
    const info = `"capabilities":{},"clientInfo":{"name":"${plan.name}","version":"1"}`;
    this.#request('initialize', `"protocolVersion":"${LEGACY_VERSION}",${info}`);
  }

  call(planned: PlannedCall): void {
    const { method, name, params } = requestOf(planned);
    const meta = [
      ...(this.#plan.era === 'modern' ? [ENVELOPE] : []),
      ...(planned.wantsProgress ? [`"progressToken":"${planned.id}"`] : []),
    ];
    this.#history.sent(planned.id);
    const whole = meta.length === 0 ? params : `${params},"_meta":{${meta.join(',')}}`;
    const id = this.#request(method, whole, name.slice(0), planned.id);
    this.#ids.set(planned.id, id);
  }

  cancel({ id: call }: PlannedCall): void {
    const id = this.#ids.get(call);
    if (id === undefined || !this.#pending.delete(id)) return;
    this.#history.cancelled(call);
    this.#connection.cancel(id);
  }

  close(): void {
    this.#connection.close(false);
  }

  #request(method: string, params: string, name?: string, call?: string): number {
    const id = ++this.#lastId;
    if (call !== undefined) this.#pending.set(id, call);
    const text = `{"jsonrpc":"2.0","id":${id},"method":"${method}","params":{${params}}}`;
    this.#connection.request(id, method, text, name);
    return id;
  }

  #onMessage(text: string): void {
    const progress = PROGRESS.exec(text)?.[1];
    if (progress !== undefined) return this.#history.shown(progress);
    const id = Number(RESPONSE_ID.exec(text)?.[1] ?? Number.NaN);
    const call = this.#pending.get(id);
    if (call === undefined) {
      if (id === 1 && this.#plan.era === 'legacy')
        this.#connection.notify('{"jsonrpc":"2.0","method":"notifications/initialized"}');
      return;
    }
    this.#pending.delete(id);
    this.#history.replied(call, replyOf(call, text));
  }
}

function replyOf(call: string, text: string): Reply {
  const mark = new RegExp(`"${call}#(\\d+)"`).exec(text)?.[1];
  if (mark !== undefined) return { kind: 'answer', attempt: Number(mark) };
  const told = /"code":"(OMNI_[A-Z_]+)"/.exec(text)?.[1];
  const isUnknown = told === 'OMNI_OUTCOME_UNKNOWN';
  const code = isUnknown ? /"cause":"(OMNI_[A-Z_]+)"/.exec(text)?.[1] : told;
  if (code === undefined) return { kind: 'strange', text };
  const limit = /"limit":"([a-z]+)"/.exec(text)?.[1];
  return { kind: 'error', code, ...(limit !== undefined && { limit }), ...(isUnknown && { isUnknown }) };
}
