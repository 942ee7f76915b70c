import type { CallHandler, RunningCall, UpstreamAnswer } from '@omni/model';
import { GatewayError } from '@omni/ports';

/** The answer of a server of the other era, in the client's terms. */
export interface TranslatedAnswer {
  readonly kind: 'translated';
  /** The whole response, under the client's id. */
  readonly text: string;
  /** As it is written; `undefined` for a result. */
  readonly errorCode: string | undefined;
}

/** The execution of a client's request, as a codec speaks to it. */
export interface AttemptHandler extends CallHandler {
  onAnswer(answer: UpstreamAnswer | TranslatedAnswer): void;
}

/**
 * Takes one attempt of a client's request to a server of the other era, in as many sends as it needs: speaks
 * the server's terms to the connection and the client's to the execution.
 */
export interface EraCodec extends RunningCall {
  start(): void;
}

/** Nothing in the other era goes on unread: bytes here are a mistake of the connection. */
export function unreadAnswer(): GatewayError {
  return new GatewayError('OMNI_INTERNAL', 'An answer that needs translation arrived unread');
}
