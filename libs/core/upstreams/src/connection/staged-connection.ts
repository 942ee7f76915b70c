import {
  type CallHandler,
  type ClientBinding,
  type ConnectionFacts,
  FollowedCall,
  refusedCall,
  type RunningCall,
  type SendCall,
  type UpstreamCall,
} from '@omni/model';
import { type Clock, type Era, GatewayError, type Millis } from '@omni/ports';
import type { CallChains } from './call-chains.ts';
import { sendInDialect } from '../terms/dialect-call.ts';
import type { ConnectionOptions } from './open-connection.ts';

/** What every kind of connection has: all calls, Omni's own too, go through the stages of the gateway. */
export abstract class StagedConnection {
  readonly upstream: string;
  readonly binding: ClientBinding | undefined;
  readonly passesRoots: boolean;
  readonly #chains: CallChains;
  readonly #facts: ConnectionFacts;
  readonly #raw: SendCall;
  readonly #clock: Clock;
  #chain: SendCall;
  #version: number;
  #internalCalls = 0;
  #heardAtMs: Millis;
  /** Monotonic: when a client called for the first time since something was received. */
  #calledAtMs = 0;

  constructor({ spec, context, binding, credentials, dialect }: ConnectionOptions, era: Era) {
    const { chains, clock } = context;
    this.upstream = spec.name;
    this.binding = binding;
    this.passesRoots = spec.roots === 'pass';
    this.#chains = chains;
    this.#facts = chains.factsOf(spec, era, binding, credentials);
    const raw: SendCall = (call, handler) => {
      // guard: call/was-sent
      if (call.origin !== undefined) call.origin.wasSent = true;
      return this.sendRaw(call, handler);
    };
    this.#raw = dialect === undefined ? raw : sendInDialect(dialect, raw);
    this.#clock = clock;
    // It has just been greeted.
    this.#heardAtMs = clock.monotonicMs();
    this.#version = chains.version;
    this.#chain = chains.build(this.#raw, this.#facts);
  }

  /** Calls that the server has, or is being sent. */
  protected abstract get running(): number;

  /** Calls under way, and those that wait in a stage. */
  get inFlight(): number {
    return this.running + /* guard: stages/held */ this.waitingCalls;
  }

  /** Calls of clients that the server has. */
  get clientCalls(): number {
    return this.running - this.#internalCalls;
  }

  /** Calls that wait in a stage. */
  get waitingCalls(): number {
    return this.#facts.held?.count ?? 0;
  }

  /** Monotonic: when anything of the other side was last received. */
  get heardAtMs(): Millis {
    return this.#heardAtMs;
  }

  /** Monotonic: since when a client waits, or could, and nothing was received. */
  get silentSinceMs(): Millis {
    return Math.max(this.#heardAtMs, this.#calledAtMs);
  }

  /** Something of the other side was received. */
  heard(): void {
    this.#heardAtMs = this.#clock.monotonicMs();
  }

  send(call: UpstreamCall, handler: CallHandler): RunningCall {
    if (this.#version !== this.#chains.version) this.#rebuild();
    // guard: link/in-flight, http/in-flight, http/in-flight-legacy
    return this.#sendBy(this.#chain, call, handler);
  }

  /** Sends past all stages: whether the server lives does not depend on who else calls it. */
  probe(call: UpstreamCall, handler: CallHandler): RunningCall {
    return this.#sendBy(/* guard: probing/past-stages */ this.#raw, call, handler);
  }

  #sendBy(send: SendCall, call: UpstreamCall, handler: CallHandler): RunningCall {
    try {
      if (call.isInternal !== true) {
        if (this.#calledAtMs <= this.#heardAtMs) this.#calledAtMs = this.#clock.monotonicMs();
        return send(call, handler);
      }
      this.#internalCalls++;
      return new InternalCall(handler, () => this.#internalCalls--).begin(send, call);
    } catch (error) {
      // Whoever waits behind this call for the same connection must not pay for it.
      return refusedCall(
        handler,
        new GatewayError('OMNI_INTERNAL', `A call to "${this.upstream}" could not be sent`, { cause: error }),
      );
    }
  }

  /** Sends past all stages. */
  protected abstract sendRaw(call: UpstreamCall, handler: CallHandler): RunningCall;

  /** Whether what comes without an address may be for any of several clients. */
  protected get isShared(): boolean {
    return this.binding?.isShared ?? true;
  }

  #rebuild(): void {
    this.#version = this.#chains.version;
    this.#chain = this.#chains.build(this.#raw, this.#facts);
  }
}

/** Omni's own call, which keeps no server busy. */
class InternalCall extends FollowedCall {
  readonly #onOver: () => void;

  constructor(next: CallHandler, onOver: () => void) {
    super(next);
    this.#onOver = onOver;
  }

  protected override onOver(): void {
    this.#onOver();
  }
}
