import {
  applyEdits,
  memberOf,
  parseMessage,
  type RpcMessage,
  setMember,
  TRUSTED_LIMITS,
} from '@omni/jsonrpc';
import {
  type CallHandler,
  type CallStage,
  DeferredEnd,
  ForwardingHandler,
  type HeldCalls,
  type RunningCall,
  type SendCall,
  type UpstreamAnswer,
  type UpstreamCall,
} from '@omni/model';
import {
  type CancelTimer,
  type Clock,
  DEFAULT_ROUTING,
  type FaultSettings,
  GatewayError,
  type Random,
} from '@omni/ports';
import { calledOf } from './called.ts';

export interface InjectedFaultsOptions {
  readonly clock: Pick<Clock, 'after'>;
  readonly random: Random;
  /** Told of each call that is struck. */
  readonly onStruck?: (upstream: string, faults: FaultSettings, call: UpstreamCall) => void;
}

/** In the `_meta` of the result of a call that was held up. */
export const FAULT_KEY = 'omni/fault';

/**
 * Makes calls slow or fail on purpose, as a server would: nearest to it, so that everything that calls pass
 * is tried. What is struck says so.
 */
export function injectedFaults({ clock, random, onStruck }: InjectedFaultsOptions): CallStage {
  return (next, { spec, held }) => {
    const { faults } = spec.routing ?? DEFAULT_ROUTING;
    if (faults.share === 0 || (faults.delayMs === 0 && faults.end === 'none')) return next;
    return (call, handler) => {
      // guard: faults/share
      if (calledOf(call) === undefined || random() >= faults.share) return next(call, handler);
      onStruck?.(spec.name, faults, call);
      return new StruckCall(faults, next, handler, held).begin(call, clock);
    };
  };
}

class StruckCall extends ForwardingHandler implements RunningCall {
  readonly #faults: FaultSettings;
  readonly #send: SendCall;
  #running: RunningCall | undefined;
  #cancelTimer: CancelTimer | undefined;
  readonly #held: HeldCalls | undefined;

  constructor(faults: FaultSettings, send: SendCall, handler: CallHandler, held: HeldCalls | undefined) {
    super(handler);
    this.#held = held;
    this.#faults = faults;
    this.#send = send;
  }

  begin(call: UpstreamCall, clock: Pick<Clock, 'after'>): RunningCall {
    const { delayMs } = this.#faults;
    if (delayMs === 0) this.#strike(call);
    else {
      if (this.#held !== undefined) this.#held.count++;
      this.#cancelTimer = clock.after(delayMs, () => {
        this.#left();
        this.#strike(call);
      });
    }
    return this;
  }

  cancel(reason?: string): void {
    if (this.#cancelTimer !== undefined) this.#left();
    this.#running?.cancel(reason);
  }

  /** It is held up no more. */
  #left(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (this.#held !== undefined) this.#held.count--;
  }

  override onNotification(message: RpcMessage): boolean {
    return this.#isCut() || super.onNotification(message);
  }

  override onServerRequest(...asked: Parameters<CallHandler['onServerRequest']>): void {
    if (!this.#isCut()) super.onServerRequest(...asked);
  }

  override onAnswer(answer: UpstreamAnswer): void {
    if (this.#faults.end === 'abort')
      this.next.onFailure(this.#error('ran, and its answer was lost'), 'sent');
    else super.onAnswer(answer.kind === 'message' ? { ...answer, message: marked(answer.message) } : answer);
  }

  /** @returns Whether it is cut at the first word of its server, which has it by then. */
  #isCut(): boolean {
    if (this.#faults.end !== 'abort') return false;
    this.#running?.cancel('cut on purpose');
    this.next.onFailure(this.#error('was cut while it ran'), 'sent');
    return true;
  }

  #strike(call: UpstreamCall): void {
    // Whether it has run is unknown, as where a server fails.
    if (this.#faults.end === 'error') {
      const error = this.#error('was made to fail');
      this.#running = new DeferredEnd(() => this.next.onFailure(error, 'sent'));
    } else this.#running = this.#send({ ...call, allowPassthrough: false }, this);
  }

  #error(how: string): GatewayError {
    return new GatewayError('OMNI_FAULT_INJECTED', `The call ${how} by routing.faults`, {
      data: { fault: this.#faults.end },
    });
  }
}

/** The same answer, whose result says what was done to it. */
function marked(message: RpcMessage): RpcMessage {
  const { result } = message;
  const object = result?.object;
  if (object === undefined) return message;
  const meta = memberOf(object, '_meta');
  const edit =
    meta?.object === undefined
      ? setMember(object, '_meta', `{"${FAULT_KEY}":"delay"}`)
      : setMember(meta.object, FAULT_KEY, '"delay"');
  const spliced = parseMessage(applyEdits(message.text, [edit]), TRUSTED_LIMITS);
  return spliced.kind === 'response' ? spliced : message;
}
