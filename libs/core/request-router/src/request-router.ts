import type { RpcMessage } from '@omni/jsonrpc';
import {
  type Answer,
  type CallContext,
  type CatalogueViews,
  type ClientContext,
  type DispatchRequest,
  type DispatchStage,
  type Endpoint,
  type ReplySink,
  type RequestStage,
  type RunningCall,
  serverOf,
} from '@omni/model';
import type { Clock } from '@omni/ports';
import { AwaitedReply } from './awaited-reply.ts';
import { Bridge } from './bridge/bridge.ts';
import { ElicitationLabels } from './call/elicitation-labels.ts';
import { LogLabels } from './call/log-labels.ts';
import type { UpstreamAccess } from './call/upstream-access.ts';
import { Dispatcher } from './dispatcher.ts';
import { ConnectionLogLevels } from './log-levels/connection-log-levels.ts';
import { isOfTasks, RouteFinder } from './route-finder.ts';
import { StateSeal } from './seal/state-seal.ts';
import { TaskIds } from './tasks/task-ids.ts';
import { TaskRelay } from './tasks/task-relay.ts';
import { TaskWatch, type TaskWatchOptions } from './tasks/task-watch.ts';

/** Methods that Omni answers itself or that nobody may send; they are never carried on. */
const OWN_METHODS =
  /^(?:rpc\.|notifications\/|server\/discover$|initialize$|ping$|subscriptions\/|sampling\/|elicitation\/|roots\/)/;

export interface RequestRouterOptions {
  readonly views: CatalogueViews;
  readonly upstreams: UpstreamAccess;
  readonly clock: Clock;
  /**
   * Seals the `requestState` of calls that wait for their client, and the ids of tasks. Default: with a
   * random key, for this process only.
   */
  readonly seal?: StateSeal;
  /**
   * Whether what a server asks the user begins with its name, on the endpoint of several servers. Default
   * `false`.
   */
  readonly labelsElicitations?: boolean;
  /**
   * Names, in lower case, of the headers of a client that this upstream is told with each of its requests.
   * Default: none; trace context goes on in any case.
   */
  readonly forwards?: (upstream: string) => readonly string[] | undefined;
  /**
   * Told the upstream of a call that was answered as if it did not have what it lists. Default: nobody is.
   */
  readonly onContradicted?: (upstream: string) => void;
  /**
   * Told the upstream of a call that found nobody: it may be another one when it is back. Default: nobody is.
   */
  readonly onUnreachable?: (upstream: string) => void;
  /** Whether calls of tools of this server may become tasks of Omni. Default: none may. */
  readonly makesTasks?: (server: string) => boolean;
  /** What each routed request passes before its attempts, in order. Default: nothing. */
  readonly stages?: readonly RequestStage[];
  /** What each request passes before its way is looked for, in order. Default: nothing. */
  readonly admission?: readonly DispatchStage[];
}

/** What a client wants to hear of its tasks. */
export type TasksToWatch = Omit<TaskWatchOptions, 'ids' | 'upstreams' | 'labels'>;

/** Picks the upstream that answers a request, and rewrites the request for it. */
export class RequestRouter {
  readonly #upstreams: UpstreamAccess;
  readonly #taskIds: TaskIds;
  readonly #tasks: TaskRelay;
  readonly #labels: ElicitationLabels;
  readonly #logLabels: LogLabels;
  readonly #makesTasks: (server: string) => boolean;
  readonly #dispatch: DispatchRequest;

  constructor(options: RequestRouterOptions) {
    const { views, upstreams, clock, seal = new StateSeal() } = options;
    const { labelsElicitations = false, forwards = () => undefined } = options;
    const { onContradicted = () => {}, onUnreachable = () => {} } = options;
    const { stages = [], admission = [], makesTasks = () => false } = options;
    this.#makesTasks = makesTasks;
    const levels = new ConnectionLogLevels(clock);
    const definitionOf = (upstream: string): string | undefined => upstreams.definitionOf(upstream);
    const bridge = new Bridge({ clock, seal, levels, definitionOf });
    this.#upstreams = upstreams;
    // With a single server no label is needed.
    const areSeveral = (): boolean => upstreams.names.length > 1;
    this.#labels = new ElicitationLabels(() => labelsElicitations && areSeveral());
    this.#logLabels = new LogLabels(areSeveral);
    this.#taskIds = new TaskIds(seal, definitionOf);
    this.#tasks = new TaskRelay(this.#taskIds);
    const dependencies = {
      upstreams,
      bridge,
      levels,
      tasks: this.#tasks,
      labels: this.#labels,
      logLabels: this.#logLabels,
      forwards,
      onContradicted,
      onUnreachable,
    };
    const routes = new RouteFinder({ views, upstreams, bridge, taskIds: this.#taskIds });
    const dispatcher = new Dispatcher(routes, dependencies, stages, clock);
    this.#dispatch = admission.reduceRight<DispatchRequest>(
      (next, stage) => stage(next),
      (context, reply) => dispatcher.dispatch(context, reply),
    );
  }

  /** Sends a request to the upstream that answers it. Never throws; what goes wrong is told to the reply. */
  dispatch(context: CallContext, reply: ReplySink): RunningCall {
    return this.#dispatch(context, reply);
  }

  /**
   * The same for callers that await the answer alone; it is never streamed, and nobody can be asked on its
   * way.
   *
   * @returns The answer, which may be an error. Rejects with the reason of the signal, once it is aborted.
   */
  async route(message: RpcMessage, client: ClientContext, signal: AbortSignal): Promise<Answer> {
    signal.throwIfAborted();
    const context: CallContext = { message, client, paramHeaders: undefined };
    const reply = new AwaitedReply(signal);
    reply.awaits(this.dispatch(context, reply));
    const answer = await reply.answer;
    const { tellFailure } = context;
    return answer.kind === 'error' && tellFailure !== undefined ? tellFailure(answer) : answer;
  }

  /**
   * Vendor methods go to the one server of an endpoint; the endpoint of all would have to guess. The id of a
   * task names its server, and a list of tasks is asked of each that has one.
   */
  carries(method: string, endpoint: Endpoint): boolean {
    return (
      /* guard: route/vendor-scope */ (endpoint.kind !== 'all' || isOfTasks(method)) &&
      /* guard: route/own-methods */ !OWN_METHODS.test(method)
    );
  }

  /** Whether calls of tools that an endpoint shows may become tasks of Omni. */
  makesTasks(endpoint: Endpoint): boolean {
    const server = serverOf(endpoint);
    return server === undefined
      ? this.#upstreams.names.some((name) => this.#makesTasks(name))
      : this.#makesTasks(server);
  }

  /**
   * Puts what a server says or asks outside of any call into the terms of a client that it is meant for.
   *
   * @param tell - Not called for what is about a task that is not the client's.
   */
  toClient(
    upstream: string,
    message: RpcMessage,
    client: ClientContext,
    tell: (message: RpcMessage) => void,
  ): void {
    const shownAs = this.#upstreams.groupOf(upstream);
    this.#tasks.incoming(upstream, client.principal.id, message, (translated) =>
      tell(this.#logLabels.inMessage(this.#labels.inRequest(translated, shownAs, client), shownAs, client)),
    );
  }

  /** Listens to tasks for a `subscriptions/listen` of a client. @returns What ends it. */
  watchTasks(options: TasksToWatch): () => void {
    const watch = new TaskWatch({
      ...options,
      ids: this.#taskIds,
      upstreams: this.#upstreams,
      labels: this.#labels,
    });
    watch.open();
    return () => watch.close();
  }
}
