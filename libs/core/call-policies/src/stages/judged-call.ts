import {
  type CallHandler,
  type CallPhase,
  FollowedCall,
  type ResponseHead,
  type UpstreamAnswer,
} from '@omni/model';
import { GatewayError } from '@omni/ports';
import type { CallEnd } from '../breaker/whose-failure.ts';
import { DEADLINE_OVER } from '../deadline/deadline-over.ts';

/** A call whose end is told, before those that wait for it hear of it. */
export class JudgedCall extends FollowedCall {
  readonly #onEnd: (end: CallEnd) => void;
  #end: CallEnd = { kind: 'cancelled' };

  constructor(next: CallHandler, onEnd: (end: CallEnd) => void) {
    super(next);
    this.#onEnd = onEnd;
  }

  override onAnswer(answer: UpstreamAnswer): void {
    this.#end = { kind: 'answer', status: answer.status };
    super.onAnswer(answer);
  }

  override onFailure(error: GatewayError, phase: CallPhase): void {
    this.#end = { kind: 'failure', error };
    super.onFailure(error, phase);
  }

  override onResponseHead(head: ResponseHead): void {
    this.#end = { kind: 'answer', status: head.status };
    super.onResponseHead(head);
  }

  override cancel(reason?: string): void {
    this.#end = reason === DEADLINE_OVER ? timedOut() : { kind: 'cancelled' };
    super.cancel(reason);
  }

  protected override onOver(): void {
    this.#onEnd(this.#end);
  }
}

/** The deadline of Omni is over: the server was too slow. */
function timedOut(): CallEnd {
  return { kind: 'failure', error: new GatewayError('OMNI_UPSTREAM_TIMEOUT', DEADLINE_OVER) };
}
