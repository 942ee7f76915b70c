import { type Clock, GatewayError, type Millis } from '@omni/ports';
import { memberOf, metaOf, resultText, stringMember } from '@omni/jsonrpc';
import {
  type CallContext,
  composeRequest,
  NOTHING_RUNS,
  type ReplySink,
  type RequestStage,
  type RunningCall,
  type RunRequest,
  serverOf,
} from '@omni/model';
import { AwaitedRoute, type RunRouted } from './execution/awaited-route.ts';
import { CallExecution } from './execution/call-execution.ts';
import type { ExecutionDependencies } from './execution/execution-dependencies.ts';
import { isListOfAll, type RouteFinder } from './route-finder.ts';
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
    if (isListOfAll(context) && typeof route !== 'function' && !(route instanceof GatewayError)) {
      const listing = new TaskListing(this.#dependencies, context, reply);
      listing.start(route.upstreams);
      return listing;
    }
    const arrivedMs = this.#stages.length === 0 ? 0 : (context.arrivedMs ?? this.#clock.monotonicMs());
    const run: RunRouted = (...routed) => this.#run(context, reply, arrivedMs, ...routed);
    return typeof route === 'function' ? new AwaitedRoute(route, run) : run(route, undefined, undefined);
  }

  #run(
    context: CallContext,
    reply: ReplySink,
    arrivedMs: Millis,
    ...[route, state, cancelled]: Parameters<RunRouted>
  ): RunningCall {
    let attempts = 0;
    const once: RunRequest = (to) => {
      const execution = new CallExecution(this.#dependencies, context, to, attempts++ > 0);
      if (cancelled !== undefined) execution.cancel(cancelled.reason);
      execution.start(route, state);
      return execution;
    };
    if (route instanceof GatewayError || cancelled !== undefined || this.#stages.length === 0)
      return once(reply);
    const { upstreams, name, hints, task } = route;
    const isPinned = state !== undefined || task?.kind === 'about';
    const request = {
      context,
      arrivedMs,
      upstreams,
      name,
      hints,
      isPinned,
      // Few stages ask.
      get wantsProgress() {
        return memberOf(metaOf(context.message), 'progressToken') !== undefined;
      },
    };
    return composeRequest(this.#stages, request, once)(reply);
  }

  /**
   * The level goes to every server that is connected for this client, and to others once they are; the
   * session filters whatever comes.
   */
  #setLevel({ message, client }: CallContext, reply: ReplySink): RunningCall {
    const { upstreams, levels } = this.#dependencies;
    const server = serverOf(client.endpoint);
    const names = server === undefined ? upstreams.names : [server];
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
