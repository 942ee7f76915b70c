import { GatewayError, type Clock } from '@omni/ports';
import {
  memberOf,
  rawOf,
  resultText,
  scanJson,
  stringMember,
  type GatewayRequest,
  type ReplySink,
  type RpcMessage,
  type RunningCall,
  type TextEdit,
} from '@omni/wire';
import { Bridge } from './bridge/bridge.ts';
import type { StateSeal } from './bridge/state-seal.ts';
import type { Catalogue, UpstreamAccess } from './collaborators.ts';
import { OwnTasksReply } from './own-tasks-reply.ts';
import { resourceLinksIn } from './resource-links.ts';
import { RelayCall } from './relay-call.ts';
import type { RoutePlan } from './route-plan.ts';
import { TaskOwners } from './task-owners.ts';

const NOTHING_RUNS: RunningCall = { cancel() {} };
const TASKS_EXTENSION = 'io.modelcontextprotocol/tasks';
const TASK_LIST = 'tasks/list';
const REF_LIMITS = { maxDepth: 64, maxElements: 10_000 };

/** Methods that Omni answers itself or that nobody may send; they are never carried on. */
const OWN_METHODS = /^(?:rpc\.|notifications\/|server\/discover$|initialize$|ping$|subscriptions\/|sampling\/|elicitation\/|roots\/)/;

export interface RequestRouterOptions {
  readonly catalogue: Catalogue;
  readonly upstreams: UpstreamAccess;
  readonly clock: Clock;
  /** Seals the `requestState` of calls that wait for their client. Default: with a random key, for this process only. */
  readonly seal?: StateSeal;
  /**
   * Calls back when the upstreams of a just started Omni have settled, at once later on: before that an unknown name may only be
   * one that is not known yet. Default: at once.
   */
  readonly whenSettled?: (listener: () => void) => void;
}

/** Picks the upstream that answers a request, and rewrites the request for it. */
export class RequestRouter {
  readonly #catalogue: Catalogue;
  readonly #upstreams: UpstreamAccess;
  readonly #whenSettled: (listener: () => void) => void;
  readonly #bridge: Bridge;
  readonly #tasks = new TaskOwners();

  constructor({ catalogue, upstreams, clock, seal, whenSettled = (listener) => listener() }: RequestRouterOptions) {
    this.#bridge = new Bridge(clock, seal);
    this.#catalogue = catalogue;
    this.#upstreams = upstreams;
    this.#whenSettled = whenSettled;
  }

  /** Never throws; what goes wrong is told to the reply. */
  route(request: GatewayRequest, reply: ReplySink): RunningCall {
    if (request.message.method === 'logging/setLevel') return this.#setLevel(request, reply);
    const plan = this.#plan(request);
    if (!(plan instanceof GatewayError)) return this.#start(request, plan, reply);
    if (plan.code === 'OMNI_NAME_UNKNOWN') return this.#routeLater(request, reply);
    reply.answer({ kind: 'error', error: plan });
    return NOTHING_RUNS;
  }

  /** Vendor methods go to the one server of an endpoint; the endpoint of all would have to guess. */
  carries(method: string, scope: string | undefined): boolean {
    return scope !== undefined && !OWN_METHODS.test(method);
  }

  #start(request: GatewayRequest, plan: RoutePlan, reply: ReplySink): RunningCall {
    const call = new RelayCall({ request, plan, access: this.#upstreams, bridge: this.#bridge, reply: this.#filtered(request, reply) });
    call.start();
    return call;
  }

  #filtered({ message, client: { principal, scope } }: GatewayRequest, reply: ReplySink): ReplySink {
    if (message.method !== TASK_LIST) return reply;
    return new OwnTasksReply(reply, (result) => this.#tasks.onlyOwn(scope ?? '', principal.id, result));
  }

  /** Clients that remember names call without listing first. */
  #routeLater(request: GatewayRequest, reply: ReplySink): RunningCall {
    let running = NOTHING_RUNS;
    let isCancelled = false;
    this.#whenSettled(() => {
      if (isCancelled) return;
      const plan = this.#plan(request);
      if (plan instanceof GatewayError) reply.answer({ kind: 'error', error: plan });
      else running = this.#start(request, plan, reply);
    });
    return {
      cancel(reason) {
        isCancelled = true;
        running.cancel(reason);
      },
    };
  }

  #plan(request: GatewayRequest): RoutePlan | GatewayError {
    const { message, client } = request;
    switch (message.method) {
      case 'tools/call':
        return this.#planTool(request);
      case 'prompts/get':
        return this.#planPrompt(message, client.scope);
      case 'resources/read':
        return this.#planResource(message, client.scope);
      case 'completion/complete':
        return this.#planCompletion(message, client.scope);
      default:
        return message.method.startsWith('tasks/') ? this.#planTask(request) : plainPlan([client.scope ?? ''], undefined);
    }
  }

  #planTool({ message, client, paramHeaders }: GatewayRequest): RoutePlan | GatewayError {
    const member = memberOf(message.params, 'name');
    const name = stringMember(message.text, message.params, 'name');
    if (member === undefined || name === undefined) return wrongParameter('name');
    const target = this.#catalogue.resolve('tool', name, client.scope);
    if (target instanceof GatewayError) return target;
    const args = rawOf(message, memberOf(message.params, 'arguments'));
    const mismatch = paramHeaders === undefined ? undefined : target.checkHeaders(args, paramHeaders);
    if (mismatch !== undefined) return mismatch;
    const learns = client.scope === undefined && this.#upstreams.names.length > 1;
    const mayStartTask = memberOf(message.params, 'task') !== undefined || client.capabilities.includes(TASKS_EXTENSION);
    return {
      upstreams: [target.upstream],
      edits: renamed(member, name, target.name),
      name: target.name,
      paramHeaders: paramHeaders ?? target.headersFor(args),
      wrapsOutput: target.wrapsOutput,
      onResult: mayStartTask ? this.#learnTask(client.principal.id, learns) : learns ? this.#learn : undefined,
    };
  }

  /** Methods of tasks that name none, as the list does, are answered with those of the principal only. */
  #planTask({ message, client }: GatewayRequest): RoutePlan | GatewayError {
    const upstream = client.scope ?? '';
    const id = stringMember(message.text, message.params, 'taskId');
    if (message.method === TASK_LIST || this.#tasks.isOwn(upstream, client.principal.id, id)) return plainPlan([upstream], id);
    return new GatewayError('OMNI_NAME_UNKNOWN', 'You have no task of this id', {
      hint: 'A task belongs to who has started it through this Omni.',
    });
  }

  #planPrompt(message: RpcMessage, scope: string | undefined): RoutePlan | GatewayError {
    const member = memberOf(message.params, 'name');
    const name = stringMember(message.text, message.params, 'name');
    if (member === undefined || name === undefined) return wrongParameter('name');
    const target = this.#catalogue.resolve('prompt', name, scope);
    if (target instanceof GatewayError) return target;
    return plainPlan([target.upstream], target.name, renamed(member, name, target.name));
  }

  #planResource(message: RpcMessage, scope: string | undefined): RoutePlan | GatewayError {
    const uri = stringMember(message.text, message.params, 'uri');
    if (uri === undefined) return wrongParameter('uri');
    const upstreams = this.#catalogue.resolveUri(uri, scope);
    return upstreams instanceof GatewayError ? upstreams : plainPlan(upstreams, uri);
  }

  #planCompletion(message: RpcMessage, scope: string | undefined): RoutePlan | GatewayError {
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
      const target = this.#catalogue.resolve('prompt', name, scope);
      if (target instanceof GatewayError) return target;
      const moved = { start: member.start + ref.start, end: member.end + ref.start };
      return plainPlan([target.upstream], undefined, renamed(moved, name, target.name));
    }
    const uri = type === 'ref/resource' ? stringMember(text, scan.object, 'uri') : undefined;
    if (uri === undefined) return wrongParameter('ref');
    const upstreams = this.#catalogue.resolveUri(uri, scope);
    return upstreams instanceof GatewayError ? upstreams : plainPlan(upstreams, undefined);
  }

  /** The level goes to every server that is connected for this client, and to others once they are; the session filters whatever comes. */
  #setLevel({ message, client }: GatewayRequest, reply: ReplySink): RunningCall {
    const names = client.scope === undefined ? this.#upstreams.names : [client.scope];
    const level = stringMember(message.text, message.params, 'level');
    for (const name of names) {
      const link = this.#upstreams.openLink(name, client);
      if (link?.era !== 'legacy' || level === undefined || client.session === undefined) continue;
      this.#bridge.levels.wantForSession(link, client.session, level, () => {});
    }
    reply.answer({ kind: 'message', payload: resultText(message.id, '{}'), status: 200 });
    return NOTHING_RUNS;
  }

  #learnTask(principal: string, learnsLinks: boolean): (upstream: string, result: string) => void {
    return (upstream, result) => {
      this.#tasks.learn(upstream, principal, result);
      if (learnsLinks) this.#learn(upstream, result);
    };
  }

  readonly #learn = (upstream: string, result: string): void => {
    for (const uri of resourceLinksIn(result)) this.#catalogue.rememberUri(uri, upstream);
  };
}

function plainPlan(upstreams: readonly string[], name: string | undefined, edits: readonly TextEdit[] = []): RoutePlan {
  return { upstreams, edits, name, paramHeaders: [], wrapsOutput: false, onResult: undefined };
}

function renamed(span: { readonly start: number; readonly end: number }, from: string, to: string): readonly TextEdit[] {
  return from === to ? [] : [{ start: span.start, end: span.end, text: JSON.stringify(to) }];
}

function wrongParameter(parameter: string): GatewayError {
  return new GatewayError('OMNI_PARAMS_INVALID', `"${parameter}" is missing or has the wrong type`);
}
