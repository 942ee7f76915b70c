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
import { META_VERSION } from '../modern/modern-envelope.ts';

/** A request of a dialect as all parts of the gateway know it. */
export function inCommonTerms(message: RpcMessage): RpcMessage {
  const version = memberOf(metaOf(message), META_VERSION);
  if (version === undefined) return message;
  const edit = { start: version.start, end: version.end, text: JSON.stringify(MODERN_VERSION) };
  const common = parseMessage(applyEdits(message.text, [edit]), TRUSTED_LIMITS);
  return common.kind === 'request' ? common : message;
}

/** How a request has ended, in the terms of its client's dialect. */
export function inDialect(dialect: Dialect, { id, method }: RpcMessage, outcome: Outcome): Outcome {
  if (outcome.kind !== 'message') return outcome;
  const { payload } = outcome;
  const text = typeof payload === 'string' ? payload : new TextDecoder().decode(payload);
  const message = parseMessage(text, TRUSTED_LIMITS);
  const result = message.kind === 'response' ? rawOf(message, message.result) : undefined;
  return result === undefined
    ? outcome
    : { ...outcome, payload: resultText(id, dialect.fromCommon(method, result)) };
}
