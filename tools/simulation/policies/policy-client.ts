import {
  type ClientConnection,
  type ClientListener,
  LEGACY_VERSION,
  MODERN_VERSION,
} from '../clients/client-connection.ts';
import type { History, Reply } from './history.ts';
import { askedBy, type PlannedCall, type PlannedClient, requestOf } from './plan.ts';

const RESPONSE_ID = /^\{"jsonrpc":"2\.0","id":(\d+),/;
const PROGRESS = /"method":"notifications\/progress".*"progressToken":"([^"]+)"/;
const VERSION = `"io.modelcontextprotocol/protocolVersion":"${MODERN_VERSION}"`;
const TASKS = '{"extensions":{"io.modelcontextprotocol/tasks":{}}}';

/** A client that makes the calls of a plan, and writes down what it is told. */
export class PolicyClient {
  readonly #plan: PlannedClient;
  readonly #history: History;
  readonly #connect: () => ClientConnection;
  #connection: ClientConnection;
  readonly #pending = new Map<number, PlannedCall>();
  /** What was asked about tasks of calls. */
  readonly #looks = new Map<number, PlannedCall>();
  /** The same, of the tasks of others. */
  readonly #spied = new Map<number, PlannedCall>();
  readonly #ids = new Map<string, number>();
  #lastId = 0;

  constructor(
    plan: PlannedClient,
    history: History,
    connect: (plan: PlannedClient, listener: ClientListener) => ClientConnection,
  ) {
    this.#plan = plan;
    this.#history = history;
    this.#connect = () =>
      connect(plan, {
        onMessage: (text) => this.#onMessage(text),
        onOver: (id) => {
          const call = id === undefined ? undefined : this.#pending.get(id);
          if (call !== undefined)
            history.replied(call.id, { kind: 'strange', text: 'its exchange has ended' });
          if (id !== undefined) this.#pending.delete(id);
        },
        onMore: () => history.surplus.push(plan.name),
      });
    this.#connection = this.#connect();
    if (plan.era === 'modern') return;
    const info = `"capabilities":{},"clientInfo":{"name":"of ${plan.user}","version":"1"}`;
    this.#request('initialize', `"protocolVersion":"${LEGACY_VERSION}",${info}`);
  }

  call(planned: PlannedCall): void {
    const { method, name, params } = requestOf(planned);
    const meta = [
      ...this.#envelope,
      ...(planned.key === undefined ? [] : [`"io.omni/idempotency-key":"${planned.key}"`]),
      ...(planned.wantsProgress ? [`"progressToken":"${planned.id}"`] : []),
    ];
    this.#history.sent(planned.id);
    const whole = meta.length === 0 ? params : `${params},"_meta":{${meta.join(',')}}`;
    const id = this.#request(method, whole, name.slice(0), planned);
    this.#ids.set(planned.id, id);
  }

  cancel({ id: call }: PlannedCall): void {
    const id = this.#ids.get(call);
    if (id === undefined || !this.#pending.delete(id)) return;
    this.#history.cancelled(call);
    this.#connection.cancel(id);
  }

  /** Asks how the task of a call is, be it one of its own or not. */
  look(planned: PlannedCall): void {
    const { reply, result } = this.#history.calls.get(planned.id) ?? {};
    if (reply?.kind !== 'task' || result !== undefined) return;
    const { id } = reply;
    const params = `"taskId":"${id}","_meta":{${this.#envelope.join(',')}}`;
    const looks = planned.client === this.#plan.name ? this.#looks : this.#spied;
    looks.set(this.#request('tasks/get', params, id), planned);
  }

  /** Omni is gone, with all connections. */
  lose(): void {
    for (const { id } of this.#pending.values()) this.#history.lost(id);
    this.#pending.clear();
    this.#looks.clear();
    this.#spied.clear();
    this.#connection.close(true);
  }

  /** Omni is there again. */
  reconnect(): void {
    this.#connection = this.#connect();
  }

  close(): void {
    this.#connection.close(false);
  }

  get #envelope(): readonly string[] {
    const { era, declaresTasks = false } = this.#plan;
    const declared = `"io.modelcontextprotocol/clientCapabilities":${declaresTasks ? TASKS : '{}'}`;
    return era === 'modern' ? [VERSION, declared] : [];
  }

  #request(method: string, params: string, name?: string, call?: PlannedCall): number {
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
    const spied = this.#spied.get(id);
    if (spied !== undefined) {
      this.#spied.delete(id);
      if (text.includes('"status":"')) this.#history.seenByOthers.push(spied.id);
      return;
    }
    const looked = this.#looks.get(id);
    if (looked !== undefined) {
      this.#looks.delete(id);
      if (!/"status":"(?:working|input_required)"/.test(text))
        this.#history.resulted(looked.id, replyOf(looked, text));
      return;
    }
    if (call === undefined) {
      if (id === 1 && this.#plan.era === 'legacy')
        this.#connection.notify('{"jsonrpc":"2.0","method":"notifications/initialized"}');
      return;
    }
    this.#pending.delete(id);
    this.#history.replied(call.id, replyOf(call, text));
  }
}

function replyOf(call: PlannedCall, text: string): Reply {
  const mark = new RegExp(`"${askedBy(call)}#(\\d+)"`).exec(text)?.[1];
  if (mark !== undefined) return { kind: 'answer', attempt: Number(mark) };
  const task = /"resultType":"task","taskId":"([^"]+)"/.exec(text)?.[1];
  if (task !== undefined) return { kind: 'task', id: task };
  const told = /"code":"(OMNI_[A-Z_]+)"/.exec(text)?.[1];
  const isUnknown = told === 'OMNI_OUTCOME_UNKNOWN';
  const code = isUnknown ? (/"cause":"(OMNI_[A-Z_]+)"/.exec(text)?.[1] ?? told) : told;
  if (code === undefined) return { kind: 'strange', text };
  const limit = /"limit":"([a-z]+)"/.exec(text)?.[1];
  return { kind: 'error', code, ...(limit !== undefined && { limit }), ...(isUnknown && { isUnknown }) };
}
