import { type CallPhase, FollowedCall, type ResponseHead, type UpstreamAnswer } from '@omni/model';
import type { GatewayError } from '@omni/ports';
import { errorOfAnswer } from './outcome-error.ts';

/** A call of which is known how it has ended when it is over. */
export abstract class MeasuredCall extends FollowedCall {
  /** `error.type`; empty for a result. A call that ends unanswered was cancelled. */
  protected error = 'cancelled';
  #headError = '';

  override onAnswer(answer: UpstreamAnswer): void {
    this.error = errorOfAnswer(answer);
    super.onAnswer(answer);
  }

  override onFailure(error: GatewayError, phase: CallPhase): void {
    this.error = error.code;
    super.onFailure(error, phase);
  }

  override onResponseHead(head: ResponseHead): void {
    if (head.isError) this.#headError = 'error';
    super.onResponseHead(head);
  }

  override onResponseEnd(): void {
    this.error = this.#headError;
    super.onResponseEnd();
  }
}
