import { Agent, type ClientRequest, request } from 'node:http';
import {
  type ClientConnection,
  type ClientListener,
  LEGACY_VERSION,
  MODERN_VERSION,
} from '../../clients/client-connection.ts';
import { tokenOf } from '../configuration.ts';
import type { PlannedClient } from '../plan.ts';

/** A client over Streamable HTTP, on real sockets. */
export class RealConnection implements ClientConnection {
  readonly #url: string;
  readonly #plan: PlannedClient;
  readonly #listener: ClientListener;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #open = new Map<number, ClientRequest>();
  #session: string | undefined;

  constructor(url: string, plan: PlannedClient, listener: ClientListener) {
    this.#url = url;
    this.#plan = plan;
    this.#listener = listener;
  }

  request(id: number, method: string, text: string, name?: string): boolean {
    const isModern = this.#plan.era === 'modern';
    const mirrored = isModern
      ? { 'mcp-method': method, ...(name !== undefined && { 'mcp-name': name }) }
      : {};
    this.#open.set(
      id,
      this.#post(text, mirrored, () => {
        this.#open.delete(id);
        this.#listener.onOver(id);
      }),
    );
    return true;
  }

  notify(text: string): void {
    this.#post(text, {}, () => {});
  }

  cancel(id: number): void {
    if (this.#plan.era === 'modern') this.#open.get(id)?.destroy();
    else this.notify(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":${id}}}`);
  }

  close(): void {
    for (const open of this.#open.values()) open.destroy();
    this.#agent.destroy();
  }

  #post(text: string, more: Readonly<Record<string, string>>, onOver: () => void): ClientRequest {
    const { era, user } = this.#plan;
    const posted = request(this.#url, {
      method: 'POST',
      agent: this.#agent,
      headers: {
        authorization: `Bearer ${tokenOf(user)}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'mcp-protocol-version': era === 'modern' ? MODERN_VERSION : LEGACY_VERSION,
        ...(this.#session !== undefined && { 'mcp-session-id': this.#session }),
        ...more,
      },
    });
    posted.on('error', () => {});
    posted.on('close', onOver);
    posted.on('response', (response) => {
      const session = response.headers['mcp-session-id'];
      if (typeof session === 'string') this.#session = session;
      const isStream = response.headers['content-type']?.startsWith('text/event-stream') === true;
      let rest = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        rest += chunk;
        if (isStream) rest = this.#readEvents(rest);
      });
      response.on('end', () => {
        if (!isStream && rest !== '') this.#listener.onMessage(rest);
      });
      response.on('error', () => {});
    });
    posted.end(text);
    return posted;
  }

  /** @returns What is no whole event yet. */
  #readEvents(text: string): string {
    const events = text.split('\n\n');
    const rest = events.pop() ?? '';
    for (const event of events) {
      const data = event.split('\n').flatMap((line) => (line.startsWith('data: ') ? [line.slice(6)] : []));
      if (data.length > 0 && data.join('') !== '') this.#listener.onMessage(data.join('\n'));
    }
    return rest;
  }
}
