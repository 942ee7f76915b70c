import type { RequestStage, RoutedRequest } from '@omni/model';
import { type Clock, DEFAULT_ROUTING, type Random, type UpstreamSpec } from '@omni/ports';
import type { Balancers } from '../candidates/balancers.ts';
import { CandidateRun } from '../candidates/candidate-run.ts';
import {
  CandidateWalk,
  readyOne,
  type RequestCandidate,
  type RouteReason,
} from '../candidates/candidate-walk.ts';
import { Mirrors } from '../candidates/mirrors.ts';
import type { ReplicaAccess, ReplicaGroup } from '../candidates/replica-access.ts';
import { isReadOnly } from '../repeat/call-safety.ts';

/** A call that goes elsewhere than it usually does. */
export interface RoutedCall {
  readonly request: RoutedRequest;
  /** That the name leads to. */
  readonly server: string;
  /** That is asked. */
  readonly to: string;
  readonly why: Exclude<RouteReason, 'usual' | 'home'> | 'mirror';
}

export interface RequestCandidatesOptions {
  readonly access: ReplicaAccess;
  readonly balancers: Balancers;
  readonly clock: Pick<Clock, 'after'>;
  readonly random: Random;
  readonly onRouted?: (routed: RoutedCall) => void;
}

/**
 * Chooses the server for each attempt of a request: one of the replicas, and when none can be asked, servers
 * and tools that are there in their place (S003-RT-04, S003-RT-06, S003-RT-12).
 */
export function requestCandidates(options: RequestCandidatesOptions): RequestStage {
  const { access, balancers, clock, random, onRouted } = options;
  const mirrors = new Mirrors(clock);
  return (request, next) => {
    // guard: candidates/at-replica
    if (request.isAtReplica) return next;
    const group = balanced(request.upstreams, access);
    if (group === undefined) return next;
    const { server } = group;
    if (request.isPinned) {
      const upstreams = request.upstreams.map((name) => readyOne(access, name));
      return (reply) => next(reply, { kind: 'replicas', upstreams });
    }
    const walk = new CandidateWalk({ access, balancers, request, group });
    const tell = ({
      upstream,
      why,
    }: Pick<RequestCandidate, 'upstream'> & { why: RouteReason | 'mirror' }): void => {
      if (why !== 'usual' && why !== 'home') onRouted?.({ request, server: server.name, to: upstream, why });
    };
    const runs: CandidateRun[] = [];
    let isMirrored = !mirrorsCall(request, server, random);
    return (reply) => {
      const isBeside = /* guard: candidates/beside */ runs.some(({ isOver }) => !isOver);
      const { context } = request;
      const options = { next, walk: isBeside ? walk.beside : walk, context, onRouted: tell };
      const run = new CandidateRun(options, reply);
      runs.push(run);
      const running = run.begin();
      const { mirror } = server.routing ?? DEFAULT_ROUTING;
      if (isMirrored || mirror === undefined) return running;
      isMirrored = true;
      const upstream = readyOne(access, mirror.to);
      const { name } = request;
      const to = { kind: 'other', server: mirror.to, upstream, name, isMirror: true } as const;
      if (mirrors.begin(server.name, (unheard) => next(unheard, to))) tell({ upstream, why: 'mirror' });
      return running;
    };
  };
}

/** The first candidate for which there is something to choose. */
function balanced(upstreams: readonly string[], access: ReplicaAccess): ReplicaGroup | undefined {
  for (const upstream of upstreams) {
    const group = access.group(upstream);
    if (group === undefined) continue;
    const { failover, fallback, mirror } = group.server.routing ?? DEFAULT_ROUTING;
    const { server, members } = group;
    const isAlone = members.length === 1 && members[0] === server;
    if (!isAlone || failover.length > 0 || fallback !== undefined || mirror !== undefined) return group;
  }
  return undefined;
}

/** Only what changes nothing, so often. */
function mirrorsCall({ context, hints }: RoutedRequest, server: UpstreamSpec, random: Random): boolean {
  const { mirror, trustsHints: isTrusted } = server.routing ?? DEFAULT_ROUTING;
  if (mirror === undefined || mirror.to === server.name) return false;
  const facts = { method: context.message.method, isTrusted, ...(hints !== undefined && { hints }) };
  return /* guard: mirror/safe */ isReadOnly(facts) && random() < mirror.share;
}
