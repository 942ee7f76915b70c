import { GatewayError } from '@omni/ports';
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
import type { Catalogue, UpstreamAccess } from './collaborators.ts';
import { resourceLinksIn } from './resource-links.ts';
import { RelayCall, type RoutePlan } from './relay-call.ts';
import { IGNORED, levelCall, offersLogging } from './set-level.ts';

const NOTHING_RUNS: RunningCall = { cancel() {} };
const REF_LIMITS = { maxDepth: 64, maxElements: 10_000 };

/** Methods that Omni answers itself or that nobody may send; they are never carried on. */
const OWN_METHODS = /^(?:rpc\.|notifications\/|server\/discover$|initialize$|ping$|subscriptions\/|sampling\/|elicitation\/|roots\/)/;

export interface RequestRouterOptions {
  readonly catalogue: Catalogue;
  readonly upstreams: UpstreamAccess;
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

  constructor({ catalogue, upstreams, whenSettled = (listener) => listener() }: RequestRouterOptions) {
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
    const call = new RelayCall(request, plan, this.#upstreams, reply);
    call.start();
    return call;
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
        return plainPlan([client.scope ?? ''], stringMember(message.text, message.params, 'taskId'));
    }
  }

  #planTool({ message, client, paramHeaders }: GatewayRequest): RoutePlan | GatewayError {
    const member = memberOf(message.params, 'name');
    const name = stringMember(message.text, message.params, 'name');
    if (member === undefined || name === undefined) return wrongParameter('name');
    const target = this.#catalogue.resolve('tool', name, client.scope);
    if (target instanceof GatewayError) return target;
    if (client.era === 'modern') {
      const mismatch = target.checkHeaders(rawOf(message, memberOf(message.params, 'arguments')), paramHeaders);
      if (mismatch !== undefined) return mismatch;
    }
    const learns = client.scope === undefined && this.#upstreams.names.length > 1;
    return {
      upstreams: [target.upstream],
      edits: renamed(member, name, target.name),
      name: target.name,
      wrapsOutput: target.wrapsOutput,
      onResult: learns ? this.#learn : undefined,
    };
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

  /** The level goes to every server that is connected for this client; the session filters whatever comes. */
  #setLevel({ message, client }: GatewayRequest, reply: ReplySink): RunningCall {
    const names = client.scope === undefined ? this.#upstreams.names : [client.scope];
    const params = message.params === undefined ? '' : message.text.slice(message.params.start, message.params.end);
    for (const name of names) {
      const link = this.#upstreams.openLink(name, client);
      if (link?.era === 'legacy' && offersLogging(link.hello)) link.send(levelCall(params), IGNORED);
    }
    reply.answer({ kind: 'message', payload: resultText(message.id, '{}'), status: 200 });
    return NOTHING_RUNS;
  }

  readonly #learn = (upstream: string, result: string): void => {
    for (const uri of resourceLinksIn(result)) this.#catalogue.rememberUri(uri, upstream);
  };
}

function plainPlan(upstreams: readonly string[], name: string | undefined, edits: readonly TextEdit[] = []): RoutePlan {
  return { upstreams, edits, name, wrapsOutput: false, onResult: undefined };
}

function renamed(span: { readonly start: number; readonly end: number }, from: string, to: string): readonly TextEdit[] {
  return from === to ? [] : [{ start: span.start, end: span.end, text: JSON.stringify(to) }];
}

function wrongParameter(parameter: string): GatewayError {
  return new GatewayError('OMNI_PARAMS_INVALID', `"${parameter}" is missing or has the wrong type`);
}
