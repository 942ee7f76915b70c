import type { RpcMessage } from '@omni/jsonrpc';
import { type CallHandler, internalCall, type RunningCall, type UpstreamAnswer, LISTEN } from '@omni/model';
import type { CancelTimer, GatewayError } from '@omni/ports';
import { changedList } from '../connection/mcp-notification.ts';
import { errorCodeOf, modernParams, promisesListChanged } from '../connection/mcp-revision.ts';
import type { ConnectionContext, ListKind, OpenConnection } from '../connection/open-connection.ts';
import { Backoff } from '../connection/backoff.ts';

export interface ListWatchOptions {
  readonly connection: OpenConnection;
  readonly context: ConnectionContext;
  readonly onChanged: (kinds: ReadonlySet<ListKind>) => void;
}

const FILTERS: ReadonlyArray<readonly [ListKind, string]> = [
  ['tools', 'toolsListChanged'],
  ['prompts', 'promptsListChanged'],
  ['resources', 'resourcesListChanged'],
];

/**
 * Keeps one subscription to the list changes of a modern upstream open, as far as the upstream promises any.
 *
 * @see MCP 2026-07-28, basic/subscriptions.
 */
export class ListWatch implements CallHandler {
  readonly #options: ListWatchOptions;
  readonly #backoff: Backoff;
  readonly #kinds: ReadonlySet<ListKind>;
  readonly #params: string;
  #call: RunningCall | undefined;
  #cancelRetry: CancelTimer | undefined;
  #acknowledgedAtMs: number | undefined;
  #wasOpen = false;
  #isStopped = false;

  constructor(options: ListWatchOptions) {
    this.#options = options;
    this.#backoff = new Backoff(options.context.random);
    const wanted = FILTERS.filter(([kind]) => promisesListChanged(options.connection.handshake, kind));
    this.#kinds = new Set(wanted.map(([kind]) => kind));
    this.#params = modernParams(
      options.context.identity,
      `"notifications":{${wanted.map(([, filter]) => `"${filter}":true`).join(',')}}`,
    );
  }

  start(): void {
    if (this.#isStopped || this.#kinds.size === 0) return;
    this.#acknowledgedAtMs = undefined;
    this.#call = this.#options.connection.send(internalCall(LISTEN, this.#params), this);
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancelRetry?.();
    this.#call?.cancel();
  }

  onNotification(message: RpcMessage): boolean {
    const kind = changedList(message.method);
    if (kind !== undefined) this.#options.onChanged(new Set([kind]));
    else if (message.method === 'notifications/subscriptions/acknowledged') this.#onAcknowledged();
    return true;
  }

  onDrain(): void {}

  onServerRequest(): void {}

  onAnswer(answer: UpstreamAnswer): void {
    if (answer.kind === 'message' && isUnknownMethod(answer)) this.#isStopped = true;
    this.#again();
  }

  onFailure(error: GatewayError): void {
    const status = error.data?.['status'];
    // What stands before a server that restarts says so too.
    if (!this.#wasOpen && (status === 404 || status === 405)) this.#isStopped = true;
    this.#again();
  }

  #onAcknowledged(): void {
    this.#acknowledgedAtMs = this.#options.context.clock.monotonicMs();
    // What changed while nobody listened was not told.
    if (this.#wasOpen) this.#options.onChanged(this.#kinds);
    this.#wasOpen = true;
  }

  #again(): void {
    if (this.#isStopped) return;
    const { clock } = this.#options.context;
    const livedMs = this.#acknowledgedAtMs === undefined ? 0 : clock.monotonicMs() - this.#acknowledgedAtMs;
    this.#cancelRetry = clock.after(this.#backoff.nextDelayMs(livedMs), () => this.start());
  }
}

function isUnknownMethod(answer: { readonly message: RpcMessage; readonly status: number }): boolean {
  return answer.status === 404 || errorCodeOf(answer.message) === '-32601';
}
