import { errorText } from '@omni/jsonrpc';
import type { Outcome } from '@omni/model';
import type { Payload } from '@omni/ports';

/**
 * The response message of an outcome; `undefined` where none is to be written.
 *
 * @param id - Of the request, as JSON.
 */
export function answerPayload(id: string, outcome: Outcome): Payload | undefined {
  switch (outcome.kind) {
    case 'message':
      return outcome.payload;
    case 'error':
    case 'refused':
      return errorText(id, outcome.error);
    case 'streamed':
    case 'cancelled':
      return undefined;
  }
}

/** The same as text. */
export function answerText(id: string, outcome: Outcome): string | undefined {
  const payload = answerPayload(id, outcome);
  return payload === undefined || typeof payload === 'string' ? payload : new TextDecoder().decode(payload);
}
