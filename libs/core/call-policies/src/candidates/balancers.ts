import type { Clock, Random, UpstreamSpec } from '@omni/ports';
import { Balancer } from '../balance/balancer.ts';
import { KeptState } from '../stages/kept-state.ts';

export interface BalancersOptions {
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly random: Random;
  /** One object for as long as a server is the same, however it is edited. Default: its definition. */
  readonly inForce?: (server: string) => UpstreamSpec | undefined;
}

/** One balancer for each server and its replicas, for as long as its strategy stays. */
export class Balancers {
  readonly #inForce: NonNullable<BalancersOptions['inForce']>;
  readonly #known: KeptState<Balancer>;

  constructor({ inForce = () => undefined, ...parts }: BalancersOptions) {
    this.#inForce = inForce;
    this.#known = new KeptState({
      settingsOf: ({ balance }) => balance.strategy,
      create: ({ routing }) => new Balancer({ ...parts, ...routing?.balance }),
    });
  }

  /** @param server - That the others are replicas of. */
  of(server: UpstreamSpec): Balancer {
    return this.#known.of(this.#inForce(server.name) ?? server);
  }

  /** The same, where one was needed. */
  find(server: UpstreamSpec): Balancer | undefined {
    return this.#known.find(this.#inForce(server.name) ?? server);
  }
}
