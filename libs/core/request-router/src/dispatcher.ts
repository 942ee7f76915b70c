import { type Clock, GatewayError, type Millis } from '@omni/ports';
import { memberOf, metaOf, resultText, stringMember } from '@omni/jsonrpc';
import {
  type CallContext,
  composeRequest,
  NOTHING_RUNS,
  type ReplySink,
  type RequestStage,
  type RoutedRequest,
  type RunningCall,
  type RunRequest,
  serverOf,
  type ToolHints,
} from '@omni/model';
import type { Route } from './call/route.ts';
import { AwaitedRoute, type RunRouted } from './execution/awaited-route.ts';
import { CallExecution } from './execution/call-execution.ts';
import type { ExecutionDependencies } from './execution/execution-dependencies.ts';
import { listsTasks, type RouteFinder } from './route-finder.ts';
import { TaskListing } from './tasks/task-listing.ts';

const SET_LEVEL = 'logging/setLevel';

/** Starts the execution of each request, as soon as its route is known. */
export class Dispatcher {
  readonly #routes: RouteFinder;
  readonly #dependencies: ExecutionDependencies;
  readonly #stages: readonly RequestStage[];
  readonly #clock: Pick<Clock, 'monotonicMs'>;

  /** @param stages - What each routed request passes before its attempts, in order. */
  constructor(
    routes: RouteFinder,
    dependencies: ExecutionDependencies,
    stages: readonly RequestStage[],
    clock: Pick<Clock, 'monotonicMs'>,
  ) {
    this.#routes = routes;
    this.#clock = clock;
    this.#dependencies = dependencies;
    this.#stages = stages;
  }

  /** Never throws; what goes wrong is told to the reply. */
  dispatch(context: CallContext, reply: ReplySink): RunningCall {
    if (context.message.method === SET_LEVEL) return this.#setLevel(context, reply);
    const route = this.#routes.find(context);
    if (this.#isOfSeveral(context) && typeof route !== 'function' && !(route instanceof GatewayError)) {
      const listing = new TaskListing(this.#dependencies, context, reply);
      listing.start(route.upstreams);
      return listing;
    }
    const arrivedMs = context.arrivedMs ?? this.#clock.monotonicMs();
    const run: RunRouted = (...routed) => this.#run(context, reply, arrivedMs, ...routed);
    return typeof route === 'function' ? new AwaitedRoute(route, run) : run(route, undefined, undefined);
  }

  /** Whether tasks are listed that several servers, or replicas, may have. */
  #isOfSeveral(context: CallContext): boolean {
    if (!listsTasks(context)) return false;
    const server = serverOf(context.client.endpoint);
    return server === undefined || this.#dependencies.upstreams.membersOf(server).length > 1;
  }

  #run(
    context: CallContext,
    reply: ReplySink,
    arrivedMs: Millis,
    ...[route, state, cancelled]: Parameters<RunRouted>
  ): RunningCall {
    let attempts = 0;
    const once: RunRequest = (to, destination) => {
      const sent = destination?.kind === 'other' ? atOther(context, destination.isMirror) : context;
      const execution = new CallExecution(this.#dependencies, sent, to, attempts++ > 0);
      if (cancelled !== undefined) execution.cancel(cancelled.reason);
      const isElsewhere = destination !== undefined && !(route instanceof GatewayError);
      execution.start(isElsewhere ? this.#routes.to(destination, context, route) : route, state);
      return execution;
    };
    if (route instanceof GatewayError || cancelled !== undefined || this.#stages.length === 0)
      return once(reply);
    const isPinned = state !== undefined || route.task?.kind === 'about';
    const request = new DispatchedRequest(context, route, arrivedMs, isPinned);
    return composeRequest(this.#stages, request, once)(reply);
  }

  /**
   * The level goes to every server that is connected for this client, and to others once they are; the
   * session filters whatever comes.
   */
  #setLevel({ message, client }: CallContext, reply: ReplySink): RunningCall {
    const { upstreams, levels } = this.#dependencies;
    const server = serverOf(client.endpoint);
    const groups = server === undefined ? upstreams.names : [server];
    const names = groups.flatMap((group) => upstreams.membersOf(group));
    const level = stringMember(message.text, message.params, 'level');
    for (const name of names) {
      const connection = upstreams.openConnection(name, client);
      if (connection?.era !== 'legacy' || level === undefined || client.session === undefined) continue;
      levels.wantForSession(connection, client.session, level, () => {});
    }
    reply.settle({ kind: 'message', payload: resultText(message.id, '{}'), status: 200 });
    return NOTHING_RUNS;
  }
}

/**
 * A class, and no literal with an accessor: each of those gets a hidden class of its own, which lives, with
 * all of the request, until the next full collection.
 */
class DispatchedRequest implements RoutedRequest {
  readonly context: CallContext;
  readonly arrivedMs: Millis;
  readonly upstreams: readonly string[];
  readonly name: string | undefined;
  readonly hints: ToolHints | undefined;
  readonly isPinned: boolean;
  readonly isAtReplica: boolean;

  constructor(
    context: CallContext,
    { upstreams, name, hints, task }: Route,
    arrivedMs: Millis,
    isPinned: boolean,
  ) {
    this.context = context;
    this.arrivedMs = arrivedMs;
    this.upstreams = upstreams;
    this.name = name;
    this.hints = hints;
    this.isPinned = isPinned;
    this.isAtReplica = task?.kind === 'about';
  }

  /** Few stages ask. */
  get wantsProgress(): boolean {
    return memberOf(metaOf(this.context.message), 'progressToken') !== undefined;
  }
}

/**
 * What another server would ask a modern client comes back under a name that does not lead there, and to a
 * mirror nobody listens: neither is told of anybody to ask.
 */
function atOther(context: CallContext, isMirror: boolean): CallContext {
  const { client } = context;
  if (isMirror) return { ...context, client: { ...client, session: undefined, capabilities: '{}' } };
  return client.era === 'legacy' ? context : new ContextElsewhere(context);
}

/** The same request: what leaves for another server has left for it. */
class ContextElsewhere implements CallContext {
  readonly message: CallContext['message'];
  readonly client: CallContext['client'];
  readonly paramHeaders: CallContext['paramHeaders'];
  readonly forwardable: CallContext['forwardable'];
  readonly #context: CallContext;

  constructor(context: CallContext) {
    this.message = context.message;
    this.client = { ...context.client, capabilities: '{}' };
    this.paramHeaders = context.paramHeaders;
    this.forwardable = context.forwardable;
    this.#context = context;
  }

  get wasSent(): boolean {
    return this.#context.wasSent === true;
  }

  set wasSent(wasSent: boolean) {
    // guard: route/sent-elsewhere
    this.#context.wasSent = wasSent;
  }
}
