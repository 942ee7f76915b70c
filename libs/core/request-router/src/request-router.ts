import {
  type JsonMember,
  memberOf,
  rawOf,
  resultText,
  type RpcMessage,
  scanJson,
  stringMember,
  type TextEdit,
} from '@omni/jsonrpc';
import {
  type CallContext,
  type CatalogueViews,
  type ClientContext,
  type Endpoint,
  NOTHING_RUNS,
  type ReplySink,
  type RunningCall,
  serverOf,
} from '@omni/model';
import { type Clock, GatewayError } from '@omni/ports';
import { ElicitationLabels } from './elicitation-labels.ts';
import { Bridge } from './bridge/bridge.ts';
import { isReturning, type ReturnedState } from './bridge/returning-call.ts';
import { StateSeal } from './bridge/state-seal.ts';
import type { UpstreamAccess } from './collaborators.ts';
import { DeferredCall } from './execution/deferred-call.ts';
import { RelayCall } from './execution/relay-call.ts';
import type { RoutePlan } from './execution/route-plan.ts';
import { TaskIds, type UpstreamTask } from './tasks/task-ids.ts';
import { declaresTasks, TaskRelay, undeclaredTasks, unknownTask, type TaskRole } from './tasks/task-relay.ts';
import { TaskWatch, type TaskWatchOptions } from './tasks/task-watch.ts';

const TASKS = 'tasks/';
const TASK_LIST = 'tasks/list';
const REF_LIMITS = { maxDepth: 64, maxElements: 10_000 };

/** Methods that Omni answers itself or that nobody may send; they are never carried on. */
const OWN_METHODS =
  /^(?:rpc\.|notifications\/|server\/discover$|initialize$|ping$|subscriptions\/|sampling\/|elicitation\/|roots\/)/;

export interface RequestRouterOptions {
  readonly views: CatalogueViews;
  readonly upstreams: UpstreamAccess;
  readonly clock: Clock;
  /** Seals the `requestState` of calls that wait for their client, and the ids of tasks. Default: with a random key, for this process only. */
  readonly seal?: StateSeal;
  /** Whether what a server asks the user begins with its name, on the endpoint of several servers. Default `false`. */
  readonly labelsElicitations?: boolean;
  /**
   * Names, in lower case, of the headers of a client that this upstream is told with each of its requests. Default: none; trace context
   * goes on in any case.
   */
  readonly forwards?: (upstream: string) => readonly string[] | undefined;
}

/** What a client wants to hear of its tasks. */
export type TasksToWatch = Omit<TaskWatchOptions, 'ids' | 'access' | 'labels'>;

/** Picks the upstream that answers a request, and rewrites the request for it. */
export class RequestRouter {
  readonly #views: CatalogueViews;
  readonly #upstreams: UpstreamAccess;
  readonly #bridge: Bridge;
  readonly #taskIds: TaskIds;
  readonly #tasks: TaskRelay;
  readonly #labels: ElicitationLabels;
  readonly #forwards: (upstream: string) => readonly string[] | undefined;

  constructor(options: RequestRouterOptions) {
    const {
      views,
      upstreams,
      clock,
      seal = new StateSeal(),
      labelsElicitations = false,
      forwards = () => undefined,
    } = options;
    // Of one server alone everything is.
    this.#labels = new ElicitationLabels(labelsElicitations && upstreams.names.length > 1);
    this.#taskIds = new TaskIds(seal);
    this.#tasks = new TaskRelay(this.#taskIds);
    this.#bridge = new Bridge({ clock, seal, labels: this.#labels });
    this.#views = views;
    this.#upstreams = upstreams;
    this.#forwards = forwards;
  }

  /** Never throws; what goes wrong is told to the reply. */
  route(request: CallContext, reply: ReplySink): RunningCall {
    if (request.message.method === 'logging/setLevel') return this.#setLevel(request, reply);
    if (isAboutTask(request.message.method)) return this.#routeTask(request, reply);
    if (!isReturning(request)) return this.#routeByPlan(request, reply);
    return this.#bridge.resume({
      leg: { request, reply },
      otherwise: (state) => this.#routeByPlan(request, reply, state),
    });
  }

  /**
   * Vendor methods go to the one server of an endpoint; the endpoint of all would have to guess. The id of a task names its server, but
   * a list of tasks names none.
   */
  carries(method: string, endpoint: Endpoint): boolean {
    return (
      /* guard: route/vendor-scope */ (endpoint.kind !== 'all' || isAboutTask(method)) &&
      /* guard: route/own-methods */ !OWN_METHODS.test(method)
    );
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
    this.#tasks.incoming(upstream, client.principal.id, message, (translated) =>
      tell(this.#labels.inRequest(translated, upstream, client)),
    );
  }

  /** Listens to tasks for a `subscriptions/listen` of a client. @returns What ends it. */
  watchTasks(options: TasksToWatch): () => void {
    const watch = new TaskWatch({
      ...options,
      ids: this.#taskIds,
      access: this.#upstreams,
      labels: this.#labels,
    });
    watch.open();
    return () => watch.close();
  }

  /** @param state - What the state leads to that the request has brought back, if it has. */
  #routeByPlan(request: CallContext, reply: ReplySink, state?: ReturnedState): RunningCall {
    const plan = this.#plan(request);
    if (!(plan instanceof GatewayError)) return this.#start(request, plan, reply, state);
    if (plan.code === 'OMNI_NAME_UNKNOWN') return this.#routeLater(request, reply, state);
    reply.settle({ kind: 'error', error: plan });
    return NOTHING_RUNS;
  }

  #start(request: CallContext, plan: RoutePlan, reply: ReplySink, state?: ReturnedState): RunningCall {
    const call = new RelayCall({
      request,
      plan,
      access: this.#upstreams,
      bridge: this.#bridge,
      tasks: this.#tasks,
      labels: this.#labels,
      forwards: this.#forwards,
      reply,
      state,
    });
    call.start();
    return call;
  }

  /** Clients that remember names call without listing first. */
  #routeLater(request: CallContext, reply: ReplySink, state: ReturnedState | undefined): RunningCall {
    const deferred = new DeferredCall();
    this.#views.whenKnown(request.client, 'call', () => {
      deferred.begin(() => {
        const plan = this.#plan(request);
        if (!(plan instanceof GatewayError)) return this.#start(request, plan, reply, state);
        reply.settle({ kind: 'error', error: plan });
        return undefined;
      });
    });
    return deferred;
  }

  /** The id of the task tells where the request goes. */
  #routeTask(request: CallContext, reply: ReplySink): RunningCall {
    const { message, client } = request;
    if (client.era === 'modern' && !declaresTasks(client)) {
      reply.settle({ kind: 'error', error: undeclaredTasks(message.method) });
      return NOTHING_RUNS;
    }
    const deferred = new DeferredCall();
    const member = memberOf(message.params, 'taskId');
    const sealed = stringMember(message.text, message.params, 'taskId') ?? '';
    this.#taskIds.open(sealed, client, (task) => {
      deferred.begin(() => {
        if (
          member !== undefined &&
          task !== undefined &&
          (serverOf(client.endpoint) ?? task.upstream) === task.upstream
        )
          return this.#start(request, taskPlan(message.method, member, sealed, task), reply);
        reply.settle({ kind: 'error', error: unknownTask() });
        return undefined;
      });
    });
    return deferred;
  }

  #plan(request: CallContext): RoutePlan | GatewayError {
    const { message, client } = request;
    switch (message.method) {
      case 'tools/call':
        return this.#planTool(request);
      case 'prompts/get':
        return this.#planPrompt(message, client);
      case 'resources/read':
        return this.#planResource(message, client);
      case 'completion/complete':
        return this.#planCompletion(message, client);
      default: {
        const upstreams = this.#views.of(client).routeMethod(message.method);
        if (upstreams instanceof GatewayError) return upstreams;
        const task = message.method === TASK_LIST ? ({ kind: 'list' } as const) : undefined;
        return plainPlan(upstreams, undefined, [], task);
      }
    }
  }

  #planTool({ message, client, paramHeaders }: CallContext): RoutePlan | GatewayError {
    const member = memberOf(message.params, 'name');
    const name = stringMember(message.text, message.params, 'name');
    if (member === undefined || name === undefined) return wrongParameter('name');
    const view = this.#views.of(client);
    const target = view.route('tool', name);
    if (target instanceof GatewayError) return target;
    const args = rawOf(message, memberOf(message.params, 'arguments'));
    const mismatch = paramHeaders === undefined ? undefined : target.checkHeaders(args, paramHeaders);
    // guard: route/mirrored
    if (mismatch !== undefined) return mismatch;
    const learns = client.endpoint.kind === 'all' && this.#upstreams.names.length > 1;
    const mayStartTask =
      client.era === 'legacy' ? memberOf(message.params, 'task') !== undefined : declaresTasks(client);
    return {
      upstreams: [target.upstream],
      edits: renamed(member, name, target.name),
      name: target.name,
      paramHeaders: paramHeaders ?? target.headersFor(args),
      wrapsOutput: target.wrapsOutput,
      task: mayStartTask ? { kind: 'starting' } : undefined,
      onResourceLinks: learns
        ? (upstream, uris) => uris.forEach((uri) => view.rememberUri(uri, upstream))
        : undefined,
    };
  }

  #planPrompt(message: RpcMessage, client: ClientContext): RoutePlan | GatewayError {
    const member = memberOf(message.params, 'name');
    const name = stringMember(message.text, message.params, 'name');
    if (member === undefined || name === undefined) return wrongParameter('name');
    const target = this.#views.of(client).route('prompt', name);
    if (target instanceof GatewayError) return target;
    return plainPlan([target.upstream], target.name, renamed(member, name, target.name));
  }

  #planResource(message: RpcMessage, client: ClientContext): RoutePlan | GatewayError {
    const uri = stringMember(message.text, message.params, 'uri');
    if (uri === undefined) return wrongParameter('uri');
    const upstreams = this.#views.of(client).routeUri(uri);
    return upstreams instanceof GatewayError ? upstreams : plainPlan(upstreams, uri);
  }

  #planCompletion(message: RpcMessage, client: ClientContext): RoutePlan | GatewayError {
    const ref = memberOf(message.params, 'ref');
    if (ref === undefined) return wrongParameter('ref');
    const text = message.text.slice(ref.start, ref.end);
    const scan = scanJson(text, REF_LIMITS);
    if (scan.kind !== 'object') return wrongParameter('ref');
    const type = stringMember(text, scan.object, 'type');
    if (type === 'ref/prompt') {
      const member = memberOf(scan.object, 'name');
      const name = stringMember(text, scan.object, 'name');
      if (member === undefined || name === undefined) return wrongParameter('ref.name');
      const target = this.#views.of(client).route('prompt', name);
      if (target instanceof GatewayError) return target;
      const moved = { start: member.start + ref.start, end: member.end + ref.start };
      return plainPlan([target.upstream], undefined, renamed(moved, name, target.name));
    }
    const uri = type === 'ref/resource' ? stringMember(text, scan.object, 'uri') : undefined;
    if (uri === undefined) return wrongParameter('ref');
    const upstreams = this.#views.of(client).routeUri(uri);
    return upstreams instanceof GatewayError ? upstreams : plainPlan(upstreams, undefined);
  }

  /** The level goes to every server that is connected for this client, and to others once they are; the session filters whatever comes. */
  #setLevel({ message, client }: CallContext, reply: ReplySink): RunningCall {
    const server = serverOf(client.endpoint);
    const names = server === undefined ? this.#upstreams.names : [server];
    const level = stringMember(message.text, message.params, 'level');
    for (const name of names) {
      const connection = this.#upstreams.openConnection(name, client);
      if (connection?.era !== 'legacy' || level === undefined || client.session === undefined) continue;
      this.#bridge.levels.wantForSession(connection, client.session, level, () => {});
    }
    reply.settle({ kind: 'message', payload: resultText(message.id, '{}'), status: 200 });
    return NOTHING_RUNS;
  }
}

function plainPlan(
  upstreams: readonly string[],
  name: string | undefined,
  edits: readonly TextEdit[] = [],
  task: TaskRole | undefined = undefined,
): RoutePlan {
  return { upstreams, edits, name, paramHeaders: [], wrapsOutput: false, task, onResourceLinks: undefined };
}

function taskPlan(
  method: string,
  { start, end }: JsonMember,
  sealed: string,
  { upstream, id }: UpstreamTask,
): RoutePlan {
  return plainPlan([upstream], id, [{ start, end, text: JSON.stringify(id) }], {
    kind: 'about',
    id,
    sealed,
    method,
  });
}

/** Whether a method is about one task, which it names. */
function isAboutTask(method: string): boolean {
  return method.startsWith(TASKS) && method !== TASK_LIST;
}

function renamed(
  span: { readonly start: number; readonly end: number },
  from: string,
  to: string,
): readonly TextEdit[] {
  return from === to ? [] : [{ start: span.start, end: span.end, text: JSON.stringify(to) }];
}

function wrongParameter(parameter: string): GatewayError {
  return new GatewayError('OMNI_PARAMS_INVALID', `"${parameter}" is missing or has the wrong type`);
}
