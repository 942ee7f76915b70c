import { type Clock, DEFAULT_ROUTING, type Random, type UpstreamSpec } from '@omni/ports';
import { Balancer } from '../balance/balancer.ts';

/** One balancer for each server and its replicas. */
export class Balancers {
  readonly #options: { readonly clock: Pick<Clock, 'monotonicMs'>; readonly random: Random };
  readonly #known = new WeakMap<UpstreamSpec, Balancer>();

  constructor(options: { readonly clock: Pick<Clock, 'monotonicMs'>; readonly random: Random }) {
    this.#options = options;
  }

  /** @param server - That the others are replicas of: another definition begins with nothing. */
  of(server: UpstreamSpec): Balancer {
    let balancer = this.#known.get(server);
    if (balancer === undefined) {
      const { strategy } = (server.routing ?? DEFAULT_ROUTING).balance;
      this.#known.set(server, (balancer = new Balancer({ strategy, ...this.#options })));
    }
    return balancer;
  }

  /** The same, where one was needed. */
  find(server: UpstreamSpec): Balancer | undefined {
    return this.#known.get(server);
  }
}
