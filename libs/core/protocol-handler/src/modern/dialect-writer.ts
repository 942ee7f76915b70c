import {
  applyEdits,
  memberOf,
  metaOf,
  parseMessage,
  rawOf,
  resultText,
  type RpcMessage,
  TRUSTED_LIMITS,
} from '@omni/jsonrpc';
import { type Dialect, MODERN_VERSION, type Outcome } from '@omni/model';
import type { ResponseWriter } from '../request/response-writer.ts';
import { META_VERSION } from './modern-envelope.ts';

/** A request of a dialect as all parts of the gateway know it. */
export function inCommonTerms(message: RpcMessage): RpcMessage {
  const version = memberOf(metaOf(message), META_VERSION);
  if (version === undefined) return message;
  const edit = { start: version.start, end: version.end, text: JSON.stringify(MODERN_VERSION) };
  const common = parseMessage(applyEdits(message.text, [edit]), TRUSTED_LIMITS);
  return common.kind === 'request' ? common : message;
}

/** Writes results in the terms of the client's dialect; an answer has to be whole for it. */
export class DialectWriter implements ResponseWriter {
  readonly #writer: ResponseWriter;
  readonly #dialect: Dialect;
  readonly #method: string;

  constructor(writer: ResponseWriter, dialect: Dialect, method: string) {
    this.#writer = writer;
    this.#dialect = dialect;
    this.#method = method;
  }

  notification(text: string): boolean {
    return this.#writer.notification(text);
  }

  onDrain(listener: () => void): void {
    this.#writer.onDrain(listener);
  }

  serverRequest(text: string): boolean {
    return this.#writer.serverRequest(text);
  }

  keepWaiting(): void {
    this.#writer.keepWaiting();
  }

  write(id: string, outcome: Outcome): void {
    this.#writer.write(
      id,
      outcome.kind === 'message' ? { ...outcome, payload: this.#translated(id, outcome.payload) } : outcome,
    );
  }

  destroy(): void {
    this.#writer.destroy();
  }

  #translated(id: string, payload: string | Uint8Array): string | Uint8Array {
    const text = typeof payload === 'string' ? payload : new TextDecoder().decode(payload);
    const message = parseMessage(text, TRUSTED_LIMITS);
    const result = message.kind === 'response' ? rawOf(message, message.result) : undefined;
    return result === undefined ? payload : resultText(id, this.#dialect.fromCommon(this.#method, result));
  }
}
