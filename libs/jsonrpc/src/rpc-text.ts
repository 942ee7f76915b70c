import { type GatewayError, jsonText } from '@omni/ports';
import { memberOf } from './json-scan.ts';
import type { RpcMessage } from './rpc-message.ts';
import { applyEdits, setMember } from './text-edit.ts';

/** A request's text. `id` and `params` are JSON; `params` may be empty. */
export function requestText(id: string, method: string, params: string): string {
  const head = /* guard: message/method-escape */ `{"jsonrpc":"2.0","id":${id},"method":${JSON.stringify(method)}`;
  return params === '' ? `${head}}` : `${head},"params":${params}}`;
}

/** A notification's text. `params` is JSON and may be empty. */
export function notificationText(method: string, params: string): string {
  const head = `{"jsonrpc":"2.0","method":${JSON.stringify(method)}`;
  return params === '' ? `${head}}` : `${head},"params":${params}}`;
}

/** A response with a result; both are JSON. */
export function resultText(id: string, result: string): string {
  return `{"jsonrpc":"2.0","id":${id},"result":${result}}`;
}

/**
 * An error response with the code, and what it means, of the error table. `id` is JSON, `null` when unknown.
 */
export function errorText(id: string, error: GatewayError): string {
  const body = {
    code: error.facts.jsonRpcCode,
    message: error.message,
    data: /* guard: message/error-data */ { ...error.data, code: error.code, hint: error.hint },
  };
  const text = /* guard: message/error-controls */ jsonText(body);
  return `{"jsonrpc":"2.0","id":${id},"error":${text}}`;
}

/**
 * The same response or request with another id; the rest stays byte for byte. An error that names no id gets
 * one.
 */
export function withId(message: RpcMessage, id: string): string {
  if (message.id === id) return message.text;
  const member = memberOf(message.root, 'id');
  if (member !== undefined) return message.text.slice(0, member.start) + id + message.text.slice(member.end);
  return message.kind === 'notification'
    ? message.text
    : applyEdits(message.text, [setMember(message.root, 'id', id)]);
}
