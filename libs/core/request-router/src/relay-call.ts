import { GatewayError } from '@omni/ports';
import {
  applyEdits,
  memberOf,
  metaOf,
  rawOf,
  stringMember,
  withId,
  type AnswerServerRequest,
  type CallListener,
  type GatewayRequest,
  type ReplySink,
  type RpcMessage,
  type RunningCall,
  type TextEdit,
  type UpstreamAnswer,
  type UpstreamCall,
  type UpstreamLink,
} from '@omni/wire';
import { errorCode, statusOfAnswer, toLegacyAnswer, toModernAnswer } from './bridge/bridge-answer.ts';
import { toLegacyParams, toModernParams } from './bridge/bridge-params.ts';
import type { UpstreamAccess } from './collaborators.ts';

const META_LOG_LEVEL = 'io.modelcontextprotocol/logLevel';
const LEVELS: readonly string[] = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency'];

/** Errors by which a server says that it does not have the resource: the code in force, the one before, and no resources at all. */
const NOT_HERE = new Set(['-32602', '-32002', '-32601']);

/** Where a request goes and what changes on the way. */
export interface RoutePlan {
  /** Upstreams to ask; the next one is asked when one does not know the resource. */
  readonly upstreams: readonly string[];
  readonly edits: readonly TextEdit[];
  /** Value of `Mcp-Name` for the upstream. */
  readonly name: string | undefined;
  readonly wrapsOutput: boolean;
  /** Told the text of each result, to learn which resources it mentions. */
  readonly onResult: ((upstream: string, result: string) => void) | undefined;
}

/** One request on its way to an upstream and back. */
export class RelayCall implements CallListener, RunningCall {
  readonly #request: GatewayRequest;
  readonly #plan: RoutePlan;
  readonly #access: UpstreamAccess;
  readonly #reply: ReplySink;
  #attempt = 0;
  #link: UpstreamLink | undefined;
  #running: RunningCall | undefined;
  #isOver = false;

  constructor(request: GatewayRequest, plan: RoutePlan, access: UpstreamAccess, reply: ReplySink) {
    this.#request = request;
    this.#plan = plan;
    this.#access = access;
    this.#reply = reply;
  }

  start(): void {
    const attempt = this.#attempt;
    this.#access.linkFor(this.#plan.upstreams[attempt] ?? '', this.#request.client, (link) => {
      if (this.#isOver) return;
      if (link instanceof GatewayError) return this.#isLastAttempt() ? this.onFailure(link) : this.#startNext();
      this.#link = link;
      const running = link.send(this.#callFor(link), this);
      // The link may have answered at once; then there is nothing left to cancel, or it is the next one's call that runs.
      if (!this.#isOver && this.#attempt === attempt) this.#running = running;
    });
  }

  cancel(reason?: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#running?.cancel(reason);
  }

  onNotification(message: RpcMessage): boolean {
    if (this.#isOver) return true;
    if (message.method === 'notifications/message' && !this.#wantsLog(message)) return true;
    return this.#reply.notification(message);
  }

  onDrain(listener: () => void): void {
    this.#reply.onDrain(listener);
  }

  onServerRequest(message: RpcMessage, answer: AnswerServerRequest): void {
    const upstream = this.#link?.upstream ?? '';
    if (this.#request.client.era === 'legacy' && !this.#isOver) this.#reply.serverRequest(upstream, message, answer);
    else answer(new GatewayError('OMNI_METHOD_UNKNOWN', 'The client of this request cannot be asked in this way'));
  }

  onAnswer(answer: UpstreamAnswer): void {
    if (this.#isOver) return;
    if (answer.kind === 'message' && this.#tryNext(answer.message)) return;
    this.#isOver = true;
    if (answer.kind === 'bytes') {
      if (this.#isSameEra()) {
        this.#plan.onResult?.(this.#upstream(), new TextDecoder().decode(answer.bytes));
        this.#reply.answer({ kind: 'message', payload: answer.bytes, status: answer.status });
        return;
      }
      this.#reply.answer({ kind: 'error', error: new GatewayError('OMNI_INTERNAL', 'An answer that needs translation arrived unread') });
      return;
    }
    const { message } = answer;
    if (message.result !== undefined) this.#plan.onResult?.(this.#upstream(), rawOf(message, message.result) ?? '');
    this.#reply.answer({ kind: 'message', payload: this.#translate(message), status: this.#isSameEra() && answer.status !== 200 ? answer.status : statusOfAnswer(message) });
  }

  onFailure(error: GatewayError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#reply.answer({ kind: 'error', error });
  }

  #upstream(): string {
    return this.#link?.upstream ?? '';
  }

  #isSameEra(): boolean {
    return this.#link?.era === this.#request.client.era;
  }

  #translate(message: RpcMessage): string {
    const { id, method } = this.#request.message;
    const link = this.#link;
    if (link === undefined || this.#isSameEra()) return withId(message, id);
    if (link.era === 'modern') return toLegacyAnswer(message, id, link.upstream, this.#plan.wrapsOutput);
    return toModernAnswer(message, id, method, rawOf(link.hello, memberOf(link.hello.result?.object, 'serverInfo')));
  }

  /** Several servers may have the resource: a "not found" of one is no answer yet. */
  #tryNext(message: RpcMessage): boolean {
    if (this.#isLastAttempt() || !NOT_HERE.has(errorCode(message) ?? '')) return false;
    this.#startNext();
    return true;
  }

  #startNext(): void {
    this.#attempt++;
    this.start();
  }

  #isLastAttempt(): boolean {
    return this.#attempt + 1 >= this.#plan.upstreams.length;
  }

  #callFor(link: UpstreamLink): UpstreamCall {
    const { message, paramHeaders, client } = this.#request;
    const { edits, name } = this.#plan;
    const common = { method: message.method, name, paramHeaders, clientId: message.id, mayPassBytes: link.era === client.era && this.#isLastAttempt() };
    const params = message.params;
    if (link.era === client.era) {
      const token = memberOf(metaOf(message), 'progressToken');
      return { ...common, text: message.text, paramsStart: params?.start ?? 0, paramsEnd: params?.end ?? 0, edits, progressToken: token };
    }
    const own = params === undefined ? '' : editedParams(message, params, edits);
    const bridged = link.era === 'modern' ? toModernParams(own, client.clientInfo, '{}') : toLegacyParams(own);
    return { ...common, text: bridged.text, paramsStart: 0, paramsEnd: bridged.text.length, edits: [], progressToken: bridged.progressToken };
  }

  /** A modern client hears only what its request asked for (MCP 2026-07-28, basic, `logLevel`). */
  #wantsLog(message: RpcMessage): boolean {
    if (this.#request.client.era === 'legacy' || this.#isSameEra()) return true;
    const wanted = stringMember(this.#request.message.text, metaOf(this.#request.message), META_LOG_LEVEL);
    const minimum = LEVELS.indexOf(wanted ?? '');
    return minimum >= 0 && LEVELS.indexOf(stringMember(message.text, message.params, 'level') ?? '') >= minimum;
  }
}

function editedParams(message: RpcMessage, params: { readonly start: number; readonly end: number }, edits: readonly TextEdit[]): string {
  return applyEdits(message.text, edits, params.start, params.end);
}
