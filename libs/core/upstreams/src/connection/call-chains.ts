import {
  type CallStage,
  type ClientBinding,
  compose,
  type ConnectionFacts,
  type InstanceIdentity,
  type SendCall,
} from '@omni/model';
import type { Era, GatewayError, Principal, UpstreamSpec } from '@omni/ports';

/**
 * Takes a place for a call that waits for its server to start.
 *
 * @returns What gives the place back, or why there is none.
 */
export type HoldPlace = (spec: UpstreamSpec, principal: Principal) => (() => void) | GatewayError;

export interface CallChainsOptions {
  /** The first one sees a call first. Default: none. */
  readonly stages?: readonly CallStage[];
  /** Default: any number may wait. */
  readonly holdPlace?: HoldPlace;
}

/** What calls pass on their way to all connections of a gateway. */
export class CallChains {
  readonly holdPlace: HoldPlace;
  readonly #stages: readonly CallStage[];
  /** By their upstream, then by whose they are; those that clients share belong to {@link #everybody}. */
  readonly #instances = new WeakMap<object, WeakMap<object, Map<Era, InstanceIdentity>>>();
  readonly #everybody = { key: 'shared' };
  #version = 0;

  constructor({ stages = [], holdPlace = () => () => {} }: CallChainsOptions = {}) {
    this.#stages = stages;
    this.holdPlace = holdPlace;
  }

  /** Rises with every {@link rebuild}. */
  get version(): number {
    return this.#version;
  }

  /**
   * Applies the stages anew, to each connection before its next call; calls under way stay with the chain
   * that they were sent by.
   */
  rebuild(): void {
    this.#version++;
  }

  build(raw: SendCall, facts: ConnectionFacts): SendCall {
    return compose(this.#stages, raw, facts);
  }

  /**
   * @param binding - Whose connection it is; `undefined` when clients share it.
   * @param upstream - What tells it apart from its successor of the same name.
   */
  factsOf(
    spec: UpstreamSpec,
    era: Era,
    binding: ClientBinding | undefined,
    upstream: object,
  ): ConnectionFacts {
    const instance = this.#instanceOf(upstream, era, binding ?? this.#everybody);
    const held = { count: 0 };
    return { upstream: spec.name, era, transport: spec.transport.kind, instance, spec, held };
  }

  #instanceOf(upstream: object, era: Era, owner: InstanceIdentity): InstanceIdentity {
    let owners = this.#instances.get(upstream);
    if (owners === undefined) this.#instances.set(upstream, (owners = new WeakMap()));
    let instances = owners.get(owner);
    if (instances === undefined) owners.set(owner, (instances = new Map()));
    // A shared legacy instance may stand beside the modern one.
    let instance = instances.get(era);
    if (instance === undefined) instances.set(era, (instance = { key: owner.key }));
    return instance;
  }
}
