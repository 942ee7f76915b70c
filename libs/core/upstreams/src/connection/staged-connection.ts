import {
  type CallHandler,
  type ClientBinding,
  type ConnectionFacts,
  refusedCall,
  type RunningCall,
  type SendCall,
  type UpstreamCall,
} from '@omni/model';
import { type Era, GatewayError } from '@omni/ports';
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
  #chain: SendCall;
  #version: number;

  constructor({ spec, context: { chains }, binding, credentials, dialect }: ConnectionOptions, era: Era) {
    this.upstream = spec.name;
    this.binding = binding;
    this.passesRoots = spec.roots === 'pass';
    this.#chains = chains;
    this.#facts = chains.factsOf(spec, era, binding, credentials);
    const raw: SendCall = (call, handler) => this.sendRaw(call, handler);
    this.#raw = dialect === undefined ? raw : sendInDialect(dialect, raw);
    this.#version = chains.version;
    this.#chain = chains.build(this.#raw, this.#facts);
  }

  send(call: UpstreamCall, handler: CallHandler): RunningCall {
    if (this.#version !== this.#chains.version) this.#rebuild();
    try {
      // guard: link/in-flight, http/in-flight, http/in-flight-legacy
      return this.#chain(call, handler);
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
