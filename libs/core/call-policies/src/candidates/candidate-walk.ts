import type { Destination, RoutedRequest } from '@omni/model';
import { DEFAULT_ROUTING, type RoutingSettings, serverAndTool, type UpstreamSpec } from '@omni/ports';
import type { BalancedCall, ReplicaFacts } from '../balance/balancer.ts';
import { keyOf } from '../stages/called.ts';
import type { Balancers } from './balancers.ts';
import type { ReplicaAccess, ReplicaGroup } from './replica-access.ts';

/**
 * Why a call goes where it goes. `usual`: by balancing. `home`: the client has an instance of its own there.
 * `left-out`: all replicas fail, this one is asked all the same. `replica`: another one could not be asked,
 * or has failed. `failover`, `fallback`: no replica can be asked.
 */
export type RouteReason = 'usual' | 'home' | 'canary' | 'left-out' | 'replica' | 'failover' | 'fallback';

/** Where one request can be sent. */
export interface RequestCandidate {
  readonly destination: Destination;
  /** The very server. */
  readonly upstream: string;
  readonly why: RouteReason;
  /** To be ended with the call. */
  readonly call: BalancedCall;
}

export interface CandidateWalkOptions {
  readonly access: ReplicaAccess;
  readonly balancers: Balancers;
  readonly request: RoutedRequest;
  /** That the name leads to. */
  readonly group: ReplicaGroup;
}

/** The servers that one request can be sent to, each once, the best first. */
export class CandidateWalk {
  readonly #options: CandidateWalkOptions;
  readonly #routing: RoutingSettings;
  readonly #capability: string;
  readonly #stickyKey: string;
  #tried = new Set<string>();
  #isFallenBack = false;

  constructor(options: CandidateWalkOptions) {
    this.#options = options;
    const { request, group } = options;
    this.#routing = group.server.routing ?? DEFAULT_ROUTING;
    const { message, client } = request.context;
    const { method } = message;
    this.#capability = keyOf({ method, name: request.name ?? '' });
    const { stickyBy } = this.#routing.balance;
    if (stickyBy === 'name') this.#stickyKey = this.#capability;
    else this.#stickyKey = (stickyBy === 'session' ? client.session?.key : undefined) ?? client.principal.id;
  }

  /** The first one of a run; when all were asked before, they are asked again. */
  first(): RequestCandidate | undefined {
    const candidate = this.next();
    if (candidate !== undefined || this.#tried.size === 0) return candidate;
    this.#tried = new Set();
    return this.next();
  }

  /** For a run beside another one: the server can be asked, so nothing is asked in its place. */
  readonly beside: Pick<CandidateWalk, 'first' | 'next'> = {
    first: () => {
      const candidate = this.#replica();
      if (candidate !== undefined) return candidate;
      this.#tried = new Set();
      return this.#replica();
    },
    next: () => this.#replica(),
  };

  next(): RequestCandidate | undefined {
    return this.#replica() ?? this.#failover() ?? this.#fallback();
  }

  #replica(): RequestCandidate | undefined {
    const { request, group } = this.#options;
    const isFurther = this.#tried.size > 0;
    const found = this.#at(group);
    if (found === undefined) return undefined;
    const { call } = found;
    const { name } = group.server;
    const isOne = request.upstreams.length === 1;
    return {
      // Of several candidates nobody knows whose answer it is.
      call: isOne ? call : { ...call, end: () => call.end('omni') },
      upstream: call.key,
      why: isFurther ? 'replica' : found.why,
      destination: {
        kind: 'replicas',
        upstreams: isOne
          ? [call.key]
          : request.upstreams.map((one) => (one === name ? call.key : this.#best(one))),
      },
    };
  }

  #failover(): RequestCandidate | undefined {
    const { access, request, group } = this.#options;
    for (const name of this.#routing.failover) {
      const other = access.group(name);
      const found = other === undefined || other === group ? undefined : this.#at(other);
      if (found !== undefined) return this.#atOther(name, request.name, found.call, 'failover');
    }
    return undefined;
  }

  #fallback(): RequestCandidate | undefined {
    const { access, balancers, request } = this.#options;
    if (request.context.message.method !== 'tools/call') return undefined;
    const text = this.#routing.fallback?.[request.name ?? ''] ?? '';
    const to = serverAndTool(text, (name) => access.group(name) !== undefined);
    const other = to && access.group(to.server);
    // It is another tool, also of a server that was asked for this one: nobody knows whether it is safe.
    if (to === undefined || other === undefined) return undefined;
    if (/* guard: candidates/one-fallback */ this.#isFallenBack) return undefined;
    this.#isFallenBack = true;
    const capability = keyOf({ method: 'tools/call', name: to.tool });
    const call = balancers.of(other.server).take(this.#best(to.server), capability);
    return this.#atOther(to.server, to.tool, call, 'fallback');
  }

  #atOther(server: string, name: string | undefined, call: BalancedCall, why: RouteReason): RequestCandidate {
    const upstream = call.key;
    return { upstream, why, call, destination: { kind: 'other', server, upstream, name, isMirror: false } };
  }

  /** The best of a server and its replicas that was not asked yet. */
  #at({ server, members }: ReplicaGroup): Pick<RequestCandidate, 'why' | 'call'> | undefined {
    const { access, balancers, request } = this.#options;
    const balancer = balancers.of(server);
    const left = members.filter(({ name }) => !this.#tried.has(name));
    const home = left.find(
      ({ name }) => access.isHome(name, request.context.client) && access.readinessOf(name) !== 'away',
    );
    const ready = members.filter(({ name }) => access.readinessOf(name) === 'ready');
    // guard: candidates/home
    if (home !== undefined) return this.#take(balancer.take(home.name, this.#capability), 'home');
    const call = balancer.begin(ready.map(factsOf), {
      except: this.#tried,
      stickyKey: this.#stickyKey,
      capability: this.#capability,
    });
    if (call !== undefined)
      return this.#take(call, call.isEjected ? 'left-out' : call.isCanary ? 'canary' : 'usual');
    const other = left.find(({ name }) => access.readinessOf(name) === 'soon') ?? left[0];
    return other && this.#take(balancer.take(other.name, this.#capability), 'usual');
  }

  #take(call: BalancedCall, why: RouteReason): Pick<RequestCandidate, 'why' | 'call'> {
    this.#tried.add(call.key);
    return { call, why };
  }

  /** One that is ready, where there is one. */
  #best(server: string): string {
    return readyOne(this.#options.access, server);
  }
}

/** A server, or the first of its replicas that is ready where the server is not. */
export function readyOne(access: ReplicaAccess, server: string): string {
  const members = access.group(server)?.members ?? [];
  return members.find(({ name }) => access.readinessOf(name) === 'ready')?.name ?? members[0]?.name ?? server;
}

function factsOf({ name, replica, routing = DEFAULT_ROUTING }: UpstreamSpec): ReplicaFacts {
  const { weight = 1, canary } = replica ?? {};
  return { key: name, weight, cost: routing.cost, ...(canary !== undefined && { canary }) };
}
