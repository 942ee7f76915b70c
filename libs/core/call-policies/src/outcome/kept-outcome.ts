import { parseMessage, TRUSTED_LIMITS, withId } from '@omni/jsonrpc';
import type { Answer } from '@omni/model';
import { GATEWAY_ERRORS, GatewayError, type GatewayErrorCode, type KeptOutcome } from '@omni/ports';

/** What stands in {@link KeptOutcome.outcome}. */
type OutcomeFacts =
  | { readonly kind: 'message'; readonly status: number; readonly errorCode?: string | undefined }
  | {
      readonly kind: 'error';
      readonly code: string;
      readonly message: string;
      readonly hint: string;
      readonly data: Readonly<Record<string, unknown>>;
    };

/** An answer as the store keeps it: a response with its bytes, a failure with what a client is told. */
export function keptOutcome(answer: Answer): KeptOutcome {
  if (answer.kind === 'message') {
    const { payload, status, errorCode } = answer;
    const facts: OutcomeFacts = { kind: 'message', status, errorCode };
    return {
      outcome: JSON.stringify(facts),
      payload: typeof payload === 'string' ? new TextEncoder().encode(payload) : payload,
    };
  }
  const { code, message, hint, data = {} } = answer.error;
  const facts: OutcomeFacts = { kind: 'error', code, message, hint, data };
  return { outcome: JSON.stringify(facts), payload: null };
}

/** The same answer to another request. @param id - As JSON. @returns `undefined` for what nobody can read. */
export function answerOf({ outcome, payload }: KeptOutcome, id: string): Answer | undefined {
  // Holds: written by `keptOutcome` alone.
  const facts = JSON.parse(outcome) as OutcomeFacts;
  if (facts.kind === 'message') {
    const text = payload === null ? undefined : withOwnId(payload, id);
    return text === undefined
      ? undefined
      : { kind: 'message', payload: text, status: facts.status, errorCode: facts.errorCode };
  }
  const { code, message, hint, data } = facts;
  return isCode(code) ? { kind: 'error', error: new GatewayError(code, message, { hint, data }) } : undefined;
}

function withOwnId(payload: Uint8Array, id: string): string | undefined {
  const message = parseMessage(new TextDecoder().decode(payload), TRUSTED_LIMITS);
  return message.kind === 'response' ? withId(message, id) : undefined;
}

/** A later version may have written one that this one does not know. */
function isCode(code: string): code is GatewayErrorCode {
  return Object.hasOwn(GATEWAY_ERRORS, code);
}
