import {
  type JsonSpan,
  memberOf,
  objectIn,
  rawOf,
  type RpcMessage,
  stringMember,
  type TextEdit,
} from '@omni/jsonrpc';
import {
  type CallContext,
  type CatalogueView,
  type CatalogueViews,
  type ClientContext,
  type Destination,
  endpointOf,
  type Target,
} from '@omni/model';
import { GatewayError } from '@omni/ports';
import type { Bridge } from './bridge/bridge.ts';
import { isMultiRound } from './call/multi-round.ts';
import { NOWHERE, type Route } from './call/route.ts';
import type { UpstreamAccess } from './call/upstream-access.ts';
import type { BroughtState } from './execution/call-execution.ts';
import type { TaskIds } from './tasks/task-ids.ts';
import { declaresTasks, undeclaredTasks, unknownTask } from './tasks/task-relay.ts';

const TASKS = 'tasks/';
const TASK_LIST = 'tasks/list';

/** Where a request goes, and what the state leads to that it brings back. */
export type OnRoute = (route: Route | GatewayError, state?: BroughtState) => void;

/**
 * A route that is known after a while: a name that no server has told yet, a sealed state or task that has to
 * be opened.
 *
 * @returns For a request that has ended meanwhile: nothing is waited for any more, and what its state leads
 * to is told at once.
 */
export type Later = (onRoute: OnRoute) => () => void;

const NOTHING_WAITS = (): void => {};

export interface RouteFinderOptions {
  readonly views: CatalogueViews;
  readonly upstreams: Pick<UpstreamAccess, 'names' | 'refusalOf' | 'groupOf'>;
  readonly bridge: Bridge;
  readonly taskIds: TaskIds;
}

/** Asks the view of a client where its request goes. */
export class RouteFinder {
  readonly #options: RouteFinderOptions;

  constructor(options: RouteFinderOptions) {
    this.#options = options;
  }

  find(context: CallContext): Route | GatewayError | Later {
    if (isAboutTask(context.message.method)) return this.#byTask(context);
    if (bringsState(context)) return (onRoute) => this.#openState(context, onRoute);
    const route = this.#inView(context);
    // Clients that remember names call without listing first.
    return isUnknown(route) ? (onRoute) => this.#whenKnown(context, onRoute) : route;
  }

  /**
   * The route of a request that goes elsewhere.
   *
   * @param route - Where its name leads.
   */
  to(destination: Destination, context: CallContext, route: Route): Route | GatewayError {
    if (destination.kind === 'replicas') return { ...route, upstreams: destination.upstreams };
    const { server, upstream, name, isMirror } = destination;
    const view = this.#options.views.of({ ...context.client, endpoint: endpointOf(server) });
    const other = this.#ofOther(context, view, name ?? route.completes);
    if (other instanceof GatewayError) return other;
    // A server that is alone at its endpoint is asked for anything there.
    const uri = uriIn(context.message);
    // guard: route/offers-uri
    if (uri !== undefined && !isMirror && view.offersUri?.(uri) === false)
      return new GatewayError('OMNI_NAME_UNKNOWN', `"${server}" does not offer the resource`);
    // Its client could not ask for it: on the endpoint of one server only tasks of that one are known.
    const isLost = other.task !== undefined && (isMirror || context.client.endpoint.kind === 'server');
    // guard: route/lost-task
    if (isLost) return new GatewayError('OMNI_NAME_UNKNOWN', `A task cannot begin at "${server}"`);
    return { ...other, upstreams: [upstream], ...(isMirror && { learner: undefined }) };
  }

  /** @param name - As the server of the view calls it. */
  #ofOther(context: CallContext, view: CatalogueView, name: string | undefined): Route | GatewayError {
    switch (context.message.method) {
      case 'tools/call':
        return this.#ofTool({ ...context, paramHeaders: undefined }, view, name);
      case 'prompts/get':
        return this.#ofPrompt(context.message, view, name);
      case 'resources/read':
        return ofResource(context.message, view);
      default:
        return this.#ofCompletion(context.message, view, name);
    }
  }

  /** @param state - Told along with the route. */
  #whenKnown(context: CallContext, onRoute: OnRoute, state?: BroughtState): () => void {
    const tell = (): void => {
      let route: Route | GatewayError;
      try {
        route = this.#inView(context);
      } catch (error) {
        route = GatewayError.from(error);
      }
      onRoute(route, state);
    };
    const withdraw = this.#options.views.whenKnown(context.client, 'call', tell);
    if (state === undefined) return withdraw;
    return () => {
      withdraw();
      tell();
    };
  }

  /**
   * The state leads to a call that waits, or to none; either way the view that is current then has to permit
   * it.
   */
  #openState(context: CallContext, onRoute: OnRoute): () => void {
    let mayWait = true;
    let withdraw = NOTHING_WAITS;
    this.#options.bridge.parks
      .open(context)
      .then((state) => {
        const route = this.#inView(context);
        if (mayWait && isUnknown(route)) withdraw = this.#whenKnown(context, onRoute, state);
        else onRoute(route, state);
      })
      .catch((error: unknown) => onRoute(GatewayError.from(error)));
    return () => {
      mayWait = false;
      withdraw();
    };
  }

  /** The id of the task tells where the request goes; the endpoint has to show that server. */
  #byTask({ message, client }: CallContext): GatewayError | Later {
    if (client.era === 'modern' && !declaresTasks(client)) return undeclaredTasks(message.method);
    const member = memberOf(message.params, 'taskId');
    const sealed = stringMember(message.text, message.params, 'taskId');
    if (member === undefined || sealed === undefined) return unknownTask();
    return (onRoute) => {
      this.#options.taskIds.open(sealed, client, (task) => {
        // guard: task/endpoint
        if (task === undefined || !this.#isShown(task.upstream, client)) return onRoute(unknownTask());
        const { upstream, id } = task;
        onRoute({
          ...NOWHERE,
          upstreams: [upstream],
          edits: [{ start: member.start, end: member.end, text: JSON.stringify(id) }],
          name: id,
          task: { kind: 'about', id, sealed, method: message.method },
        });
      });
      return NOTHING_WAITS;
    };
  }

  #isShown(upstream: string, { endpoint }: ClientContext): boolean {
    return endpoint.kind === 'all' || endpoint.server === this.#options.upstreams.groupOf(upstream);
  }

  #inView(context: CallContext): Route | GatewayError {
    const { message, client } = context;
    switch (message.method) {
      case 'tools/call':
        return this.#ofTool(context, this.#options.views.of(client));
      case 'prompts/get':
        return this.#ofPrompt(message, this.#options.views.of(client));
      case 'resources/read':
        return ofResource(message, this.#options.views.of(client));
      case 'completion/complete':
        return this.#ofCompletion(message, this.#options.views.of(client));
      default: {
        const task = message.method === TASK_LIST ? ({ kind: 'list' } as const) : undefined;
        const upstreams = this.#options.views.of(client).routeMethod(message.method);
        return upstreams instanceof GatewayError ? upstreams : { ...NOWHERE, upstreams, task };
      }
    }
  }

  /** @param wanted - In place of the name in the message. */
  #ofTool(
    { message, client, paramHeaders }: CallContext,
    view: CatalogueView,
    wanted?: string,
  ): Route | GatewayError {
    const member = memberOf(message.params, 'name');
    const name = stringMember(message.text, message.params, 'name');
    if (member === undefined || name === undefined) return wrongParameter('name');
    const target = this.#target(view, 'tool', wanted ?? name);
    if (target instanceof GatewayError) return target;
    const args = rawOf(message, memberOf(message.params, 'arguments'));
    const mismatch = paramHeaders === undefined ? undefined : target.checkHeaders(args, paramHeaders);
    // guard: route/mirrored
    if (mismatch !== undefined) return mismatch;
    const learns = client.endpoint.kind === 'all' && this.#options.upstreams.names.length > 1;
    const mayStartTask =
      client.era === 'legacy' ? memberOf(message.params, 'task') !== undefined : declaresTasks(client);
    return {
      upstreams: [target.upstream],
      edits: renamed(member, name, target.name),
      name: target.name,
      paramHeaders: paramHeaders ?? target.headersFor(args),
      wrapsOutput: target.wrapsOutput,
      hints: target.hints,
      task: mayStartTask ? { kind: 'starting' } : undefined,
      learner: learns ? view : undefined,
    };
  }

  #ofPrompt(message: RpcMessage, view: CatalogueView, wanted?: string): Route | GatewayError {
    const member = memberOf(message.params, 'name');
    const name = stringMember(message.text, message.params, 'name');
    if (member === undefined || name === undefined) return wrongParameter('name');
    const target = this.#target(view, 'prompt', wanted ?? name);
    if (target instanceof GatewayError) return target;
    const edits = renamed(member, name, target.name);
    return { ...NOWHERE, upstreams: [target.upstream], name: target.name, edits };
  }

  #ofCompletion(message: RpcMessage, view: CatalogueView, wanted?: string): Route | GatewayError {
    const ref = memberOf(message.params, 'ref');
    if (ref === undefined) return wrongParameter('ref');
    const text = message.text.slice(ref.start, ref.end);
    const object = objectIn(text);
    if (object === undefined) return wrongParameter('ref');
    const type = stringMember(text, object, 'type');
    if (type === 'ref/prompt') {
      const member = memberOf(object, 'name');
      const name = stringMember(text, object, 'name');
      if (member === undefined || name === undefined) return wrongParameter('ref.name');
      const target = this.#target(view, 'prompt', wanted ?? name);
      if (target instanceof GatewayError) return target;
      const moved = { start: member.start + ref.start, end: member.end + ref.start };
      return {
        ...NOWHERE,
        upstreams: [target.upstream],
        edits: renamed(moved, name, target.name),
        completes: target.name,
      };
    }
    const uri = type === 'ref/resource' ? stringMember(text, object, 'uri') : undefined;
    if (uri === undefined) return wrongParameter('ref');
    const upstreams = view.routeUri(uri);
    return upstreams instanceof GatewayError ? upstreams : { ...NOWHERE, upstreams };
  }

  /** Of a server that takes no calls, and whose names are not known, the refusal is told. */
  #target(view: CatalogueView, kind: 'tool' | 'prompt', name: string): Target | GatewayError {
    const target = view.route(kind, name);
    if (!isUnknown(target)) return target;
    const { upstreams } = this.#options;
    const refusals = (view.unreadOwners?.(kind, name) ?? []).map((owner) => upstreams.refusalOf?.(owner));
    // While one of them may still offer the name, it is waited for.
    return /* guard: route/unread-owners */ refusals.includes(undefined) ? target : (refusals[0] ?? target);
  }
}

function ofResource(message: RpcMessage, view: CatalogueView): Route | GatewayError {
  const uri = stringMember(message.text, message.params, 'uri');
  if (uri === undefined) return wrongParameter('uri');
  const upstreams = view.routeUri(uri);
  return upstreams instanceof GatewayError ? upstreams : { ...NOWHERE, upstreams, name: uri };
}

/** The resource that is read, or the template that a completion is for. */
function uriIn({ method, text, params }: RpcMessage): string | undefined {
  if (method === 'resources/read') return stringMember(text, params, 'uri');
  const ref = method === 'completion/complete' ? memberOf(params, 'ref') : undefined;
  const own = ref && text.slice(ref.start, ref.end);
  return own && stringMember(own, objectIn(own), 'uri');
}

/** Whether tasks are listed. */
export function listsTasks({ message }: CallContext): boolean {
  return message.method === TASK_LIST;
}

/** Whether a method is about tasks. */
export function isOfTasks(method: string): boolean {
  return method.startsWith(TASKS);
}

/** Whether a method is about one task, which it names. */
function isAboutTask(method: string): boolean {
  return isOfTasks(method) && method !== TASK_LIST;
}

/** Whether a request of a modern client brings a state back. */
function bringsState({ message, client }: CallContext): boolean {
  return (
    client.era === 'modern' &&
    isMultiRound(message.method) &&
    memberOf(message.params, 'requestState') !== undefined
  );
}

function isUnknown(route: Route | Target | GatewayError): route is GatewayError {
  return route instanceof GatewayError && route.code === 'OMNI_NAME_UNKNOWN';
}

function renamed(span: JsonSpan, from: string, to: string): readonly TextEdit[] {
  return from === to ? [] : [{ start: span.start, end: span.end, text: JSON.stringify(to) }];
}

function wrongParameter(parameter: string): GatewayError {
  return new GatewayError('OMNI_PARAMS_INVALID', `"${parameter}" is missing or has the wrong type`);
}
