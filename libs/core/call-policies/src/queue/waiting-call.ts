import {
  type CallHandler,
  DeferredEnd,
  type HeldCalls,
  refusedCall,
  type RunningCall,
  type UpstreamCall,
} from '@omni/model';
import { GatewayError, type QueueTicket, type Waiter } from '@omni/ports';
import { calledOf, keyOf } from '../stages/called.ts';

/** A call that waits for its turn, then runs. */
export class WaitingCall implements RunningCall {
  readonly #run: () => RunningCall;
  readonly #call: UpstreamCall;
  readonly #handler: CallHandler;
  #ticket: QueueTicket | undefined;
  #running: RunningCall | undefined;
  readonly #held: HeldCalls | undefined;

  /** @param run - Runs it when its turn has come. @param held - Of its connection. */
  constructor(call: UpstreamCall, handler: CallHandler, run: () => RunningCall, held?: HeldCalls) {
    this.#held = held;
    this.#run = run;
    this.#call = call;
    this.#handler = handler;
  }

  /** @param join - Tells the waiter nothing before it has returned. */
  enter(join: (waiter: Waiter) => QueueTicket | GatewayError): RunningCall {
    const called = calledOf(this.#call);
    const entered = join({
      key: called && keyOf(called),
      onTurn: () => {
        this.#left();
        this.#running = this.#run();
      },
      onRefused: (error) => {
        this.#left();
        this.#running = new DeferredEnd(() => this.#handler.onFailure(error, 'not-sent'));
      },
    });
    if (entered instanceof GatewayError) return refusedCall(this.#handler, entered);
    this.#ticket = entered;
    if (this.#held !== undefined) this.#held.count++;
    return this;
  }

  cancel(reason?: string): void {
    const ticket = this.#ticket;
    if (ticket !== undefined) this.#left();
    ticket?.withdraw();
    this.#running?.cancel(reason);
  }

  /** It waits no more. */
  #left(): void {
    this.#ticket = undefined;
    if (this.#held !== undefined) this.#held.count--;
  }
}
