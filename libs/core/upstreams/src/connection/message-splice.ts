import { type JsonSpan, parseMessage, type RpcMessage } from '@omni/jsonrpc';
import { UPSTREAM_JSON_LIMITS } from './upstream-limits.ts';

/** The message with one value replaced; the rest stays byte for byte. `json` is one JSON value. */
export function spliceMessage(message: RpcMessage, span: JsonSpan, json: string): RpcMessage {
  const { text } = message;
  if (text.slice(span.start, span.end) === json) return message;
  const spliced = parseMessage(text.slice(0, span.start) + json + text.slice(span.end), UPSTREAM_JSON_LIMITS);
  // A value of a message was replaced by a value, so it is a message again; a token nested too deeply keeps
  // the original.
  return spliced.kind === 'batch' || spliced.kind === 'rejected' ? message : spliced;
}
